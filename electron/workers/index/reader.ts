/**
 * Cuts files, and embeds them with the built-in embedder, in a thread beside the worker's own, one file at a time. The
 * worker's own thread stays free to answer searches, and a file that takes too long can be abandoned.
 */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import type { CutFile } from '../../core/indexing/cut.ts';
import type { DocumentOfFile } from '../../core/indexing/document-text.ts';
import type { Timer } from '../../core/ports/time.ts';

export interface ReadRequest {
  /** The whole file. */
  bytes: Uint8Array;
  /** Relative, with `/`. */
  path: string;
  /** Estimated tokens that a chunk may have. */
  maxTokens: number;
  /** Whether to make vectors too. */
  embed: boolean;
}

/** A file to be shown to a person. */
export interface ShowRequest {
  bytes: Uint8Array;
  path: string;
  /** Bytes of the file. */
  show: { startByte: number; endByte: number };
}

export interface ReadAnswer {
  cut: CutFile;
  /** One for each chunk; null if none were requested or the file is not text. */
  vectors: Float32Array[] | null;
}

export type FromReaderThread =
  | { kind: 'step' }
  | { kind: 'read'; cut: CutFile; vectors: Float32Array | null }
  | { kind: 'shown'; file: DocumentOfFile }
  | { kind: 'failed'; error: string };

export interface ReaderThread {
  post(request: ReadRequest | ShowRequest): void;
  onMessage(listener: (message: FromReaderThread) => void): void;
  /** Called once if the thread ended on its own. `code` is that of the error that ended it. */
  onEnd(listener: (code: string | null) => void): void;
  /** Ends the thread. Never resolves if V8 cannot interrupt its loop. */
  terminate(): Promise<void>;
}

export interface Reader {
  /**
   * Waits for its turn. `onStep` is called when the turn begins, then with true when the thread has accepted the file
   * and after each part.
   * @throws FILE_TOO_COSTLY if it needs too much memory; the signal's reason
   */
  read(
    request: ReadRequest,
    options: { signal: AbortSignal; onStep(isReading: boolean): void },
  ): Promise<ReadAnswer>;
  /**
   * The text around a passage. A person waits for it, so it comes before the files that are to be indexed.
   * @throws as `read`
   */
  show(request: ShowRequest, signal: AbortSignal): Promise<DocumentOfFile>;
  /** Resolves when no thread is running, which may be never. */
  stop(): Promise<void>;
}

export interface ReaderOptions {
  startThread(): ReaderThread;
  timer(ms: number, fn: () => void): Timer;
  /** A thread did not end when asked to; only the end of the process can end it. */
  onStuck(): void;
}

/** How long a thread may take to end, milliseconds. */
const END_LIMIT_MS = 1000;

type Answer = Extract<FromReaderThread, { kind: 'read' | 'shown' }>;

interface Task {
  request: ReadRequest | ShowRequest;
  onStep(isReading: boolean): void;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

export function createReader({ startThread, timer, onStuck }: ReaderOptions): Reader {
  const waiting: Task[] = [];
  let current: Task | null = null;
  let thread: ReaderThread | null = null;
  const ending = new Set<Promise<void>>();

  function endThread(): void {
    if (thread === null) return;
    const limit = timer(END_LIMIT_MS, onStuck);
    const ended = thread.terminate().then(() => {
      limit.cancel();
      ending.delete(ended);
    });
    ending.add(ended);
    thread = null;
  }

  function running(): ReaderThread {
    if (thread !== null) return thread;
    const started = startThread();
    thread = started;
    started.onMessage((message) => {
      if (thread === started) receive(message);
    });
    started.onEnd((code) => {
      if (thread !== started) return;
      thread = null;
      settle((task) => task.reject(endOf(task.request.path, code)));
    });
    return started;
  }

  function receive(message: FromReaderThread): void {
    if (message.kind === 'step') current?.onStep(true);
    else if (message.kind === 'failed')
      settle((task) => task.reject(defectOf(task.request.path, message.error)));
    else settle((task) => task.resolve(message));
  }

  function settle(how: (task: Task) => void): void {
    const task = current;
    current = null;
    if (task !== null) how(task);
    next();
  }

  function next(): void {
    if (current !== null) return;
    const task = waiting.shift();
    if (task === undefined) return;
    current = task;
    task.onStep(false);
    running().post(task.request);
  }

  function abandon(task: Task): void {
    const place = waiting.indexOf(task);
    if (place >= 0) waiting.splice(place, 1);
    if (current !== task) return;
    // The thread cannot be interrupted in the middle of a file.
    endThread();
    current = null;
    next();
  }

  function answerOf(
    request: Task['request'],
    signal: AbortSignal,
    { onStep, isUrgent }: Pick<Task, 'onStep'> & { isUrgent: boolean },
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      function abort(): void {
        abandon(task);
        reject(signal.reason);
      }
      const task: Task = {
        request,
        onStep,
        resolve(answer) {
          signal.removeEventListener('abort', abort);
          resolve(answer);
        },
        reject(error) {
          signal.removeEventListener('abort', abort);
          reject(error);
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      if (isUrgent) waiting.unshift(task);
      else waiting.push(task);
      next();
    });
  }

  return {
    async read(request, { signal, onStep }) {
      const answer = await answerOf(request, signal, { onStep, isUrgent: false });
      if (answer.kind !== 'read') throw defectOf(request.path, 'The thread answered another question.');
      const { cut, vectors } = answer;
      return { cut, vectors: vectors === null ? null : divide(cut, vectors) };
    },
    async show(request, signal) {
      const answer = await answerOf(request, signal, { onStep() {}, isUrgent: true });
      if (answer.kind !== 'shown') throw defectOf(request.path, 'The thread answered another question.');
      return answer.file;
    },
    async stop() {
      endThread();
      await Promise.all(ending);
    },
  };
}

/** The thread ended in the middle of this file, so this file caused it. */
function endOf(path: string, code: string | null): PilotlightError {
  return new PilotlightError('FILE_TOO_COSTLY', {
    ...(code === 'ERR_WORKER_OUT_OF_MEMORY' ? { message: fact('FILE_NEEDS_TOO_MUCH_MEMORY') } : {}),
    details: { path, ...(code === null ? {} : { cause: code }) },
  });
}

/** A defect triggered by one file fails that file, not the whole job. */
function defectOf(path: string, error: string): PilotlightError {
  return new PilotlightError('FILE_UNREADABLE', {
    message: fact('FILE_BREAKS_READER', { error: error.split('\n', 1)[0] ?? '' }),
    next: fact('REPORT_THIS_FILE'),
    details: { path, cause: error },
  });
}

function divide(cut: CutFile, vectors: Float32Array): Float32Array[] {
  const count = cut.ok ? cut.chunks.length : 0;
  const length = count === 0 ? 0 : vectors.length / count;
  return Array.from({ length: count }, (_, at) => vectors.subarray(at * length, (at + 1) * length));
}
