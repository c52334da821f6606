/** Vectors of pictures with CLIP's visual half. */
import * as z from 'zod';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import { noise } from '../faces/batch-check.ts';
import { floats, shapeText } from '../faces/graph-shapes.ts';
import type { Normalisation } from '../faces/planes.ts';
import type { Picture } from '../pictures/picture.ts';
import type { Pictures } from '../pictures/pictures.ts';
import type { Feeds, OpenedGraph, PictureFeed, Tensor } from '../sessions.ts';

const three = z.tuple([z.number(), z.number(), z.number()]);
const kernels = { bicubic: 'cubic', bilinear: 'linear', lanczos: 'lanczos3', nearest: 'nearest' } as const;

/** `preprocess_cfg.json` of OpenCLIP. */
export const preprocessCfgSchema = z.object({
  size: z.union([
    z.number().int().positive(),
    z.tuple([z.number().int().positive(), z.number().int().positive()]),
  ]),
  mean: three,
  std: three.refine((values) => values.every((value) => value > 0), 'must be above 0'),
  interpolation: z.enum(['bicubic', 'bilinear', 'lanczos', 'nearest']).catch('bicubic'),
});
export type PreprocessCfg = z.infer<typeof preprocessCfgSchema>;

export interface ClipVisual {
  embed(picture: Picture, signal: AbortSignal): Promise<Float32Array>;
  close(): Promise<void>;
}

const sideOf = ({ size }: PreprocessCfg) => (typeof size === 'number' ? size : size[0]);

/** Inputs with which providers are compared. */
export function visualTrial({ inputs }: Pick<OpenedGraph, 'inputs'>, cfg: PreprocessCfg): Feeds {
  const side = sideOf(cfg);
  const data = noise(3 * side * side, 7);
  return { [inputs[0]?.name ?? 'image']: { type: 'float32', dims: [1, 3, side, side], data } };
}

export function createClipVisual(
  graph: OpenedGraph,
  cfg: PreprocessCfg,
  pictures: Pick<Pictures, 'resize'>,
): ClipVisual {
  const [input] = graph.inputs;
  const side = sideOf(cfg);
  const normalisation: Normalisation = { order: 'rgb', scale: 1 / 255, mean: cfg.mean, deviation: cfg.std };
  const kernel = kernels[cfg.interpolation];

  return {
    async embed(picture, signal) {
      const size = shorterSideTo(picture, side);
      const resized = await pictures.resize(picture, { ...size, kernel }, signal);
      const feed: PictureFeed = {
        type: 'pictures',
        dims: [1, 3, side, side],
        data: [cutMiddle(resized, side)],
        normalisation,
      };
      return firstVector(await graph.run({ [input?.name ?? 'image']: feed }, { signal }));
    },
    close: () => graph.close(),
  };
}

/** The shorter side gets this length, the other one keeps the shape, rounded down. */
export function shorterSideTo({ width, height }: Pick<Picture, 'width' | 'height'>, side: number) {
  return width < height
    ? { width: side, height: Math.max(side, Math.floor((height / width) * side)) }
    : { width: Math.max(side, Math.floor((width / height) * side)), height: side };
}

/** A square out of the middle. The picture is at least as large. */
export function cutMiddle({ width, height, rgb }: Picture, side: number): Picture {
  const left = Math.floor(width / 2 - side / 2);
  const top = Math.floor(height / 2 - side / 2);
  const out = new Uint8Array(side * side * 3);
  for (let row = 0; row < side; row += 1) {
    const from = ((top + row) * width + left) * 3;
    out.set(rgb.subarray(from, from + side * 3), row * side * 3);
  }
  return { width: side, height: side, rgb: out };
}

/** The first row of the first output, as it is: Immich does not normalise it either. @throws FACES_WRONG_ANSWER */
export function firstVector(answer: Readonly<Record<string, Tensor>>): Float32Array {
  const [name, tensor] = Object.entries(answer)[0] ?? [];
  const values = tensor === undefined ? null : floats(tensor);
  if (tensor === undefined || values === null || tensor.dims[0] !== 1) {
    throw new PilotlightError('FACES_WRONG_ANSWER', {
      message: fact('GRAPH_NO_VECTOR', { shape: tensor === undefined ? '[]' : shapeText(tensor) }),
    });
  }
  if (!values.every(Number.isFinite)) {
    throw new PilotlightError('FACES_WRONG_ANSWER', {
      message: fact('GRAPH_BAD_VALUES', { name: name ?? '' }),
    });
  }
  return values;
}
