import { describe, expect, it } from 'vitest';
import { createIndexHandles } from '../../../../electron/core/indexing/index-handles.ts';
import { createQueryTurns } from '../../../../electron/core/indexing/query-turns.ts';
import { createSearcher, mergeHits } from '../../../../electron/core/indexing/search.ts';
import type { VectorHit } from '../../../../electron/core/ports/vectors.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type { SourceRecord } from '../../../../shared/models/indexing.ts';
import { createFakeWorld, digest, modelName, nodeView } from '../../../fakes/indexing.ts';

function source(id: string, embedder: SourceRecord['embedder'] = { kind: 'builtin' }): SourceRecord {
  return { id, name: id, path: `/${id}`, embedder, wake: true, whenGpuGone: 'use-cpu', addedAt: 0 };
}

function hit(path: string, own: Partial<VectorHit>): VectorHit {
  return {
    path,
    language: 'text',
    chunk: { ordinal: 0, text: `The text of ${path}.`, startByte: 0, endByte: 20, heading: '' },
    wordRank: null,
    vectorRank: null,
    wordScore: null,
    vectorScore: null,
    score: 0,
    ...own,
  };
}

const paths = (merged: ReturnType<typeof mergeHits>) => merged.map(({ hit: found }) => found.path);

describe('the hits of several sources', () => {
  it('keep the order of one source alone', () => {
    const hits = [
      hit('both', { wordRank: 2, wordScore: 1, vectorRank: 1, vectorScore: 0.9 }),
      hit('words', { wordRank: 1, wordScore: 9 }),
      hit('vectors', { vectorRank: 2, vectorScore: 0.8 }),
    ];
    expect(paths(mergeHits([{ source: source('a'), hits }], 10))).toEqual(['both', 'words', 'vectors']);
  });

  it('compare words across sources, so that a poor source does not win by being alone', () => {
    const merged = mergeHits(
      [
        { source: source('a'), hits: [hit('poor', { wordRank: 1, wordScore: 0.5 })] },
        {
          source: source('b'),
          hits: [hit('best', { wordRank: 1, wordScore: 8 }), hit('good', { wordRank: 2, wordScore: 7 })],
        },
      ],
      10,
    );
    expect(paths(merged)).toEqual(['best', 'good', 'poor']);
    expect(merged.map((item) => item.wordRank)).toEqual([1, 2, 3]);
  });

  it('never compare the similarities of two embedders', () => {
    const model = source('b', { kind: 'model', name: modelName, digest });
    const merged = mergeHits(
      [
        {
          source: source('a'),
          hits: [
            hit('a1', { vectorRank: 1, vectorScore: 0.3 }),
            hit('a2', { vectorRank: 2, vectorScore: 0.2 }),
          ],
        },
        {
          source: model,
          hits: [
            hit('b1', { vectorRank: 1, vectorScore: 0.99 }),
            hit('b2', { vectorRank: 2, vectorScore: 0.98 }),
          ],
        },
      ],
      10,
    );
    expect(paths(merged)).toEqual(['a1', 'b1', 'a2', 'b2']);
  });

  it('are no more than asked for', () => {
    const hits = Array.from({ length: 30 }, (_, rank) =>
      hit(`f${rank}`, { wordRank: rank + 1, wordScore: 30 - rank }),
    );
    expect(mergeHits([{ source: source('a'), hits }], 7).length).toBe(7);
  });
});

describe('a search', () => {
  it('does not hang on a machine that never answers', async () => {
    const world = createFakeWorld({ nodes: [nodeView({ id: 'tower' })] });
    world.fleet.servers.set('tower', () => new Promise(() => {}));
    const searcher = createSearcher({
      queries: createQueryTurns(),
      onDamaged: () => {},
      ...world.dependencies,
      handles: createIndexHandles(world.dependencies.vectors),
    });
    const sources = [source('a', { kind: 'model', name: modelName, digest })];
    const result = searcher.search({ text: 'lamp', sources, limit: 5 }, new AbortController().signal);
    await world.clock.advance(4000);
    expect(await result).toMatchObject({
      hits: [],
      tookMs: 4000,
      notices: [{ code: 'KEYWORDS_ONLY_NO_ANSWER', params: { model: 'mxbai-embed-large', node: 'tower' } }],
    });
    expect(world.inFlight.now).toBe(0);
  });

  it('asks the next machine when one fails', async () => {
    const world = createFakeWorld({ nodes: [nodeView({ id: 'one' }), nodeView({ id: 'two' })] });
    world.fleet.servers.set('one', async () => {
      throw new PilotlightError('HOST_UNREACHABLE');
    });
    const searcher = createSearcher({
      queries: createQueryTurns(),
      onDamaged: () => {},
      ...world.dependencies,
      handles: createIndexHandles(world.dependencies.vectors),
    });
    const sources = [source('a', { kind: 'model', name: modelName, digest })];
    const result = await searcher.search({ text: 'lamp', sources, limit: 5 }, new AbortController().signal);
    expect(result.notices).toEqual([]);
    expect(world.fleet.embedded.get('two')).toEqual(['lamp']);
  });
});
