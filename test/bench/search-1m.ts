/**
 * A million chunks in one index, through the real worker: vectors, words, the first search after a start, and memory.
 * The first run makes the data (several minutes, 4 GB in `.cache`); the next ones use it again.
 */
import { existsSync, readFileSync, watch } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SourceIndex } from '../../electron/core/ports/vectors.ts';
import { copyFileOf } from '../../electron/workers/index/vector-copy.ts';
import { BUILTIN_EMBEDDER_ID } from '../../shared/models/indexing.ts';
import type { BenchmarkContext } from './benchmark.ts';
import {
  atLeast,
  atMost,
  type BenchmarkResult,
  never,
  openIndexWorkplace,
  percentile,
  reported,
} from './index-workplace.ts';
import { type MillionCorpus, millionCorpus } from './million-corpus.ts';

const ROUNDS = 2;
const NEIGHBOURS = 10;

export const benchmark = {
  name: 'search-1m',
  async run({ note, signal }: BenchmarkContext): Promise<BenchmarkResult[]> {
    const corpus = millionCorpus(note);
    note('writing the copy of the vectors');
    const copyMs = await makeCopy(corpus, signal);
    note('searching');
    return [...(await measure(corpus)), reported('search-1m making the copy', copyMs, 'ms')];
  },
};

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const opened = (corpus: MillionCorpus, place: Awaited<ReturnType<typeof openIndexWorkplace>>) =>
  place.store.openIndex({ id: corpus.sourceId, path: place.files, embedderId: BUILTIN_EMBEDDER_ID });

const search = (index: SourceIndex, text: string, vector: Float32Array | null) =>
  index.search({ text, vector, limit: NEIGHBOURS }, never);

/** As after the first index run: every vector is read. */
async function makeCopy(corpus: MillionCorpus, signal: AbortSignal): Promise<number> {
  const copy = copyFileOf(join(corpus.indexes, `${corpus.sourceId}.db`));
  await rm(copy, { force: true });
  await using place = await openIndexWorkplace(corpus.indexes);
  const index = await opened(corpus, place);
  // The record names a copy that is missing: a search finds that, and the next run writes it again.
  return await timed(async () => {
    const isWritten = Promise.withResolvers<void>();
    const watcher = watch(corpus.indexes, () => existsSync(copy) && isWritten.resolve());
    signal.addEventListener('abort', () => isWritten.reject(signal.reason), { once: true });
    await search(index, '', corpus.vectorQueries[0]?.vector ?? null).catch(() => {
      // A machine that is busy needs longer than a search may take; the vectors are read all the same.
    });
    await index.finishRun();
    await isWritten.promise;
    watcher.close();
  });
}

async function measure(corpus: MillionCorpus): Promise<BenchmarkResult[]> {
  await using place = await openIndexWorkplace(corpus.indexes);
  const index = await opened(corpus, place);
  const firstMs = await timed(() => search(index, '', corpus.vectorQueries[0]?.vector ?? null));
  const vectorMs: number[] = [];
  const wordMs: number[] = [];
  const bothMs: number[] = [];
  let found = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { vector, tenth } of corpus.vectorQueries) {
      const start = performance.now();
      const hits = await search(index, '', vector);
      vectorMs.push(performance.now() - start);
      // By similarity, not by id: of two equal ones either is right.
      if (round === 0) found += hits.filter((hit) => (hit.vectorScore ?? 0) >= tenth - 1e-6).length;
    }
    for (const text of corpus.wordQueries) wordMs.push(await timed(() => search(index, text, null)));
  }
  for (const [number, { vector }] of corpus.vectorQueries.entries()) {
    bothMs.push(await timed(() => search(index, corpus.wordQueries[number] ?? '', vector)));
  }
  const recall = found / (corpus.vectorQueries.length * NEIGHBOURS);
  const peak = peakBytes(place.store.workerPid());
  return [
    atMost('search-1m vectors p95', percentile(vectorMs, 0.95), 'ms', 60),
    atLeast('search-1m recall@10', recall, '', 0.97),
    atMost('search-1m first search after a start', firstMs, 'ms', 1500),
    atMost('search-1m words p95', percentile(wordMs, 0.95), 'ms', 60),
    reported('search-1m words p50', percentile(wordMs, 0.5), 'ms'),
    reported('search-1m words and vectors p95', percentile(bothMs, 0.95), 'ms'),
    ...(peak === null ? [] : [atMost('search-1m peak memory of the worker', peak / 1e9, 'GB', 1.2)]),
  ];
}

/** The most memory that a process has had; null where the system does not say. */
function peakBytes(pid: number | null): number | null {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}
