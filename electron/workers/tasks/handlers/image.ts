/** Pictures: what the camera wrote into them, their size, and a thumbnail. */
import type * as z from 'zod';
import { isPilotlightError, PilotlightError } from '../../../../shared/contract/errors.ts';
import { pictureText } from '../../../../shared/text/picture-text.ts';
import { readExif } from '../../pictures/exif.ts';
import { formatOf } from '../../runner/pictures/format.ts';
import { createPictures } from '../../runner/pictures/pictures.ts';
import type { Handler, HandlerComponent } from './handler.ts';
import { readWhole } from './text-output.ts';

const limits = { bytes: 100_000_000, pixels: 100_000_000, seconds: 60 };
/** Of the longer side of a thumbnail, pixels. */
const THUMBNAIL = 320;
const PIXEL = 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7';

type Pictures = Pick<ReturnType<typeof createPictures>, 'decode' | 'resize' | 'cutJpeg'>;

export function createImageHandler(
  pictures: Pictures = createPictures({ limits, atOnce: 1 }),
): Handler & { components: readonly HandlerComponent[] } {
  /** Without a decoder, there is no thumbnail, and everything else is as usual. */
  async function decode(bytes: Uint8Array, signal: AbortSignal) {
    try {
      return await pictures.decode(bytes, signal);
    } catch (error) {
      if (isPilotlightError(error) && error.code === 'PICTURES_NOT_READABLE') return null;
      throw error;
    }
  }

  async function thumbnailOf(
    picture: { width: number; height: number; rgb: Uint8Array },
    signal: AbortSignal,
  ) {
    const scale = Math.min(1, THUMBNAIL / Math.max(picture.width, picture.height));
    const width = Math.max(1, Math.round(picture.width * scale));
    const height = Math.max(1, Math.round(picture.height * scale));
    const small = await pictures.resize(picture, { width, height, kernel: 'lanczos3' }, signal);
    const jpeg = await pictures.cutJpeg(small, { left: 0, top: 0, width, height }, signal);
    return jpeg.toString('base64');
  }

  return {
    contentTypes: ['image'],
    components: [
      {
        name: 'pictures',
        test: async (signal) => void (await pictures.decode(Buffer.from(PIXEL, 'base64'), signal)),
        fix: 'Run the worker from the folder of Pilotlight: a copied file has no decoder of pictures, and makes no thumbnails.',
      },
    ],
    async handle(input, { signal, progress }) {
      if (input.kind === 'url') throw new PilotlightError('HANDLER_MISSING');
      const bytes = await readWhole(input.path, limits.bytes);
      const exif = readExif(bytes);
      progress(0.2);
      const picture = await decode(bytes, signal);
      progress(0.7);
      const thumbnails = picture === null ? [] : [await thumbnailOf(picture, signal)];
      const format = formatOf(bytes);
      return {
        content: pictureText({ ...exif, name: input.name }),
        metadata: {
          title: exif.description ?? input.name,
          format: format === null ? 'unknown' : 'read' in format ? format.read : format.foreign,
          sizeBytes: bytes.length,
          ...(picture === null ? {} : { width: picture.width, height: picture.height }),
          exif: exif as Record<string, z.infer<ReturnType<typeof z.json>>>,
          missing: picture === null ? ['thumbnail'] : [],
        },
        thumbnails,
      };
    },
  };
}
