/** The calls that a worker has not answered yet, each with its time limits. */
import type { Clock, Timer } from '../../core/ports/time.ts';

export interface PendingCall {
  id: number;
  method: string;
  params: unknown;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  onProgress: ((progress: unknown) => void) | null;
  /** How many workers have ended before answering it. */
  losses: number;
}

export interface PendingCallsOptions {
  clock: Pick<Clock, 'timer'>;
  /** How long a worker may take to answer, milliseconds; null for no limit. */
  deadlineMs(method: string): number | null;
  /** How long a worker may stay silent after reporting this, milliseconds; null for no limit. */
  silenceMs(progress: unknown): number | null;
  onLate(call: PendingCall): void;
  onSilent(call: PendingCall): void;
}

export interface LostCall {
  call: PendingCall;
  /** The worker's last progress report; null without one. */
  progress: unknown;
}

export interface PendingCalls {
  add(call: PendingCall): void;
  /** Removes a call and its limits; undefined if it no longer exists. */
  take(id: number): PendingCall | undefined;
  takeAll(): LostCall[];
  report(id: number, progress: unknown): void;
}

interface Entry extends LostCall {
  deadline: Timer | null;
  silence: Timer | null;
}

export function createPendingCalls(options: PendingCallsOptions): PendingCalls {
  const { clock } = options;
  const entries = new Map<number, Entry>();

  function startTimer(ms: number | null, onElapsed: () => void): Timer | null {
    return ms === null ? null : clock.timer(ms, onElapsed);
  }

  function take(id: number): Entry | undefined {
    const entry = entries.get(id);
    entries.delete(id);
    entry?.deadline?.cancel();
    entry?.silence?.cancel();
    return entry;
  }

  return {
    add(call) {
      const deadline = startTimer(options.deadlineMs(call.method), () => options.onLate(call));
      entries.set(call.id, { call, progress: null, deadline, silence: null });
    },
    take: (id) => take(id)?.call,
    takeAll() {
      return [...entries.keys()].flatMap((id) => {
        const entry = take(id);
        return entry === undefined ? [] : [{ call: entry.call, progress: entry.progress }];
      });
    },
    report(id, progress) {
      const entry = entries.get(id);
      if (entry === undefined) return;
      entry.silence?.cancel();
      entry.progress = progress;
      entry.silence = startTimer(options.silenceMs(progress), () => options.onSilent(entry.call));
      entry.call.onProgress?.(progress);
    },
  };
}
