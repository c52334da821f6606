import { expect, it } from 'vitest';
import {
  createSharedInputs,
  type Tensors,
} from '../../../../../electron/workers/runner/inference/shared-inputs.ts';

const shared = (): Tensors => {
  const data = new Float32Array(new SharedArrayBuffer(8));
  data.set([1, 2]);
  return { x: { type: 'float32', dims: [2], data } };
};
const isShared = ({ x }: Tensors) => x?.data.buffer instanceof SharedArrayBuffer;
const sum = async ({ x }: Tensors) =>
  [...((x?.data ?? []) as Float32Array)].reduce((all, one) => all + one, 0);

it('gives shared memory to runs that take it', async () => {
  const withInputs = createSharedInputs();
  const seen: boolean[] = [];
  for (let run = 0; run < 3; run += 1)
    expect(
      await withInputs(shared(), (feeds) => {
        seen.push(isShared(feeds));
        return sum(feeds);
      }),
    ).toBe(3);
  expect(seen).toEqual([true, true, true]);
});

it('gives a copy where shared memory is refused, and asks once', async () => {
  const withInputs = createSharedInputs();
  const seen: boolean[] = [];
  for (let run = 0; run < 3; run += 1)
    expect(
      await withInputs(shared(), (feeds) => {
        seen.push(isShared(feeds));
        return isShared(feeds) ? Promise.reject(new Error('Invalid argument')) : sum(feeds);
      }),
    ).toBe(3);
  expect(seen).toEqual([true, false, false, false]);
});

it('passes on the error of a run, and learns nothing from it', async () => {
  const withInputs = createSharedInputs();
  const fail = () => Promise.reject(new Error('out of memory'));
  await expect(withInputs(shared(), fail)).rejects.toThrow('out of memory');
  const seen: boolean[] = [];
  await withInputs(shared(), (feeds) => {
    seen.push(isShared(feeds));
    return sum(feeds);
  });
  expect(seen).toEqual([true]);
});

it('leaves memory alone that is not shared', async () => {
  const feeds: Tensors = { x: { type: 'float32', dims: [1], data: Float32Array.of(4) } };
  const seen: unknown[] = [];
  await createSharedInputs()(feeds, async (given) => void seen.push(given));
  expect(seen).toEqual([feeds]);
  expect(seen[0]).toBe(feeds);
});
