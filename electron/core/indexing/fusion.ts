/**
 * Reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009): merges lists whose scores cannot be compared, by rank
 * alone.
 */
const K = 60;

export interface Ranked {
  id: number;
  score: number;
}

export interface Fused {
  id: number;
  /** 1-based; `null` if it is not in that list. */
  wordRank: number | null;
  vectorRank: number | null;
  wordScore: number | null;
  vectorScore: number | null;
  /** The sum of 1 / (60 + rank) over both lists. */
  score: number;
}

/** Both lists best first. Equal sums are ordered by id, so the order is always the same. */
export function fuseRanks(words: readonly Ranked[], vectors: readonly Ranked[]): Fused[] {
  const fused = new Map<number, Fused>();
  function entry(id: number): Fused {
    const present = fused.get(id);
    if (present !== undefined) return present;
    const made = { id, wordRank: null, vectorRank: null, wordScore: null, vectorScore: null, score: 0 };
    fused.set(id, made);
    return made;
  }
  for (const [index, item] of words.entries()) {
    const found = entry(item.id);
    if (found.wordRank !== null) continue;
    found.wordRank = index + 1;
    found.wordScore = item.score;
    found.score += 1 / (K + index + 1);
  }
  for (const [index, item] of vectors.entries()) {
    const found = entry(item.id);
    if (found.vectorRank !== null) continue;
    found.vectorRank = index + 1;
    found.vectorScore = item.score;
    found.score += 1 / (K + index + 1);
  }
  return [...fused.values()].sort((a, b) => b.score - a.score || a.id - b.id);
}
