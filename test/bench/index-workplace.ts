/** What the benchmarks of the index share: a folder of their own, the real worker, repeatable chance. */
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createForkWorkerHost } from '../../electron/adapters/processes/worker-host.ts';
import { createSystemClock } from '../../electron/adapters/system.ts';
import { createVectorStore, type IndexVectorStore } from '../../electron/adapters/vectors/vector-store.ts';
import type { Log } from '../../electron/core/ports/log.ts';

export interface BenchmarkResult {
  name: string;
  value: number;
  unit: string;
  goal: number | null;
  goalText: string;
  ok: boolean;
}

export const never = new AbortController().signal;

const quiet: Log = {
  debug() {},
  info() {},
  warn: (message, fields) => console.error(message, fields),
  error: (message, fields) => console.error(message, fields),
};

export interface IndexWorkplace {
  /** Canonical; empty at first. */
  files: string;
  indexes: string;
  store: IndexVectorStore;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @param kept a folder with indexes that stay; by default they are deleted with everything else */
export async function openIndexWorkplace(kept: string | null = null): Promise<IndexWorkplace> {
  const base = await realpath(await mkdtemp(join(tmpdir(), 'pilotlight-bench-')));
  const files = join(base, 'files');
  const indexes = kept ?? join(base, 'indexes');
  await mkdir(files);
  await mkdir(indexes, { recursive: true });
  const entry = fileURLToPath(new URL('../../electron/workers/index/index-worker.ts', import.meta.url));
  const store = createVectorStore({
    folder: indexes,
    workerHost: createForkWorkerHost({ entry }),
    clock: createSystemClock(),
    log: quiet,
    settings: () => ({ maxFileBytes: 20_000_000, chunkTokens: 320 }),
  });
  return {
    files,
    indexes,
    store,
    async [Symbol.asyncDispose]() {
      await store.close();
      await rm(base, { recursive: true, force: true });
    },
  };
}

/** mulberry32: the same numbers in [0, 1) for the same seed. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The value below which this share of the values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

export function atMost(name: string, value: number, unit: string, goal: number): BenchmarkResult {
  return { name, value: round(value), unit, goal, goalText: `≤ ${goal}`, ok: value <= goal };
}

export function atLeast(name: string, value: number, unit: string, goal: number): BenchmarkResult {
  return { name, value: round(value), unit, goal, goalText: `≥ ${goal}`, ok: value >= goal };
}

export function reported(name: string, value: number, unit: string): BenchmarkResult {
  return { name, value: round(value), unit, goal: null, goalText: 'reported', ok: true };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
