/** The index worker's main thread: it answers the core's calls and starts the thread that reads files. */
import { setTimeout as wait } from 'node:timers';
import { fileURLToPath } from 'node:url';
import { createNodeHttp } from '../../adapters/network/http.ts';
import type { IndexContract } from '../../adapters/vectors/protocol.ts';
import type { cutFile } from '../../core/indexing/cut.ts';
import type { Timer } from '../../core/ports/time.ts';
import { serveWorker } from '../process.ts';
import { handlerHost } from '../tasks/processes/handler-host.ts';
import { createHandlerPool } from '../tasks/processes/pool.ts';
import { createDocumentTexts } from './document-texts.ts';
import { createReader } from './reader.ts';
import { startReaderThread } from './reader-thread.ts';
import { createIndexServer } from './server.ts';

/** Overrides for tests. */
export interface IndexWorkerOptions {
  cut?: typeof cutFile;
  /** Time after which a file is recorded as being read, milliseconds. Default 3 s. */
  attemptAfterMs?: number;
  /** Memory that reading one file may use, MiB. Default 2,048. */
  maxMemoryMb?: number;
  /** The program that reads documents, and what one may take. */
  documents?: { entry: string; memoryMb: number; timeMs: number };
}

/** Its errors are those of the file. */
const silent = { warn() {}, error() {} };
/** This file is one folder below `dist` when built, and below `electron/workers` otherwise. */
const documentsEntry = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? '../tasks/task-worker.ts' : '../workers/task-worker.mjs',
    import.meta.url,
  ),
);

const realDocuments = { entry: documentsEntry, memoryMb: 1024, timeMs: 120_000 };

/** @param entry program of the threads */
export function serveIndex(
  entry: string,
  { attemptAfterMs = 3000, maxMemoryMb = 2048, documents = realDocuments }: IndexWorkerOptions,
): void {
  function timer(ms: number, fn: () => void): Timer {
    const timeout = wait(fn, ms).unref();
    return { cancel: () => clearTimeout(timeout) };
  }
  serveWorker<IndexContract>(entry, ({ send, kill }) =>
    createIndexServer({
      send,
      now: () => Date.now(),
      monotonic: () => performance.now(),
      timer,
      pause: () => new Promise((resolve) => setImmediate(resolve)),
      reader: createReader({
        startThread: () => startReaderThread(entry, maxMemoryMb),
        timer,
        onStuck: kill,
      }),
      documents: createDocumentTexts({
        ...{ timer, timeMs: documents.timeMs },
        startPool: () =>
          createHandlerPool({
            ...{ memoryMb: documents.memoryMb, slots: 1, clock: { timer }, log: silent },
            hostWith: (memoryMb) => handlerHost(documents.entry, memoryMb),
          }),
      }),
      http: createNodeHttp(),
      run: String(process.pid),
      attemptAfterMs,
    }),
  );
}
