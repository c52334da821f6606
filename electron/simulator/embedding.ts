/**
 * Vectors for texts. They depend only on the text and the model's digest, so two machines with the same digest give
 * the same vectors. Each word adds a fixed pattern of signed coordinates, so texts that share words point in similar
 * directions; a faint pattern common to all texts keeps every coordinate non-zero, as in a real model. Word meaning
 * plays no part.
 */
import { createHash } from 'node:crypto';

/** Coordinates that one word affects. */
const HITS = 48;
const CACHED_WORDS = 20_000;
/** Weight of the common pattern relative to one word. */
const COMMON_WEIGHT = 0.06;

export interface Embedder {
  /** One L2-normalised vector, rounded to seven decimals. */
  embed(text: string, dimensions: number): number[];
}

export function createEmbedder(digest: string): Embedder {
  const seed = createHash('sha256').update(digest).digest().readUInt32LE(0);
  const patterns = new Map<string, Int16Array>();
  const commons = new Map<number, Float64Array>();

  const pattern = (word: string, dimensions: number): Int16Array => {
    const key = `${dimensions} ${word}`;
    const known = patterns.get(key);
    if (known) return known;
    const next = randomNumbers(hash(word, seed));
    // Sign and coordinate in one number: coordinate + 1, negative for a minus.
    const made = Int16Array.from({ length: HITS }, () => {
      const value = next();
      return (value & 1 ? 1 : -1) * ((value >>> 1) % dimensions) + (value & 1 ? 1 : -1);
    });
    if (patterns.size >= CACHED_WORDS) patterns.clear();
    patterns.set(key, made);
    return made;
  };

  const common = (dimensions: number): Float64Array => {
    let made = commons.get(dimensions);
    if (!made) {
      const next = randomNumbers(seed ^ 0x9e3779b9);
      made = Float64Array.from({ length: dimensions }, () => COMMON_WEIGHT * (next() / 2 ** 31 - 1));
      commons.set(dimensions, made);
    }
    return made;
  };

  return {
    embed: (text, dimensions) => {
      const vector = common(dimensions).slice();
      for (const [word, count] of countWords(text)) {
        const weight = (1 + Math.log(count)) * (word.length < 4 ? 0.3 : 1);
        const hits = pattern(word, dimensions);
        for (let index = 0; index < HITS; index += 1) {
          const hit = hits[index] ?? 1;
          const at = Math.abs(hit) - 1;
          vector[at] = (vector[at] ?? 0) + (hit > 0 ? weight : -weight);
        }
      }
      return normalised(vector);
    },
  };
}

/** Truncated to `length` and normalised again, for the `dimensions` of a request. */
export function shortened(vector: readonly number[], length: number): number[] {
  return normalised(Float64Array.from(vector.slice(0, length)));
}

function normalised(vector: Float64Array): number[] {
  let sum = 0;
  for (let index = 0; index < vector.length; index += 1) sum += (vector[index] ?? 0) ** 2;
  const scale = sum > 0 ? 1 / Math.sqrt(sum) : 0;
  const rounded = new Array<number>(vector.length);
  for (let index = 0; index < vector.length; index += 1) {
    rounded[index] = Math.round((vector[index] ?? 0) * scale * 1e7) / 1e7;
  }
  return rounded;
}

function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

/** Roughly the number of tokens that a model would count: words and punctuation, long words more than once. */
export function countTokens(text: string): number {
  let tokens = 0;
  for (const piece of text.match(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu) ?? [])
    tokens += Math.ceil(piece.length / 6);
  return tokens;
}

/** FNV-1a over UTF-16 units, from a seed. */
export function hash(text: string, seed = 0): number {
  let value = (0x811c9dc5 ^ seed) >>> 0;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return value;
}

/** Mulberry32: repeatable 32-bit numbers from a seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return (value ^ (value >>> 14)) >>> 0;
  };
}
