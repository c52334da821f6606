/** A decoded picture, upright. */
export interface Picture {
  width: number;
  height: number;
  /** Red, green, blue, 8 bits each, row by row without padding. */
  rgb: Uint8Array;
}

/**
 * Gives its memory back: it lies outside the heap, and would have all garbage collected every few pictures. Nothing may use
 * the picture any more.
 */
export function releasePicture({ rgb: { buffer, byteLength } }: Picture): void {
  const isWhole = byteLength > 0 && byteLength === buffer.byteLength;
  if (isWhole && buffer instanceof ArrayBuffer) buffer.transfer(0);
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
