import { describe, expect, it } from 'vitest';
import { createIndexHandles } from '../../../../electron/core/indexing/index-handles.ts';
import { createQueryTurns } from '../../../../electron/core/indexing/query-turns.ts';
import { createSearcher } from '../../../../electron/core/indexing/search.ts';
import type { SourceIndex, VectorHit, VectorStore } from '../../../../electron/core/ports/vectors.ts';
import { BUILTIN_EMBEDDER_ID, type SourceRecord } from '../../../../shared/models/indexing.ts';
import { createFakeWorld } from '../../../fakes/indexing.ts';

const source: SourceRecord = {
  id: 'a',
  name: 'a',
  path: '/a',
  embedder: { kind: 'builtin' },
  wake: true,
  whenGpuGone: 'use-cpu',
  addedAt: 0,
};

const near = (
  path: string,
  vectorRank: number,
  vectorScore: number,
  words: Partial<VectorHit> = {},
): VectorHit => ({
  path,
  language: 'text',
  chunk: { ordinal: 0, text: path, startByte: 0, endByte: path.length, heading: '' },
  wordRank: null,
  wordScore: null,
  vectorRank,
  vectorScore,
  score: 0,
  ...words,
});

async function search(text: string, hits: VectorHit[]) {
  const world = createFakeWorld({ nodes: [] });
  const index = {
    meta: async () => ({ embedderId: BUILTIN_EMBEDDER_ID, dimensions: 384, files: 1, chunks: 1 }),
    search: async () => hits,
  } as Partial<SourceIndex> as SourceIndex;
  const vectors: VectorStore = {
    ...world.dependencies.vectors,
    openIndex: async () => index,
    embedBuiltin: async (texts) => texts.map(() => new Float32Array(384)),
  };
  const searcher = createSearcher({
    queries: createQueryTurns(),
    onDamaged: () => {},
    ...world.dependencies,
    vectors,
    handles: createIndexHandles(vectors),
  });
  return searcher.search({ text, sources: [source], limit: 10 }, new AbortController().signal);
}

describe('the result of a search', () => {
  it('has weak matches last, and marks them', async () => {
    const { hits } = await search('lamp', [
      near('weak', 1, 0.08),
      near('words', 2, 0.01, { wordRank: 1, wordScore: 2 }),
      near('near', 3, 0.4),
    ]);
    expect(hits.map(({ path, weak }) => [path, weak ?? false])).toEqual([
      ['words', false],
      ['near', false],
      ['weak', true],
    ]);
  });

  it('says so where the query has no word', async () => {
    expect((await search('?!', [])).notices).toMatchObject([{ code: 'QUERY_HAS_NO_WORD' }]);
    expect((await search('lamp', [])).notices).toEqual([]);
  });
});
