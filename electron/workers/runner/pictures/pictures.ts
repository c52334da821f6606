/** Decodes, resizes and encodes pictures with sharp, which works in threads of its own. */
import type sharpFunction from 'sharp';
import type { Metadata, Sharp } from 'sharp';
import { isPilotlightError, PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import { createSlots } from '../../../core/runtime/slots.ts';
import { formatOf } from './format.ts';
import type { Picture, PictureLimits } from './picture.ts';

export interface Region {
  left: number;
  top: number;
  width: number;
  height: number;
}

export type Kernel = 'linear' | 'cubic' | 'lanczos3' | 'nearest';

export interface Pictures {
  /**
   * The first frame, turned as its EXIF orientation says, without its transparency. Colour profiles are ignored, as the
   * programs do with which the models were trained.
   * @throws PICTURE_EMPTY, PICTURE_UNKNOWN, PICTURE_NOT_SUPPORTED, PICTURE_TOO_LARGE (by the header, before anything is
   * decoded), PICTURE_DAMAGED, PICTURES_NOT_READABLE; the signal's reason
   */
  decode(bytes: Uint8Array, signal: AbortSignal): Promise<Picture>;
  resize(
    picture: Picture,
    size: { width: number; height: number; kernel: Kernel },
    signal: AbortSignal,
  ): Promise<Picture>;
  /** A part of the picture, inside it, as JPEG. */
  cutJpeg(picture: Picture, region: Region, signal: AbortSignal): Promise<Buffer>;
}

export interface PicturesOptions {
  limits: PictureLimits;
  /** Pictures that are decoded at once. */
  atOnce: number;
  /** Loads sharp, on the first picture: it takes memory that a runner of texts never needs. */
  load?: () => Promise<typeof sharpFunction>;
}

const QUALITY = 90;

const loadSharp = async () => (await import('sharp')).default;

export function createPictures({ limits, atOnce, load = loadSharp }: PicturesOptions): Pictures {
  const slots = createSlots(atOnce);
  let loading: Promise<typeof sharpFunction> | null = null;

  function sharp(): Promise<typeof sharpFunction> {
    loading ??= load().then(
      (made) => {
        // Each picture is seen once, and several are worked on side by side.
        made.cache(false);
        made.concurrency(1);
        return made;
      },
      (cause: unknown) => {
        loading = null;
        throw new PilotlightError('PICTURES_NOT_READABLE', { cause });
      },
    );
    return loading;
  }

  async function raw(made: Sharp): Promise<Picture> {
    const { data, info } = await made.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`It has ${info.channels} channels.`);
    return { width: info.width, height: info.height, rgb: data };
  }

  async function decodeNow(bytes: Uint8Array): Promise<Picture> {
    const make = await sharp();
    // The limit is applied below, where the error can say the size.
    const header = await make(bytes, { pages: 1, limitInputPixels: false }).metadata();
    const { width, height } = header;
    if (width * height > limits.pixels) {
      throw new PilotlightError('PICTURE_TOO_LARGE', {
        message: fact('PICTURE_HAS_PIXELS', { width, height, limit: limits.pixels }),
      });
    }
    const input = make(bytes, {
      pages: 1,
      limitInputPixels: limits.pixels,
      failOn: 'truncated',
      // Colours of print have no meaning without their profile.
      ignoreIcc: header.space !== 'cmyk',
    });
    const limited = input.timeout({ seconds: limits.seconds });
    // Most photographs: each step costs time even where it changes nothing.
    if (isPlain(header)) return raw(limited);
    return raw(limited.autoOrient().removeAlpha().toColourspace('srgb'));
  }

  const open = async ({ rgb, width, height }: Picture) =>
    (await sharp())(rgb, { raw: { width, height, channels: 3 } });

  return {
    async decode(bytes, signal) {
      signal.throwIfAborted();
      check(bytes, limits);
      const picture = await slots.run(async () => {
        try {
          return await decodeNow(bytes);
        } catch (error) {
          throw isPilotlightError(error) ? error : damage(error, limits);
        }
      }, signal);
      signal.throwIfAborted();
      return picture;
    },
    resize: (picture, { width, height, kernel }, signal) =>
      slots.run(
        async () => raw((await open(picture)).resize(width, height, { fit: 'fill', kernel })),
        signal,
      ),
    cutJpeg: (picture, region, signal) =>
      slots.run(
        async () => (await open(picture)).extract(region).jpeg({ quality: QUALITY }).toBuffer(),
        signal,
      ),
  };
}

/** Whether the pixels are upright 8-bit RGB as they are. */
const isPlain = ({ space, channels, depth, orientation = 1 }: Metadata): boolean =>
  space === 'srgb' && channels === 3 && depth === 'uchar' && orientation === 1;

/** By the first bytes alone: libvips is never asked about what nobody wants decoded. */
function check(bytes: Uint8Array, limits: PictureLimits): void {
  if (bytes.byteLength === 0) throw new PilotlightError('PICTURE_EMPTY');
  if (bytes.byteLength > limits.bytes) {
    throw new PilotlightError('PICTURE_TOO_LARGE', {
      message: fact('PICTURE_HAS_BYTES', { bytes: bytes.byteLength, limit: limits.bytes }),
    });
  }
  const format = formatOf(bytes);
  if (format === null) throw new PilotlightError('PICTURE_UNKNOWN');
  if ('foreign' in format) {
    throw new PilotlightError('PICTURE_NOT_SUPPORTED', {
      message: fact('PICTURE_HAS_FORMAT', { format: format.foreign }),
    });
  }
}

function damage(cause: unknown, { seconds }: PictureLimits): PilotlightError {
  const text = cause instanceof Error ? cause.message : String(cause);
  if (/^timeout/.test(text)) {
    return new PilotlightError('PICTURE_TOO_LARGE', {
      message: fact('PICTURE_TAKES_TOO_LONG', { seconds }),
      cause,
    });
  }
  return new PilotlightError('PICTURE_DAMAGED', { cause });
}
