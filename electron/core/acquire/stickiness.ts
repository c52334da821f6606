/**
 * Which node has served a conversation before, so that its prompt need not be read again. Pure state with a bound; it
 * contains keys only, and nothing of what was said.
 */

export interface RememberedNode {
  nodeId: string;
  /** Of the model that answered; empty if its server reports none. */
  digest: string;
}

export interface KnownPrefix extends RememberedNode {
  /** Share of the conversation that the node has served, above 0, at most 1. */
  match: number;
}

export interface Stickiness {
  /**
   * What is known about a conversation, by node. `keys` is one session id, or cumulative prefixes with the longest
   * last. A key leads to the node that used it last.
   */
  matches(keys: readonly string[]): Map<string, KnownPrefix>;
  /** A node has answered a request with these keys. */
  remember(keys: readonly string[], node: RememberedNode): void;
  /** Keys that are remembered. */
  readonly size: number;
}

/** 10,000 keys take about 2 MB. */
const MOST_KEYS = 10_000;

/** Beyond `mostKeys` those that were used longest ago are forgotten. */
export function createStickiness(mostKeys: number = MOST_KEYS): Stickiness {
  /** The one that was used longest ago comes first. */
  const nodes = new Map<string, RememberedNode>();
  return {
    matches(keys) {
      const found = new Map<string, KnownPrefix>();
      for (const [index, key] of keys.entries()) {
        const known = nodes.get(key);
        // A longer prefix replaces a shorter one.
        if (known) found.set(known.nodeId, { ...known, match: (index + 1) / keys.length });
      }
      return found;
    },
    remember(keys, node) {
      for (const key of keys) {
        nodes.delete(key);
        nodes.set(key, node);
      }
      for (const key of nodes.keys()) {
        if (nodes.size <= mostKeys) break;
        nodes.delete(key);
      }
    },
    get size() {
      return nodes.size;
    },
  };
}
