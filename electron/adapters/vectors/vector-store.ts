/**
 * The client of the index worker. It starts the worker with the first call, and again after it was lost; what only
 * reads is asked again then, what was under way of the rest rejects with WORKER_LOST.
 *
 * A worker that is stuck cannot be relied on to notice it, so the limits are kept here. When a file passes its limit
 * the worker is killed and the next one writes down that this file failed.
 */
import { PilotlightError, type WireError } from '../../../shared/contract/errors.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Clock, Timer } from '../../core/ports/time.ts';
import type { SourceIndex, VectorStore } from '../../core/ports/vectors.ts';
import type { WorkerExit, WorkerHost, WorkerProcess } from '../processes/worker-host.ts';
import { createPendingCalls, type LostCall, type PendingCall } from './pending-calls.ts';
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
  /** An index was damaged. */
  onNotice?: (notice: IndexNotice) => void;
  /** No index grows past this many bytes (DISK_FULL). Default: the disk's own end. */
  maxIndexBytes?: number;
  /** Memory for the vectors of all indexes. Default 1 GiB, which is 2.3 million of 384 dimensions. */
  maxMatrixBytes?: number;
  /** Default 5 minutes. */
  matrixIdleMs?: number;
  /** How long one step of one file may take, milliseconds: reading, cutting, a part of embedding, storing. Default 60 s. */
  fileLimitMs?: number;
  /** How long `close` waits before it ends the worker the hard way. Default 5 s. */
  closeDeadlineMs?: number;
}

interface CallOptions {
  source: IndexSource | null;
  signal?: AbortSignal;
  onProgress?: ((seen: number) => void) | undefined;
}

export interface IndexVectorStore extends VectorStore {
  /** The process id of the worker that runs now; null when none does. */
  workerPid(): number | null;
}

/** They change nothing, or nothing more when they are repeated: after a lost worker they are sent once more. */
const REPEATABLE: ReadonlySet<IndexMethod> = new Set([
  'meta',
  'search',
  'embed',
  'close',
  'remove',
  'giveUp',
]);
/** A person waits for the answer. The worker may be in the middle of a large change, so it is left alone. */
const ANSWERS: ReadonlySet<IndexMethod> = new Set(['meta', 'search', 'embed']);
/** Whoever ends the use of an index must not wait for a worker that is stuck: it is killed. */
const ENDINGS: ReadonlySet<IndexMethod> = new Set(['close', 'remove', 'discard', 'giveUp', 'suspect']);
const ANSWER_LIMIT_MS = 10_000;
const ENDING_LIMIT_MS = 5000;

