/** One vector of a picture, as CLIP's visual half makes it. */
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import { floats, shapeText } from '../faces/graph-shapes.ts';
import type { PictureFeed, RunnableGraph, Tensor } from '../sessions.ts';
import { type Picture, releasePicture } from './picture.ts';
import type { Pictures } from './pictures.ts';
import type { PictureVector, VectorPlan } from './task.ts';

export interface VectorOptions {
  pictures: Pick<Pictures, 'decode' | 'resize'>;
  graph: Pick<RunnableGraph, 'run'>;
  plan: VectorPlan;
  signal: AbortSignal;
}

/** @throws FACES_WRONG_ANSWER, and what decoding and running throw */
export async function vectorOf(
  bytes: Uint8Array,
  { pictures, graph, plan, signal }: VectorOptions,
): Promise<PictureVector> {
  const { input, side, kernel, normalisation } = plan;
  const picture = await pictures.decode(bytes, signal);
  const resized = await pictures.resize(picture, { ...shorterSideTo(picture, side), kernel }, signal);
  const feed: PictureFeed = {
    type: 'pictures',
    dims: [1, 3, side, side],
    data: [cutMiddle(resized, side)],
    normalisation,
  };
  for (const one of [picture, resized]) releasePicture(one);
  const vector = firstVector(await graph.run({ [input]: feed }, { signal }));
  return { vector, width: picture.width, height: picture.height };
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
