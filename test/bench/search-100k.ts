/**
 * Vector search over 100,000 × 384 through the real worker, for two kinds of vectors that fail in different
 * ways: clustered dense ones, as language models give, and sparse ones of the built-in embedder with real
 * queries of three words.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cutFile } from '../../electron/core/indexing/cut.ts';
import { createLexicalEmbedder } from '../../electron/core/indexing/lexical-embedder.ts';
import { wordsOf } from '../../electron/core/indexing/terms.ts';
import type { SourceIndex } from '../../electron/core/ports/vectors.ts';
import { openDatabase } from '../../electron/workers/index/database.ts';
import { createFileRows } from '../../electron/workers/index/file-rows.ts';
import { normalised } from '../../electron/workers/index/vector-values.ts';
import { BUILTIN_DIMENSIONS, BUILTIN_EMBEDDER_ID, type Chunk } from '../../shared/models/indexing.ts';
import {
  atLeast,
  atMost,
  type BenchmarkResult,
  createRandom,
  type IndexWorkplace,
  never,
  openIndexWorkplace,
  percentile,
  reported,
} from './index-workplace.ts';

const VECTORS = 100_000;
const QUERIES = 100;
const ROUNDS = 3;
const NEIGHBOURS = 10;
const A_FILE = 500;
const nodeModules = fileURLToPath(new URL('../../node_modules', import.meta.url));

interface Corpus {
  texts: readonly string[];
  vectors: readonly Float32Array[];
  queries: readonly { text: string; vector: Float32Array }[];
}

export const benchmark = {
  name: 'search-100k',
  async run(): Promise<BenchmarkResult[]> {
    return [...(await measure('dense', denseCorpus())), ...(await measure('lexical', await lexicalCorpus()))];
  },
};

async function measure(name: string, corpus: Corpus): Promise<BenchmarkResult[]> {
  await using place = await openIndexWorkplace();
  store(place, name, corpus);
  const index = await place.store.openIndex({ id: name, path: place.files, embedderId: BUILTIN_EMBEDDER_ID });
  const warm = performance.now();
  await search(index, '', corpus.queries[0]?.vector ?? null);
  const loadMs = performance.now() - warm;

  const times: number[] = [];
  let found = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const query of corpus.queries) {
      const start = performance.now();
      const hits = await search(index, '', query.vector);
      times.push(performance.now() - start);
      if (round > 0) continue;
      const truth = exact(corpus.vectors, query.vector);
      // By similarity, not by id: of two equal texts either is right.
      found += hits.filter((hit) => (hit.vectorScore ?? 0) >= truth - 1e-6).length;
    }
  }
  const hybrid: number[] = [];
  for (const query of corpus.queries) {
    if (query.text === '') break;
    const start = performance.now();
    await search(index, query.text, query.vector);
    hybrid.push(performance.now() - start);
  }
  return [
    atMost(`search-100k ${name} p95`, percentile(times, 0.95), 'ms', 30),
    atLeast(`search-100k ${name} recall@10`, found / (QUERIES * NEIGHBOURS), '', 0.97),
    reported(`search-100k ${name} first search`, loadMs, 'ms'),
    ...(hybrid.length === 0
      ? []
      : [reported(`search-100k ${name} with keywords p95`, percentile(hybrid, 0.95), 'ms')]),
  ];
}

const search = (index: SourceIndex, text: string, vector: Float32Array | null) =>
  index.search({ text, vector, limit: NEIGHBOURS }, never);

/** The similarity of the tenth nearest. */
function exact(vectors: readonly Float32Array[], query: Float32Array): number {
  const scores = Float64Array.from(vectors, (vector) => {
    let sum = 0;
    for (let i = 0; i < BUILTIN_DIMENSIONS; i += 1) sum += (vector[i] as number) * (query[i] as number);
    return sum;
  });
  return scores.sort().at(-NEIGHBOURS) ?? 0;
}

/** Straight into the database, as the worker itself writes it. */
function store(place: IndexWorkplace, name: string, corpus: Corpus): void {
  const { database } = openDatabase(join(place.indexes, `${name}.db`), null);
  const rows = createFileRows(database);
  rows.writeMeta('embedder', BUILTIN_EMBEDDER_ID);
  for (let at = 0; at < corpus.vectors.length; at += A_FILE) {
    const chunks = corpus.texts
      .slice(at, at + A_FILE)
      .map(
        (text, ordinal): Chunk => ({ ordinal, text, startByte: ordinal, endByte: ordinal + 1, heading: '' }),
      );
    const state = { size: 1, modifiedMs: 1, changedMs: 1, settled: true, recipe: '', problem: null };
    const file = { ...state, path: `${at}.txt`, hash: new Uint8Array(16), language: 'text', chunks };
    rows.put(file, corpus.vectors.slice(at, at + A_FILE));
  }
  database.close();
}

/** 256 directions, and vectors scattered around each. */
function denseCorpus(): Corpus {
  const random = createRandom(20_261_121);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const direction = () => normalised(new Float32Array(BUILTIN_DIMENSIONS).map(normal));
  const centres = Array.from({ length: 256 }, direction);
  const scattered = () => {
    const centre = centres[Math.floor(random() * centres.length)] as Float32Array;
    const noise = direction();
    return normalised(centre.map((value, i) => value + 0.6 * (noise[i] as number)));
  };
  const vectors = Array.from({ length: VECTORS }, scattered);
  return {
    texts: vectors.map((_, i) => `text ${i}`),
    vectors,
    queries: Array.from({ length: QUERIES }, () => ({ text: '', vector: scattered() })),
  };
}

/** The texts of this project's own dependencies, each piece once. */
async function lexicalCorpus(): Promise<Corpus> {
  const names = await readdir(nodeModules, { recursive: true });
  const paths = names.filter((name) => /\.(?:md|d\.[mc]?ts|[mc]?js|ts|css|html)$/.test(name)).sort();
  const random = createRandom(384);
  for (let i = paths.length - 1; i > 0; i -= 1) {
    const other = Math.floor(random() * (i + 1));
    [paths[i], paths[other]] = [paths[other] as string, paths[i] as string];
  }
  const texts = new Set<string>();
  for (const path of paths) {
    const bytes = await readFile(join(nodeModules, path)).catch(() => null);
    if (bytes === null || bytes.length > 500_000) continue;
    const file = cutFile(bytes, path.replaceAll('\\', '/'), 160);
    for (const chunk of file.ok ? file.chunks : []) texts.add(chunk.text);
    if (texts.size >= VECTORS) break;
  }
  if (texts.size < VECTORS) throw new Error(`The dependencies gave only ${texts.size} different chunks.`);
  const kept = [...texts].slice(0, VECTORS);
  const embed = createLexicalEmbedder();
  const queries = Array.from({ length: QUERIES }, () => {
    let words: string[] = [];
    while (words.length < 3) {
      const text = kept[Math.floor(random() * kept.length)] as string;
      words = [...new Set(wordsOf(text.toLowerCase()).filter((word) => word.length >= 3))];
    }
    const picked = Array.from({ length: 3 }, () => words.splice(Math.floor(random() * words.length), 1)[0]);
    const text = picked.join(' ');
    return { text, vector: embed(text) };
  });
  return { texts: kept, vectors: kept.map(embed), queries };
}
