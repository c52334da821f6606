import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  assembleDotKernel,
  BLOCK_ROWS,
  createPlainScorer,
  createScorer,
  strideOf,
} from '../../../../electron/workers/index/dot-kernel.ts';
import { createBest, createMatrix } from '../../../../electron/workers/index/matrix.ts';
import { signed, unsigned } from '../../../../electron/workers/wasm-assembler.ts';

/** Repeatable numbers in [-1, 1). */
function createNoise(seed: number) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  };
}

function unit(values: Float32Array): Float32Array {
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? values : values.map((value) => value / length);
}

describe('the assembler', () => {
  test('LEB128', () => {
    expect([unsigned(0), unsigned(127), unsigned(128), unsigned(624485)]).toEqual([
      [0],
      [127],
      [128, 1],
      [0xe5, 0x8e, 0x26],
    ]);
    expect([signed(0), signed(63), signed(64), signed(-1), signed(-123456)]).toEqual([
      [0],
      [63],
      [192, 0],
      [0x7f],
      [0xc0, 0xbb, 0x78],
    ]);
  });

  test('the kernel is valid WebAssembly, and small', () => {
    const bytes = assembleDotKernel();
    expect(WebAssembly.validate(bytes)).toBe(true);
    expect(bytes.length).toBeLessThan(300);
  });
});

describe('scores', () => {
  test.each([1, 16, 100, 384, 1024, 4096])(
    'WebAssembly and JavaScript agree to the bit, %i dimensions',
    (dimensions) => {
      const noise = createNoise(dimensions);
      const stride = strideOf(dimensions);
      const scorers = [createScorer(stride), createPlainScorer(stride)] as const;
      expect(scorers.map((scorer) => scorer.kind)).toEqual(['wasm', 'javascript']);
      const query = new Int16Array(stride).map((_, i) => (i < dimensions ? Math.round(noise() * 2047) : 0));
      const rows = 37;
      for (const scorer of scorers) scorer.reserve(2);
      for (let row = 0; row < rows; row += 1) {
        const values = new Int8Array(stride).map((_, i) => (i < dimensions ? Math.round(noise() * 127) : 0));
        for (const scorer of scorers) {
          const block = scorer.blocks()[1];
          block?.rows.set(values, row * stride);
          if (block !== undefined) block.scales[row] = 0.25 + row;
        }
      }
      const [wasm, plain] = scorers.map((scorer) => [...scorer.score(1, rows, query).subarray(0, rows)]);
      expect(wasm).toEqual(plain);
      expect(wasm?.some((score) => score !== 0)).toBe(true);
    },
  );

  test('extremes do not overflow', () => {
    const stride = 8192;
    const query = new Int16Array(stride).fill(2047);
    for (const scorer of [createScorer(stride), createPlainScorer(stride)]) {
      scorer.reserve(1);
      const block = scorer.blocks()[0];
      block?.rows.fill(127, 0, stride);
      if (block !== undefined) block.scales[0] = 1;
      expect(scorer.score(0, 1, query)[0]).toBe(Math.fround(127 * 2047 * 8192));
    }
  });
});

describe('the matrix', () => {
  test('finds what an exact search finds, through growth and removal', () => {
    const noise = createNoise(7);
    const dimensions = 32;
    const matrix = createMatrix(dimensions);
    const exact = new Map<number, Float32Array>();
    const put = (id: number) => {
      const vector = unit(new Float32Array(dimensions).map(noise));
      exact.set(id, vector);
      matrix.append(id, vector);
    };
    const drop = (id: number) => {
      exact.delete(id);
      matrix.remove(id);
    };
    for (let id = 1; id <= BLOCK_ROWS + 500; id += 1) put(id);
    for (let id = 1; id <= BLOCK_ROWS; id += 3) drop(id);
    for (let id = 9000; id < 9100; id += 1) put(id);
    drop(1);
    drop(123_456);
    expect(matrix.size).toBe(exact.size);
    expect(matrix.layout).toBe(0);
    check();
    // So many that the places are needed again.
    for (let id = 2; id <= BLOCK_ROWS + 400; id += 1) drop(id);
    for (let id = 9100; id < 9200; id += 1) put(id);
    expect(matrix.layout).toBe(1);
    expect([matrix.size, matrix.lastId]).toEqual([exact.size, 9199]);
    expect(() => put(9199)).toThrow(RangeError);
    exact.delete(9199);
    drop(9199);
    expect(matrix.rows).toBeLessThan(BLOCK_ROWS);
    check();
    function check(): void {
      for (let round = 0; round < 20; round += 1) {
        const query = unit(new Float32Array(dimensions).map(noise));
        const truth = [...exact]
          .map(([id, vector]) => ({
            id,
            score: vector.reduce((sum, v, i) => sum + v * (query[i] as number), 0),
          }))
          .sort((a, b) => b.score - a.score);
        const near = matrix.nearest(query, 50);
        expect(near).toHaveLength(50);
        const found = new Set(near.map((item) => item.id));
        expect(truth.slice(0, 10).every((item) => found.has(item.id))).toBe(true);
        expect(near[0]?.score).toBeCloseTo(truth[0]?.score ?? 0, 1);
      }
    }
  });

  test('nothing in it, all zeros, removed to the last', () => {
    const matrix = createMatrix(3);
    expect(matrix.nearest(new Float32Array([1, 0, 0]), 5)).toEqual([]);
    matrix.append(1, new Float32Array(3));
    matrix.append(2, new Float32Array([0, 1, 0]));
    expect(matrix.nearest(new Float32Array(3), 5)).toEqual([]);
    expect(matrix.nearest(new Float32Array([0, 1, 0]), 5).map((item) => item.id)).toEqual([2, 1]);
    matrix.remove(1);
    matrix.remove(2);
    expect(matrix.size).toBe(0);
    expect(matrix.nearest(new Float32Array([0, 1, 0]), 5)).toEqual([]);
  });

  test('the best of any list are the first of the sorted list', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 200 }),
        fc.integer({ min: 1, max: 20 }),
        (scores, count) => {
          const best = createBest(count);
          for (const [id, score] of scores.entries()) if (score > best.threshold()) best.offer(id, score);
          const sorted = [...scores].sort((a, b) => b - a).slice(0, count);
          expect(best.sorted().map((item) => item.score)).toEqual(sorted);
        },
      ),
    );
  });
});
