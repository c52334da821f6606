/** Pictures: what the camera wrote into them, their size, a thumbnail, what a model sees in them, and the faces. */
import type * as z from 'zod';
import { isPilotlightError } from '../../../../shared/contract/errors.ts';
import { FACE_BOXES_FIELD, FACES_FIELD } from '../../../../shared/models/picture-faces.ts';
import { pictureText } from '../../../../shared/text/picture-text.ts';
import { readExif } from '../../pictures/exif.ts';
import { formatOf } from '../../runner/pictures/format.ts';
import { createPictures } from '../../runner/pictures/pictures.ts';
import { describePictures } from './descriptions.ts';
import { facesComponent, facesDoorOf, findFaces } from './faces.ts';
import type { Handler } from './handler.ts';
import { fileOf, type MediaTools, usualTools } from './media.ts';
import { readWhole } from './text-output.ts';

export const pictureLimits = { bytes: 100_000_000, pixels: 100_000_000, seconds: 60 };
/** Of the longer side of a thumbnail, pixels. */
const THUMBNAIL = 320;
/** The same of what a model gets to see; a runner finds faces in no more either. */
const SEEN = 1024;
/** It is in the folder of Pilotlight, and not in a copied file. */
const NO_DECODER =
  'Only a worker in the folder of Pilotlight can decode pictures; this one makes no thumbnails and has none described.';
const PIXEL = 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7';

type Pictures = Pick<ReturnType<typeof createPictures>, 'decode' | 'resize' | 'cutJpeg'>;
type Decoded = Awaited<ReturnType<Pictures['decode']>>;

/** Of a JPEG, as base64; null without a decoder of pictures. */
export type Thumbnails = (picture: Uint8Array, signal: AbortSignal) => Promise<string | null>;

/** Without a decoder, there is no thumbnail, and everything else is as usual. */
async function decode(pictures: Pictures, bytes: Uint8Array, signal: AbortSignal): Promise<Decoded | null> {
  try {
    return await pictures.decode(bytes, signal);
  } catch (error) {
    if (isPilotlightError(error) && error.code === 'PICTURES_NOT_READABLE') return null;
    throw error;
  }
}

function sizeWithin({ width, height }: { width: number; height: number }, longest: number) {
  const scale = Math.min(1, longest / Math.max(width, height));
  const scaled = (side: number) => Math.max(1, Math.round(side * scale));
  return { width: scaled(width), height: scaled(height) };
}

/** @param longest of the longer side, pixels; a smaller picture is not made larger */
async function jpegOf(
  pictures: Pictures,
  picture: Decoded,
  longest: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const { width, height } = sizeWithin(picture, longest);
  const small = await pictures.resize(picture, { width, height, kernel: 'lanczos3' }, signal);
  return pictures.cutJpeg(small, { left: 0, top: 0, width, height }, signal);
}

export const thumbnailMaker =
  (pictures: Pictures): Thumbnails =>
  async (bytes, signal) => {
    const picture = await decode(pictures, bytes, signal);
    return picture === null ? null : (await jpegOf(pictures, picture, THUMBNAIL, signal)).toString('base64');
  };

export function createImageHandler(
  pictures: Pictures = createPictures({ limits: pictureLimits, atOnce: 1 }),
  tools: MediaTools = usualTools(),
): Handler {
  return {
    contentTypes: ['image'],
    components: [
      {
        name: 'pictures',
        async test(signal) {
          const found = await decode(pictures, Buffer.from(PIXEL, 'base64'), signal);
          return found === null ? { unused: NO_DECODER } : undefined;
        },
        fix: 'Run "npm ci --ignore-scripts" in the folder of Pilotlight.',
      },
      facesComponent(tools),
    ],
    async handle(input, context) {
      const { signal, progress, means, log } = context;
      const file = await fileOf(input, context);
      const bytes = await readWhole(file.path, pictureLimits.bytes);
      const exif = readExif(bytes);
      progress(0.2);
      const picture = await decode(pictures, bytes, signal);
      progress(0.4);
      const thumbnails =
        picture === null ? [] : [(await jpegOf(pictures, picture, THUMBNAIL, signal)).toString('base64')];
      progress(0.5);
      const smaller = picture === null ? null : await jpegOf(pictures, picture, SEEN, signal);
      const seen =
        smaller === null
          ? null
          : await describePictures([smaller], {
              ...{ means: means.vision, tools, signal, log },
              progress: (share) => progress(0.5 + 0.4 * share),
            });
      const door = facesDoorOf(means.faces);
      // A runner decodes by itself, if this worker cannot; then the size that the places refer to is not known here.
      const sent = {
        bytes: smaller ?? bytes,
        size: picture === null ? null : sizeWithin(picture, SEEN),
      };
      const faces = door === null ? null : await findFaces(sent, { door, tools, signal, log });
      const missing = [
        ...(picture === null ? ['thumbnail'] : []),
        ...(seen === null ? ['description'] : []),
        ...(door !== null && faces === null ? [FACES_FIELD] : []),
      ];
      const format = formatOf(bytes);
      const text = pictureText({
        ...{ ...exif, name: file.name, seen: seen?.[0] ?? null },
        faces: faces?.count ?? null,
      });
      return {
        content: text,
        metadata: {
          title: exif.description ?? file.name,
          format: format === null ? 'unknown' : 'read' in format ? format.read : format.foreign,
          sizeBytes: bytes.length,
          ...(picture === null ? {} : { width: picture.width, height: picture.height }),
          exif: exif as Record<string, z.infer<ReturnType<typeof z.json>>>,
          ...(faces === null ? {} : { [FACES_FIELD]: faces.count }),
          ...(faces === null || faces.boxes === null
            ? {}
            : { [FACE_BOXES_FIELD]: faces.boxes.map((face) => ({ ...face })) }),
          missing,
        },
        thumbnails,
      };
    },
  };
}
