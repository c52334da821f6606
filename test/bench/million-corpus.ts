/**
 * A million chunks for `search-1m`: clustered vectors of 384 dimensions, and texts whose words are distributed as in a
 * language, so that some are in most texts. They are made once, into `.cache`, as the worker itself stores them.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '../../electron/workers/index/database.ts';
import { createFileRows } from '../../electron/workers/index/file-rows.ts';
import { normalised } from '../../electron/workers/index/vector-values.ts';
import { BUILTIN_DIMENSIONS, BUILTIN_EMBEDDER_ID, type Chunk } from '../../shared/models/indexing.ts';
import { createRandom } from './index-workplace.ts';

/** Another version is made again. */
const VERSION = 'search-1m-v1';
const CHUNKS = 1_000_000;
const A_FILE = 500;
const CENTRES = 2048;
const NEIGHBOURS = 10;
const QUERIES = 100;
const VOCABULARY = 200_000;
const WORDS_OF_TEXT = 40;
const cache = fileURLToPath(new URL('../../.cache', import.meta.url));

export interface MillionCorpus {
  /** The folder with the database; the worker writes here. */
  indexes: string;
  sourceId: string;
  /** Each with the similarity of its tenth nearest. */
  vectorQueries: readonly { vector: Float32Array; tenth: number }[];
  wordQueries: readonly string[];
}

interface StoredQueries {
  vectors: { vector: number[]; tenth: number }[];
  words: string[];
}

/** @param note tells how far it is; called rarely */
export function millionCorpus(note: (text: string) => void): MillionCorpus {
  const folder = join(cache, VERSION);
  const queriesFile = join(folder, 'queries.json');
  if (!existsSync(queriesFile)) make(folder, note);
  const stored = JSON.parse(readFileSync(queriesFile, 'utf8')) as StoredQueries;
  return {
    indexes: join(folder, 'indexes'),
    sourceId: 'million',
    vectorQueries: stored.vectors.map(({ vector, tenth }) => ({ vector: Float32Array.from(vector), tenth })),
    wordQueries: stored.words,
  };
}

function make(folder: string, note: (text: string) => void): void {
  for (const name of existsSync(cache) ? readdirSync(cache) : []) {
    // Those of earlier versions have gigabytes.
    if (name.startsWith('search-1m-')) rmSync(join(cache, name), { recursive: true, force: true });
  }
  mkdirSync(join(folder, 'indexes'), { recursive: true });
  const random = createRandom(20_261_128);
  const vectors = createVectors(random);
  const texts = createTexts(random);
  const queries = Array.from({ length: QUERIES }, () => ({ vector: vectors(), nearest: tenBest() }));
  const { database } = openDatabase(join(folder, 'indexes', 'million.db'), null);
  const rows = createFileRows(database);
  rows.writeMeta('embedder', BUILTIN_EMBEDDER_ID);
  for (let at = 0; at < CHUNKS; at += A_FILE) {
    const made = Array.from({ length: A_FILE }, vectors);
    for (const { vector, nearest } of queries) offerAll(nearest, vector, made);
    const chunks = made.map(
      (_, ordinal): Chunk => ({
        ordinal,
        text: texts.text(),
        startByte: ordinal,
        endByte: ordinal + 1,
        heading: '',
      }),
    );
    const state = { size: 1, modifiedMs: 1, changedMs: 1, settled: true, recipe: '', problem: null };
    rows.put({ ...state, path: `${at}.txt`, hash: new Uint8Array(16), language: 'text', chunks }, made);
    if (at % 100_000 === 0) note(`made ${at.toLocaleString('en')} of a million chunks`);
  }
  database.close();
  const stored: StoredQueries = {
    vectors: queries.map(({ vector, nearest }) => ({ vector: [...vector], tenth: nearest.tenth() })),
    words: Array.from({ length: QUERIES }, (_, number) => texts.query(number)),
  };
  // Written last: without it, everything is made again.
  const draft = join(folder, 'queries.json.new');
  writeFileSync(draft, JSON.stringify(stored));
  renameSync(draft, join(folder, 'queries.json'));
}

