/** Pictures become the input of a graph. Pure. */
import { writePlanes } from '../faces/planes.ts';
import type { PictureFeed, Tensor } from '../sessions.ts';

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
