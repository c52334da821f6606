/** Which matches are weak: found by no word, and hardly nearer than nonsense would be. Pure. */
import type { Embedder, SearchHit } from '../../../shared/models/indexing.ts';

/** Measured by `npm run bench -- search-quality`; docs/embedder.md has the figures. */
const BUILTIN_FLOOR = 0.12;
const MODEL_FLOORS: readonly [name: RegExp, floor: number][] = [[/all-?minilm/i, 0.25]];

/** The similarity from which a match counts on its own; null for a model that was not measured. */
export function floorOf(embedder: Embedder): number | null {
  if (embedder.kind === 'builtin') return BUILTIN_FLOOR;
  return MODEL_FLOORS.find(([name]) => name.test(embedder.name))?.[1] ?? null;
}

export function isWeak(
  { words, vectors }: Pick<SearchHit, 'words' | 'vectors'>,
  embedder: Embedder,
): boolean {
  if (words !== null || vectors === null) return false;
  const floor = floorOf(embedder);
  return floor !== null && vectors.similarity < floor;
}
