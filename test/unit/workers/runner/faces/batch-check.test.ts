import { describe, expect, it } from 'vitest';
import { keepsPicturesApart } from '../../../../../electron/workers/runner/faces/batch-check.ts';
import type { Tensor } from '../../../../../electron/workers/runner/sessions.ts';
import { createFakeGraph, floatTensor, refusedInput } from '../../../../fakes/runner-graphs.ts';

const dims = [3, 4, 4];
/** Two rows of two numbers for a picture. */
const rowsOf = ({ data, dims: [count = 0] }: Tensor) =>
  Array.from({ length: count }, (_, at) => [0, 1, 2, 3].map((index) => Number(data[at * 48 + index])));

const check = (answer: (feed: Tensor) => Record<string, Tensor>) =>
  keepsPicturesApart(createFakeGraph({ answer }), 'x', dims);

describe('keepsPicturesApart', () => {
  it('is true for a graph that does', async () => {
    expect(
      await check((feed) => ({ y: floatTensor([rowsOf(feed).length, 2, 2], rowsOf(feed).flat()) })),
    ).toBe(true);
  });

  it('allows the differences of other kernels, and no more', async () => {
    const noisy = (by: number) => (feed: Tensor) => {
      const rows = rowsOf(feed);
      return {
        y: floatTensor(
          [rows.length, 2, 2],
          rows.flat().map((value) => value + (rows.length > 1 ? by : 0)),
        ),
      };
    };
    expect(await check(noisy(0.0005))).toBe(true);
    expect(await check(noisy(0.01))).toBe(false);
    expect(await check(noisy(Number.NaN))).toBe(false);
  });

  it.each([
    [
      'gives all of them in one row',
      (feed: Tensor) => ({ y: floatTensor([1, rowsOf(feed).length * 4], rowsOf(feed).flat()) }),
    ],
    [
      'has no batch dimension',
      (feed: Tensor) => ({ y: floatTensor([rowsOf(feed).length * 2, 2], rowsOf(feed).flat()) }),
    ],
    [
      'mixes their rows, as exports of SCRFD do',
      (feed: Tensor) => {
        const rows = rowsOf(feed);
        const mixed = [0, 2].flatMap((at) => rows.flatMap((row) => row.slice(at, at + 2)));
        return { y: floatTensor([rows.length, 2, 2], mixed) };
      },
    ],
    [
      'answers for the first one alone',
      (feed: Tensor) => ({ y: floatTensor([1, 2, 2], rowsOf(feed)[0] ?? []) }),
    ],
    [
      'gives them in another order',
      (feed: Tensor) => ({ y: floatTensor([rowsOf(feed).length, 2, 2], rowsOf(feed).reverse().flat()) }),
    ],
    [
      'is wrong in one output of two',
      (feed: Tensor) => ({
        y: floatTensor([rowsOf(feed).length, 2, 2], rowsOf(feed).flat()),
        z: floatTensor([1, 1], [rowsOf(feed).length]),
      }),
    ],
    [
      'refuses them',
      (feed: Tensor) => {
        if (rowsOf(feed).length > 1) throw refusedInput();
        return { y: floatTensor([1, 2, 2], rowsOf(feed).flat()) };
      },
    ],
  ])('is false for a graph that %s', async (_, answer) => {
    expect(await check(answer)).toBe(false);
  });

  it('fails where a picture alone does', async () => {
    await expect(
      check(() => {
        throw refusedInput();
      }),
    ).rejects.toMatchObject({ code: 'RUNNER_BAD_GRAPH' });
  });
});
