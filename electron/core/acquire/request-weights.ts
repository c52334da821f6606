/**
 * Which weights a request prefers if nodes have different ones under its name. Pure.
 *
 * Both serve the name. A conversation continues with the weights that it began with, because an answer in the voice of
 * another model would surprise. Vectors of two weights can't be compared, so embeddings always prefer the same weights:
 * those that most nodes have, whether these are awake or not, then the newest, then the smallest digest.
 */

export interface HeldWeights {
  nodeId: string;
  /** Empty if the server reports none. */
  digest: string;
  /** RFC 3339; null if unknown. */
  modifiedAt: string | null;
}

/** null if any will do. `held` is what the nodes have under the name, once for each node. */
export function preferredWeights(
  held: readonly HeldWeights[],
  { embeds, conversation }: { embeds: boolean; conversation: string | null },
): string | null {
  const [only] = held;
  // The usual case, for each request.
  if (only !== undefined && held.every(({ digest }) => digest === only.digest)) {
    return embeds || conversation === only.digest ? only.digest : null;
  }
  const counts = new Map<string, { nodes: number; newest: number }>();
  for (const { digest, modifiedAt } of held) {
    const { nodes, newest } = counts.get(digest) ?? { nodes: 0, newest: 0 };
    counts.set(digest, { nodes: nodes + 1, newest: Math.max(newest, timeOf(modifiedAt)) });
  }
  if (conversation !== null && counts.has(conversation)) return conversation;
  if (!embeds) return null;
  const [best] = [...counts].sort(
    ([one, first], [other, second]) =>
      second.nodes - first.nodes || second.newest - first.newest || (one < other ? -1 : 1),
  );
  return best?.[0] ?? null;
}

/** 0 if unknown, so that a known time is newer. */
const timeOf = (modifiedAt: string | null): number => Date.parse(modifiedAt ?? '') || 0;