export function createVectorStore(options: VectorStoreOptions): IndexVectorStore {
  const { clock, log } = options;
  const config: IndexWorkerConfig = {
    folder: options.folder,
    maxIndexBytes: options.maxIndexBytes ?? null,
    maxMatrixBytes: options.maxMatrixBytes ?? 1024 ** 3,
    matrixIdleMs: options.matrixIdleMs ?? 300_000,
  };
  const pending = createPendingCalls({
    clock,
    limits: {
      fileMs: options.fileLimitMs ?? 60_000,
      answerMs: (method) =>
        ANSWERS.has(method) ? ANSWER_LIMIT_MS : ENDINGS.has(method) ? ENDING_LIMIT_MS : null,
    },
    onFileLimit(id) {
      log.warn('A file took too long to read; the index worker is started again without it.');
      killFor(id);
    },
    onAnswerLimit(id) {
      const call = pending.get(id);
      if (call === undefined) return;
      if (ANSWERS.has(call.method)) {
        pending.take(id);
        send({ kind: 'cancel', id });
        call.reject(new PilotlightError('INDEX_BUSY'));
      } else {
        log.warn('The index worker did not answer in time and is started again.', { method: call.method });
        killFor(null);
      }
    },
  });
  let lastId = 0;
  let worker: WorkerProcess | null = null;
  let closing: Promise<void> | null = null;
  /** Why the worker is being killed: the call whose file passed its limit, or null for another reason. */
  let killed: { id: number | null } | null = null;

  function send(message: ToIndexWorker): void {
    worker?.send(message);
  }

  function killFor(id: number | null): void {
    if (worker === null) return;
    killed ??= { id };
    worker.kill();
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
      if (worker !== started) return;
      const reason = killed;
      killed = null;
      worker = null;
      if (closing === null && reason === null) log.warn('The index worker ended unexpectedly', { ...exit });
      const culprit = reason === null || reason.id === null ? null : reason.id;
      void recover(pending.takeAll(), {
        culprit,
        isCrash: reason === null && !wasKilled(exit),
        run: String(started.pid),
      });
    });
    send({ kind: 'configure', config });
    return started;
  }

  /** Handles what was under way when the worker ended: first the file that ended it is recorded, then the calls are. */
  async function recover(
    lost: readonly LostCall[],
    end: { culprit: number | null; isCrash: boolean; run: string },
  ): Promise<void> {
    if (closing !== null) {
      for (const call of lost) call.reject(new PilotlightError('STOPPING'));
      return;
    }
    let guilty: { id: number; outcome: unknown } | null = null;
    const notes = lost.map(async ({ id, file, source }) => {
      if (file === null || file.stamp === null || source === null) return;
      const { path, stamp } = file;
      if (id === end.culprit) {
        guilty = { id, outcome: new PilotlightError('FILE_TOO_COSTLY', { details: { path } }) };
        // A file that is not written down as failed would be read again, and again.
        await sendCall('giveUp', { path, stamp }, { source }).catch((error: unknown) => {
          guilty = { id, outcome: error };
        });
      } else if (end.isCrash) {
        await sendCall('suspect', { path, stamp, run: end.run }, { source }).catch((error: unknown) =>
          log.warn('The file that ended the index worker could not be recorded.', {
            path,
            error: String(error),
          }),
        );
      }
    });
    // The channel keeps the order: what was written down comes before every other call.
    const again = lost.filter((call) => REPEATABLE.has(call.method) && call.losses === 0);
    for (const call of again) post({ ...call, losses: 1 });
    await Promise.all(notes);
    const blamed = guilty as { id: number; outcome: unknown } | null;
    for (const call of lost) {
      if (again.includes(call)) continue;
      call.reject(call.id === blamed?.id ? blamed.outcome : new PilotlightError('WORKER_LOST'));
    }
  }

  function receive(message: FromIndexWorker): void {
    if (message.kind === 'notice') {
      log.warn('An index was damaged', { ...message.notice });
      options.onNotice?.(message.notice);
      return;
    }
    if (message.kind === 'progress') {
      pending.get(message.id)?.onProgress?.(message.seen);
      return;
    }
    if (message.kind === 'file') {
      pending.busyWith(message.id, message.file);
      return;
    }
    const call = pending.take(message.id);
    if (call === undefined) return;
    if (message.kind === 'result') call.resolve(message.value);
    else {
      if (message.cause !== null) log.error('The index worker failed', { cause: message.cause });
      call.reject(fromWire(message.error));
    }
  }

  function post(call: PendingCall): void {
    const { id, method, source, params } = call;
    running();
    pending.add(call);
    send({ kind: 'call', id, method, source, settings: options.settings(), params });
  }

  function sendCall<M extends IndexMethod>(
    method: M,
    params: IndexCalls[M]['params'],
    { source, signal, onProgress }: CallOptions,
  ): Promise<IndexCalls[M]['result']> {
    if (closing !== null) return Promise.reject(new PilotlightError('STOPPING'));
    if (signal?.aborted) return Promise.reject(signal.reason);
    lastId += 1;
    const id = lastId;
    return new Promise<IndexCalls[M]['result']>((resolve, reject) => {
      function abort(): void {
        if (pending.take(id) !== undefined) send({ kind: 'cancel', id });
        settle(() => reject(signal?.reason));
      }
      function settle(how: () => void): void {
        signal?.removeEventListener('abort', abort);
        how();
      }
      signal?.addEventListener('abort', abort, { once: true });
      post({
        id,
        method,
        source,
        params,
        resolve: (value) => settle(() => resolve(value as IndexCalls[M]['result'])),
        reject: (error) => settle(() => reject(error)),
        onProgress: onProgress ?? null,
        losses: 0,
      });
    });
  }

  function indexOf(opened: { id: string; path: string; embedderId: string }): SourceIndex {
    let source: IndexSource = { id: opened.id, path: opened.path, embedderId: opened.embedderId };
    return {
      meta: () => sendCall('meta', null, { source }),
      scan: ({ full }, signal, onProgress) => sendCall('scan', { full }, { source, signal, onProgress }),
      prepare: (path, signal) => sendCall('prepare', { path }, { source, signal }),
      commit: (token, vectors) => sendCall('commit', { token, vectors }, { source }),
      async discard(token) {
        await sendCall('discard', { token }, { source });
      },
      indexBuiltin: (paths, signal) => sendCall('indexBuiltin', { paths }, { source, signal }),
      search: (query, signal) => sendCall('search', query, { source, signal }),
      async reset(embedder) {
        source = { ...source, embedderId: embedder.id };
        await sendCall('reset', { embedder }, { source });
      },
      async close() {
        if (worker !== null && closing === null) await sendCall('close', null, { source });
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
      await sendCall('remove', { sourceId }, { source: null });
    },
    embedBuiltin: (texts) => sendCall('embed', { texts }, { source: null }),
    close() {
      closing ??= stop();
      return closing;
    },
    workerPid: () => worker?.pid ?? null,
  };
}

/** A person or the system ended it from outside: no file is known to be the reason. */
function wasKilled({ code, signal }: WorkerExit): boolean {
  return signal === 'SIGKILL' || signal === 'SIGTERM' || code === 9 || code === 137 || code === 143;
}

function fromWire(error: WireError): PilotlightError {
  return new PilotlightError(error.code, {
    message: error.message,
    next: error.next,
    ...(error.details === undefined ? {} : { details: error.details }),
  });
}