/** Directions, and vectors scattered around each. */
function createVectors(random: () => number): () => Float32Array {
  function direction(): Float32Array {
    const made = new Float32Array(BUILTIN_DIMENSIONS);
    for (let i = 0; i < made.length; i += 2) {
      const length = Math.sqrt(-2 * Math.log(1 - random()));
      const angle = 2 * Math.PI * random();
      made[i] = length * Math.cos(angle);
      made[i + 1] = length * Math.sin(angle);
    }
    return normalised(made);
  }
  const centres = Array.from({ length: CENTRES }, direction);
  return () => {
    const centre = centres[Math.floor(random() * CENTRES)] as Float32Array;
    const made = direction();
    for (let i = 0; i < made.length; i += 1) made[i] = (centre[i] as number) + 0.6 * (made[i] as number);
    return normalised(made);
  };
}

/** Words by rank; the one of rank r has a share of about 1 / (r + 2.7) of a text (Zipf and Mandelbrot). */
function createTexts(random: () => number) {
  const words = Array.from({ length: VOCABULARY }, (_, rank) => wordOf(rank));
  const sums = new Float64Array(VOCABULARY);
  let sum = 0;
  for (let rank = 0; rank < VOCABULARY; rank += 1) {
    sum += 1 / (rank + 2.7);
    sums[rank] = sum;
  }
  function anyWord(): string {
    const wanted = random() * sum;
    let low = 0;
    let high = VOCABULARY - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) < wanted) low = middle + 1;
      else high = middle;
    }
    return words[low] as string;
  }
  const between = (first: number, last: number) =>
    words[first + Math.floor(random() * (last - first))] as string;
  const several = (count: number, pick: () => string) => Array.from({ length: count }, pick).join(' ');

  return {
    text: () => several(WORDS_OF_TEXT, anyWord),
    /** In turn: very common words only, a rare one among common ones, words of any rank, rare words only. */
    query(number: number): string {
      if (number % 4 === 0) return several(1 + (number % 5), () => between(0, 12));
      if (number % 4 === 1) return `${several(3, () => between(0, 60))} ${between(2000, 100_000)}`;
      if (number % 4 === 2) return several(3, anyWord);
      return several(2, () => between(5000, 150_000));
    },
  };
}

/** A pronounceable word for each number. */
function wordOf(rank: number): string {
  const consonants = 'bdfgklmnprstvz';
  const vowels = 'aeiou';
  let rest = rank;
  let word = '';
  do {
    word += consonants[rest % consonants.length];
    rest = Math.floor(rest / consonants.length);
    word += vowels[rest % vowels.length];
    rest = Math.floor(rest / vowels.length);
  } while (rest > 0);
  return word;
}

function tenBest() {
  const best = new Float64Array(NEIGHBOURS).fill(-1);
  return {
    offer(score: number): void {
      if (score <= (best[0] as number)) return;
      best[0] = score;
      best.sort();
    },
    tenth: () => best[0] as number,
  };
}

/** Four at once: their sums do not wait for one another, which takes a third of the time. */
function offerAll(
  nearest: ReturnType<typeof tenBest>,
  query: Float32Array,
  others: readonly Float32Array[],
): void {
  for (let at = 0; at + 4 <= others.length; at += 4) {
    const [a, b, c, d] = others.slice(at, at + 4) as [Float32Array, Float32Array, Float32Array, Float32Array];
    let sumA = 0;
    let sumB = 0;
    let sumC = 0;
    let sumD = 0;
    for (let i = 0; i < query.length; i += 1) {
      const value = query[i] as number;
      sumA += value * (a[i] as number);
      sumB += value * (b[i] as number);
      sumC += value * (c[i] as number);
      sumD += value * (d[i] as number);
    }
    for (const sum of [sumA, sumB, sumC, sumD]) nearest.offer(sum);
  }
}
