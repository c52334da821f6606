/**
 * The client of the index worker. It starts the worker with the first call, and again with the next call
 * after it was lost; what was under way then rejects with WORKER_LOST.
 */
import { PilotlightError, type WireError } from '../../../shared/contract/errors.ts';
import type { Clock, Log, SourceIndex, Timer, VectorStore } from '../../core/ports.ts';
import type { WorkerHost, WorkerProcess } from '../processes/worker-host.ts';
import type {
  FromIndexWorker,
  IndexCalls,
  IndexMethod,
  IndexNotice,
  IndexSettings,
  IndexSource,
  IndexWorkerConfig,
  ToIndexWorker,
} from './protocol.ts';

export interface VectorStoreOptions {
  /** Holds one database a source; made when it is not there. */
  folder: string;
  workerHost: WorkerHost;
  clock: Clock;
  log: Log;
  /** Asked at each call, so that a change counts from then on. */
  settings: () => IndexSettings;
  /** A damaged index was kept aside and an empty one took its place. */
  onNotice?: (notice: IndexNotice) => void;
  /** No index grows past this many bytes (DISK_FULL). Default: the disk's own end. */
  maxIndexBytes?: number;
  /** Memory for the vectors of all indexes. Default 1 GiB, which is 2.3 million of 384 dimensions. */
  maxMatrixBytes?: number;
  /** Default 5 minutes. */
  matrixIdleMs?: number;
  /** How long `close` waits before it ends the worker the hard way. Default 5 s. */
  closeDeadlineMs?: number;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  onProgress: ((seen: number) => void) | null;
}

interface CallOptions {
  source: IndexSource | null;
  signal?: AbortSignal | undefined;
  onProgress?: ((seen: number) => void) | undefined;
}

export interface IndexVectorStore extends VectorStore {
  /** The worker's process, while one runs. */
  workerPid(): number | null;
}

export function createVectorStore(options: VectorStoreOptions): IndexVectorStore {
  const { clock, log } = options;
  const config: IndexWorkerConfig = {
    folder: options.folder,
    maxIndexBytes: options.maxIndexBytes ?? null,
    maxMatrixBytes: options.maxMatrixBytes ?? 1024 ** 3,
    matrixIdleMs: options.matrixIdleMs ?? 300_000,
  };
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let worker: WorkerProcess | null = null;
  let closing: Promise<void> | null = null;

  function send(message: ToIndexWorker): void {
    worker?.send(message);
  }

  function running(): WorkerProcess {
    if (worker !== null) return worker;
    const started = options.workerHost.start();
    worker = started;
    started.onMessage((message) => {
      // What a process said before it ended may arrive after its calls were rejected.
      if (worker === started) receive(message as FromIndexWorker);
    });
    started.onExit((exit) => {
      if (worker === started) worker = null;
      if (closing === null) log.warn('The index worker ended unexpectedly', { ...exit });
      const lost = [...pending.values()];
      pending.clear();
      for (const call of lost)
        call.reject(new PilotlightError(closing === null ? 'WORKER_LOST' : 'STOPPING'));
    });
    send({ kind: 'configure', config });
    return started;
  }

  function receive(message: FromIndexWorker): void {
    if (message.kind === 'notice') {
      log.warn('An index was damaged and is kept aside', { ...message.notice });
      options.onNotice?.(message.notice);
      return;
    }
    const call = pending.get(message.id);
    if (call === undefined) return;
    if (message.kind === 'progress') {
      call.onProgress?.(message.seen);
      return;
    }
    pending.delete(message.id);
    if (message.kind === 'result') call.resolve(message.value);
    else {
      if (message.cause !== null) log.error('The index worker failed', { cause: message.cause });
      call.reject(fromWire(message.error));
    }
  }

  function call<M extends IndexMethod>(
    method: M,
    params: IndexCalls[M]['params'],
    { source, signal, onProgress }: CallOptions,
  ): Promise<IndexCalls[M]['result']> {
    if (closing !== null) return Promise.reject(new PilotlightError('STOPPING'));
    if (signal?.aborted) return Promise.reject(signal.reason);
    running();
    lastId += 1;
    const id = lastId;
    return new Promise<IndexCalls[M]['result']>((resolve, reject) => {
      function abort(): void {
        if (!pending.delete(id)) return;
        send({ kind: 'cancel', id });
        reject(signal?.reason);
      }
      signal?.addEventListener('abort', abort, { once: true });
      pending.set(id, {
        resolve(value) {
          signal?.removeEventListener('abort', abort);
          resolve(value as IndexCalls[M]['result']);
        },
        reject(error) {
          signal?.removeEventListener('abort', abort);
          reject(error);
        },
        onProgress: onProgress ?? null,
      });
      send({ kind: 'call', id, method, source, settings: options.settings(), params });
    });
  }

  function indexOf(opened: { id: string; path: string; embedderId: string }): SourceIndex {
    let source: IndexSource = { id: opened.id, path: opened.path, embedderId: opened.embedderId };
    return {
      meta: () => call('meta', null, { source }),
      scan: ({ full }, signal, onProgress) => call('scan', { full }, { source, signal, onProgress }),
      prepare: (path, signal) => call('prepare', { path }, { source, signal }),
      commit: (token, vectors) => call('commit', { token, vectors }, { source }),
      async discard(token) {
        await call('discard', { token }, { source });
      },
      indexBuiltin: (paths, signal) => call('indexBuiltin', { paths }, { source, signal }),
      search: (query, signal) => call('search', query, { source, signal }),
      async reset(embedder) {
        source = { ...source, embedderId: embedder.id };
        await call('reset', { embedder }, { source });
      },
      async close() {
        if (worker !== null && closing === null) await call('close', null, { source });
      },
    };
  }

  function stop(): Promise<void> {
    const stopping = worker;
    if (stopping === null) return Promise.resolve();
    return new Promise((resolve) => {
      const deadline: Timer = clock.timer(options.closeDeadlineMs ?? 5000, () => stopping.kill());
      stopping.onExit(() => {
        deadline.cancel();
        resolve();
      });
      stopping.send({ kind: 'stop' } satisfies ToIndexWorker);
    });
  }

  return {
    async openIndex(source) {
      const index = indexOf(source);
      await index.meta();
      return index;
    },
    async removeIndex(sourceId) {
      await call('remove', { sourceId }, { source: null });
    },
    embedBuiltin: (texts) => call('embed', { texts }, { source: null }),
    close() {
      closing ??= stop();
      return closing;
    },
    workerPid: () => worker?.pid ?? null,
  };
}

function fromWire(error: WireError): PilotlightError {
  return new PilotlightError(error.code, {
    message: error.message,
    next: error.next,
    ...(error.details === undefined ? {} : { details: error.details }),
  });
}
