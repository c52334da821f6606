/** A decoded picture, upright. */
export interface Picture {
  width: number;
  height: number;
  /** Red, green, blue, 8 bits each, row by row without padding. */
  rgb: Uint8Array;
}

/** What may be decoded. */
export interface PictureLimits {
  /** Of the file. */
  bytes: number;
  /** Width × height, read from the header. */
  pixels: number;
  /** Longest time for one picture. */
  seconds: number;
}

export const defaultPictureLimits: PictureLimits = { bytes: 30_000_000, pixels: 50_000_000, seconds: 20 };
