/**
 * Keys of a conversation: one for each of its beginnings, so that the next turn is recognised by the turns before it.
 * Pure. Of a long part only the beginning and the length count, because hashing a picture would take longer than
 * routing; two conversations with the same key only share a node.
 */

export interface PrefixHash {
  /** Bytes of the present part, in order. */
  bytes(chunk: Buffer, from: number, to: number): void;
  /** The part has ended: adds the key of everything until here. */
  endPart(): void;
  /** The shortest beginning first. */
  keys(): string[];
}

/** Bytes of each part that are hashed. */
const MOST_OF_PART = 512;
/** Of a longer conversation, its last beginnings count. */
const MOST_KEYS = 64;

/** FNV-1a. */
const PRIME = 0x01000193;
const SEED = 0x811c9dc5;
const OTHER_SEED = 0x2b5a3d1f;

/** @param steps lengths at which a part that is not complete gets a key, too: for a prompt in one string */
export function createPrefixHash(steps: readonly number[] = []): PrefixHash {
  const keys: string[] = [];
  const mostOfPart = Math.max(MOST_OF_PART, ...steps);
  let one = SEED;
  let other = OTHER_SEED;
  let length = 0;

  function mix(byte: number): void {
    one = Math.imul(one ^ byte, PRIME);
    other = Math.imul(other ^ byte, PRIME);
  }

  function addKey(): void {
    keys.push(`${(one >>> 0).toString(36)}-${(other >>> 0).toString(36)}`);
    if (keys.length > MOST_KEYS) keys.shift();
  }

  return {
    bytes(chunk, from, to) {
      const until = Math.min(to, from + Math.max(0, mostOfPart - length));
      for (let at = from; at < until; at += 1) {
        mix(chunk[at] as number);
        if (steps.includes(length + at - from + 1)) addKey();
      }
      length += to - from;
    },
    endPart() {
      for (let shift = 0; shift < 32; shift += 8) mix((length >>> shift) & 255);
      length = 0;
      addKey();
    },
    keys: () => [...keys],
  };
}
