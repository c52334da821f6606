/** The calls that the index worker has not answered yet, each with its limits. */
import type { Clock, Timer } from '../../core/ports/time.ts';
import type { FileAtWork, IndexMethod, IndexSource } from './protocol.ts';

export interface PendingCall {
  id: number;
  method: IndexMethod;
  source: IndexSource | null;
  params: unknown;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  onProgress: ((seen: number) => void) | null;
  /** How often it was sent to a worker that ended before the answer. */
  losses: number;
}

export interface CallLimits {
  /** How long a worker may be busy with one step of one file. */
  fileMs: number;
  /** How long a worker may take to answer; null for no limit. */
  answerMs(method: IndexMethod): number | null;
}

export interface LostCall extends PendingCall {
  /** What the worker was busy with for this call. */
  file: FileAtWork | null;
}

export interface PendingCalls {
  add(call: PendingCall): void;
  get(id: number): PendingCall | undefined;
  /** Takes a call out, with its limits; undefined when it is not there any more. */
  take(id: number): PendingCall | undefined;
  takeAll(): LostCall[];
  /** The worker is busy with a file for this call, or got further with it. */
  busyWith(id: number, file: FileAtWork | null): void;
}

interface Entry {
  call: PendingCall;
  file: FileAtWork | null;
  fileTimer: Timer | null;
  answerTimer: Timer | null;
}

export function createPendingCalls(options: {
  clock: Pick<Clock, 'timer'>;
  limits: CallLimits;
  onFileLimit(id: number): void;
  onAnswerLimit(id: number): void;
}): PendingCalls {
  const { clock, limits } = options;
  const entries = new Map<number, Entry>();

  function take(id: number): Entry | undefined {
    const entry = entries.get(id);
    entries.delete(id);
    entry?.fileTimer?.cancel();
    entry?.answerTimer?.cancel();
    return entry;
  }

  return {
    add(call) {
      const { id } = call;
      const limit = limits.answerMs(call.method);
      entries.set(id, {
        call,
        file: null,
        fileTimer: null,
        answerTimer: limit === null ? null : clock.timer(limit, () => options.onAnswerLimit(id)),
      });
    },
    get: (id) => entries.get(id)?.call,
    take: (id) => take(id)?.call,
    takeAll() {
      return [...entries.keys()].flatMap((id) => {
        const entry = take(id);
        return entry === undefined ? [] : [{ ...entry.call, file: entry.file }];
      });
    },
    busyWith(id, file) {
      const entry = entries.get(id);
      if (entry === undefined) return;
      entry.fileTimer?.cancel();
      entry.file = file;
      entry.fileTimer = file === null ? null : clock.timer(limits.fileMs, () => options.onFileLimit(id));
    },
  };
}
