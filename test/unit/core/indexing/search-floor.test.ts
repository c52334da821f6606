import { describe, expect, it } from 'vitest';
import { floorOf, isWeak } from '../../../../electron/core/indexing/search-floor.ts';
import type { Embedder } from '../../../../shared/models/indexing.ts';

const builtin: Embedder = { kind: 'builtin' };
const miniLm: Embedder = { kind: 'runner', name: 'all-MiniLM-L6-v2', hash: 'h' };
const other: Embedder = { kind: 'model', name: 'not-measured', digest: 'd' };
const near = (similarity: number) => ({ words: null, vectors: { rank: 1, similarity } });

describe('a weak match', () => {
  it.each([builtin, miniLm, { kind: 'model', name: 'all-minilm:latest', digest: 'd' } as const])(
    'is below the floor of its embedder: %o',
    (embedder) => {
      const floor = floorOf(embedder) ?? Number.NaN;
      expect(isWeak(near(floor - 0.001), embedder)).toBe(true);
      expect(isWeak(near(floor), embedder)).toBe(false);
    },
  );

  it('has no word of the query', () => {
    expect(isWeak({ ...near(0.01), words: { rank: 9, score: 0.1 } }, builtin)).toBe(false);
    expect(isWeak({ words: { rank: 1, score: 3 }, vectors: null }, builtin)).toBe(false);
  });

  it('is none where the embedder was not measured', () => {
    expect(floorOf(other)).toBeNull();
    expect(isWeak(near(0.01), other)).toBe(false);
  });
});
