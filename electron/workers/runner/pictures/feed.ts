/**
 * Pictures as the input of a graph. Their bytes cross to the process that runs it, and become numbers there: a quarter
 * of what the numbers would be.
 */
import { type Normalisation, writePlanes } from '../faces/planes.ts';
import type { Tensor } from '../sessions.ts';
import type { Picture } from './picture.ts';

export interface PictureFeed {
  type: 'pictures';
  /** Of the input: [pictures, 3, height, width]. */
  dims: readonly [count: number, channels: 3, height: number, width: number];
  /** Each no larger than the input; it lies at the top left. */
  data: readonly Picture[];
  normalisation: Normalisation;
}

/** @param room where the numbers are written if it is large enough; they are valid until it is used again */
export function tensorOf({ dims, data, normalisation }: PictureFeed, room?: Float32Array): Tensor {
  const [count, channels, height, width] = dims;
  const each = channels * height * width;
  const size = count * each;
  const numbers = room !== undefined && room.length >= size ? room.subarray(0, size) : new Float32Array(size);
  // What no picture covers must not keep what was there before.
  if (room !== undefined && !data.every((one) => one.width === width && one.height === height))
    numbers.fill(0);
  for (const [at, picture] of data.entries()) {
    writePlanes(picture, numbers, at * each, { width, height }, normalisation);
  }
  return { type: 'float32', dims, data: numbers };
}
