/**
 * The built-in embedder `builtin:lexical-384`, which compares spellings, not meanings: signed feature hashing (Weinberger
 * et al., "Feature Hashing for Large Scale Multitask Learning", 2009) of words and of the character 3- to 5-grams inside
 * them. docs/embedder.md describes each step. Changing any of them requires a new id, because old and new vectors cannot
 * be compared.
 */
import { BUILTIN_DIMENSIONS } from '../../../shared/models/indexing.ts';
import { isUnspaced, normaliseText, wordsOf } from './terms.ts';

const WORD_SEED = 0x811c9dc5;
const GRAM_SEED = 0x9747b28c;
const CHARACTER_SEED = 0x1b873593;
const GRAM_WEIGHT = 0.25;
const CHARACTER_WEIGHT = 0.5;
/** Longer "words" are data, not language; only their beginning counts. */
const MAX_WORD_CODE_POINTS = 64;
const BOUNDARY = 0x20;

/** Short words carry little meaning in most languages. Squared, because a feature's value is the root of its mass. */
function massOfWord(length: number): number {
  if (length <= 2) return 0.09;
  if (length === 3) return 0.36;
  if (length === 4) return 0.64;
  return 1;
}

function step(hash: number, code: number): number {
  return Math.imul(hash ^ code, 0x01000193);
}

/** The finaliser of MurmurHash3: every input bit reaches every output bit. */
function finish(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Sums the mass of each feature. Open addressing on the 32-bit hash, cleared slot by slot after use. */
function createFeatureTable() {
  let capacity = 1 << 13;
  let keys = new Uint32Array(capacity);
  let masses = new Float64Array(capacity);
  let used = new Uint32Array(capacity);
  let count = 0;

  function grow(): void {
    const oldKeys = keys;
    const oldMasses = masses;
    const oldUsed = used;
    const oldCount = count;
    capacity *= 2;
    keys = new Uint32Array(capacity);
    masses = new Float64Array(capacity);
    used = new Uint32Array(capacity);
    count = 0;
    for (let i = 0; i < oldCount; i += 1) {
      const slot = oldUsed[i] ?? 0;
      add(oldKeys[slot] ?? 0, oldMasses[slot] ?? 0);
    }
  }

  function add(hash: number, mass: number): void {
    const mask = capacity - 1;
    let slot = hash & mask;
    for (;;) {
      const present = masses[slot] as number;
      if (present === 0) break;
      if (keys[slot] === hash) {
        masses[slot] = present + mass;
        return;
      }
      slot = (slot + 1) & mask;
    }
    keys[slot] = hash;
    masses[slot] = mass;
    used[count] = slot;
    count += 1;
    if (count * 2 > capacity) grow();
  }

  /** Visits the features in the order in which they first occurred, and removes them. */
  function drain(visit: (hash: number, mass: number) => void): void {
    for (let i = 0; i < count; i += 1) {
      const slot = used[i] as number;
      visit(keys[slot] as number, masses[slot] as number);
      masses[slot] = 0;
    }
    count = 0;
  }

  return { add, drain };
}

export type LexicalEmbedder = (text: string) => Float32Array;

/**
 * Creates an embedder with its own working memory. It is synchronous and keeps nothing between texts. The vector has 384
 * dimensions and length 1; a text without letters or digits gives zeros.
 */
export function createLexicalEmbedder(): LexicalEmbedder {
  const table = createFeatureTable();
  const sums = new Float64Array(BUILTIN_DIMENSIONS);
  const codes = new Uint32Array(MAX_WORD_CODE_POINTS + 2);
  const counts = new Map<string, number>();

  function readCodes(word: string): number {
    let length = 0;
    for (let i = 0; i < word.length && length < MAX_WORD_CODE_POINTS; length += 1) {
      const code = word.codePointAt(i) as number;
      codes[length] = code;
      i += code > 0xffff ? 2 : 1;
    }
    return length;
  }

  function addSpaced(word: string, times: number): void {
    const length = readCodes(word);
    const mass = massOfWord(length) * times;
    let hash = WORD_SEED;
    for (let i = 0; i < length; i += 1) hash = step(hash, codes[i] as number);
    table.add(finish(hash), mass);
    const gramMass = mass * GRAM_WEIGHT * GRAM_WEIGHT;
    // The word with a boundary on both sides: "gpu" has the grams " gp", "gpu", "pu ", " gpu", …
    for (let start = -1; start <= length - 2; start += 1) {
      let gram = GRAM_SEED;
      for (let size = 1; size <= 5; size += 1) {
        const at = start + size - 1;
        if (at > length) break;
        gram = step(gram, at < 0 || at === length ? BOUNDARY : (codes[at] as number));
        if (size >= 3) table.add(finish(gram ^ size), gramMass);
      }
    }
  }

  /** Scripts without spaces: single characters, and pairs of them instead of words. */
  function addUnspaced(word: string, times: number): void {
    let before = 0;
    for (const character of word) {
      const code = character.codePointAt(0) as number;
      table.add(finish(step(CHARACTER_SEED, code)), times * CHARACTER_WEIGHT * CHARACTER_WEIGHT);
      if (before !== 0) table.add(finish(step(step(WORD_SEED, before), code)), times);
      before = code;
    }
  }

  return (text) => {
    counts.clear();
    for (const word of wordsOf(normaliseText(text))) counts.set(word, (counts.get(word) ?? 0) + 1);
    for (const [word, times] of counts) {
      if (word.charCodeAt(0) > 0x0dff && isUnspaced(word)) addUnspaced(word, times);
      else addSpaced(word, times);
    }
    sums.fill(0);
    table.drain((hash, mass) => {
      const dimension = Math.floor((hash >>> 8) * (BUILTIN_DIMENSIONS / 0x1000000));
      // The square root is the sub-linear term frequency: unlike the logarithm, IEEE 754 rounds it exactly.
      const value = Math.sqrt(mass);
      sums[dimension] = (sums[dimension] as number) + ((hash & 1) === 0 ? value : -value);
    });
    return normalise(sums);
  };
}

function normalise(sums: Float64Array): Float32Array {
  let squares = 0;
  for (const value of sums) squares += value * value;
  const vector = new Float32Array(sums.length);
  if (squares === 0) return vector;
  const scale = 1 / Math.sqrt(squares);
  for (let i = 0; i < sums.length; i += 1) vector[i] = (sums[i] as number) * scale;
  return vector;
}
