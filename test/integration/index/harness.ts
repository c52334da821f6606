import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import {
  createForkWorkerHost,
  type WorkerHost,
  type WorkerProcess,
} from '../../../electron/adapters/processes/worker-host.ts';
import type { FromWorker } from '../../../electron/adapters/processes/worker-protocol.ts';
import type { IndexContract, IndexNotice } from '../../../electron/adapters/vectors/protocol.ts';
import {
  createVectorStore,
  type VectorStoreOptions,
} from '../../../electron/adapters/vectors/vector-store.ts';
import { type IndexVerdict, verifyIndex } from '../../../electron/adapters/vectors/verify-index.ts';
import { cutFile } from '../../../electron/core/indexing/cut.ts';
import type { Log } from '../../../electron/core/ports/log.ts';
import type { Clock } from '../../../electron/core/ports/time.ts';
import type { SourceIndex } from '../../../electron/core/ports/vectors.ts';
import { BUILTIN_EMBEDDER_ID } from '../../../shared/models/indexing.ts';

export const workerEntry = fileURLToPath(
  new URL('../../../electron/workers/index/index-worker.ts', import.meta.url),
);

/** The client only ever arms one deadline, for a worker that does not stop. */
const clock: Clock = {
  now: () => 0,
  monotonic: () => 0,
  sleep: () => Promise.reject(new Error('not used')),
  timer(ms, fn) {
    const timeout = setTimeout(fn, ms);
    return { cancel: () => clearTimeout(timeout) };
  },
};

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} };

export const never = new AbortController().signal;

/** A folder of files, an index folder, and a store with a real worker process. */
export function openWorkplace(options: Partial<VectorStoreOptions> = {}, entry = workerEntry) {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'pilotlight-index-')));
  const folder = join(base, 'files');
  const indexes = join(base, 'indexes');
  mkdirSync(folder);
  const settings = { maxFileBytes: 1_000_000, chunkTokens: 128 };
  const notices: IndexNotice[] = [];
  const fork = createForkWorkerHost({ entry });
  let last: WorkerProcess | null = null;
  const workerHost: WorkerHost = {
    start() {
      last = fork.start();
      last.onMessage((message) => {
        for (const listener of [...listeners]) listener(message as FromWorker<IndexContract>);
      });
      return last;
    },
  };
  const listeners = new Set<(message: FromWorker<IndexContract>) => void>();
  /** Resolves when the worker has sent so many messages of a kind. */
  function heard(count: number, isWanted: (message: FromWorker<IndexContract>) => boolean): Promise<void> {
    let left = count;
    return new Promise((resolve) => {
      const listener = (message: FromWorker<IndexContract>) => {
        if (!isWanted(message)) return;
        left -= 1;
        if (left > 0) return;
        listeners.delete(listener);
        resolve();
      };
      listeners.add(listener);
    });
  }
  const store = createVectorStore({
    folder: indexes,
    workerHost,
    clock,
    log: quiet,
    settings: () => settings,
    onNotice: (notice) => notices.push(notice),
    ...options,
  });

  const workplace = {
    base,
    folder,
    indexes,
    settings,
    notices,
    store,
    databaseFile: join(indexes, 'source.db'),
    open: (embedderId: string = BUILTIN_EMBEDDER_ID): Promise<SourceIndex> =>
      store.openIndex({ id: 'source', path: folder, embedderId }),
    write(path: string, content: string | Uint8Array): string {
      const file = join(folder, ...path.split('/'));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
    /** Resolves when the worker's thread has this file: read, waited for its turn, begun. */
    reading: (path: string) =>
      heard(3, (message) => {
        const file =
          message.kind === 'progress' && message.progress.kind === 'file' ? message.progress.file : null;
        return file?.path === path && file.stamp !== null;
      }),
    progress: () => heard(1, (message) => message.kind === 'progress' && message.progress.kind === 'seen'),
    /** Kills the worker and resolves when it is gone. */
    kill(): Promise<void> {
      return new Promise((resolve) => {
        if (last === null) throw new Error('no worker runs');
        last.onExit(() => resolve());
        last.kill();
      });
    },
    /** Scans and indexes with the built-in embedder; gives the scan. */
    async run(index: SourceIndex, full = false) {
      const scan = await index.scan({ full }, never);
      const outcomes = await index.indexBuiltin(
        scan.pending.map((file) => file.path),
        never,
      );
      return { scan, outcomes };
    },
    async search(index: SourceIndex, text: string, limit = 10) {
      const [vector] = await store.embedBuiltin([text]);
      return index.search({ text, vector: vector ?? null, limit }, never);
    },
    verify(paths: readonly string[]): IndexVerdict {
      return verifyIndex(workplace.databaseFile, {
        folder,
        paths,
        cut: (bytes, path) => cutFile(bytes, path, settings.chunkTokens),
      });
    },
    expectSound(paths: readonly string[]): IndexVerdict {
      const verdict = workplace.verify(paths);
      expect(verdict.findings).toEqual([]);
      expect(verdict).toMatchObject({ lost: 0, repeated: 0 });
      return verdict;
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      rmSync(base, { recursive: true, force: true });
    },
  };
  return workplace;
}

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'resolved';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}
