/** Beats: they renew the leases of the tasks, and report progress, logs and load. */

import { eitherOf } from '../../../shared/either.ts';
import type { LeaseState } from '../../core/ports/task-queue.ts';
import type { Clock } from '../../core/ports/time.ts';
import { createBell } from './bell.ts';
import type { TaskServer } from './link/server.ts';
import type { TaskRun } from './task-run.ts';

export interface Beats {
  /** Beats until the signal aborts, or one fails. */
  keep(everyMs: number, signal: AbortSignal): Promise<void>;
  /** One more now, after the one that is on its way. */
  send(signal: AbortSignal): Promise<void>;
  /** There is news: the next one is sent earlier. */
  soon(): void;
  /** What the server said of these tasks. */
  apply(runs: readonly TaskRun[], states: readonly { id: string; state: LeaseState }[]): void;
}

/** Between two beats for news, milliseconds. */
const NEWS_MS = 1000;
const LONGEST_MS = 15_000;

export function createBeats(options: {
  workerId: string;
  server: Pick<TaskServer, 'call'>;
  clock: Pick<Clock, 'sleep' | 'monotonic' | 'timer'>;
  runs(): TaskRun[];
  load(): Promise<{ cpu: number; memoryBytes: number } | null>;
  onDrain(on: boolean): void;
}): Beats {
  const { workerId, server, clock } = options;
  const news = createBell();
  let sentAt = Number.NEGATIVE_INFINITY;
  let deadlineMs = LONGEST_MS;
  /** Beats are sent one after the other, so that what they report stays in order. */
  let last: Promise<unknown> = Promise.resolve();

  function send(signal: AbortSignal): Promise<void> {
    const sent = last.then(() => sendOne(signal));
    last = sent.catch(() => {});
    return sent;
  }

  async function sendOne(signal: AbortSignal): Promise<void> {
    const load = await options.load().catch(() => null);
    signal.throwIfAborted();
    const runs = options.runs();
    const reports = runs.map(({ report }) => report.take());
    sentAt = clock.monotonic();
    try {
      const answer = await server.call(
        'beat',
        {
          workerId,
          load,
          tasks: runs.map(({ proof }, at) => ({ ...proof, ...(reports[at] as (typeof reports)[number]) })),
        },
        { signal, deadlineMs },
      );
      apply(runs, answer.tasks);
      options.onDrain(answer.drain);
    } catch (error) {
      for (const [at, { report }] of runs.entries()) {
        report.putBack(reports[at] as (typeof reports)[number]);
      }
      throw error;
    }
  }

  function apply(runs: readonly TaskRun[], states: readonly { id: string; state: LeaseState }[]): void {
    const byId = new Map(states.map(({ id, state }) => [id, state]));
    for (const run of runs) {
      const state = byId.get(run.proof.id);
      if (state === 'lost' || state === 'cancelled') run.stop(state);
    }
  }

  /** Until the next beat is due: after the usual time, or soon after there was news. */
  async function pause(everyMs: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    using either = eitherOf(signal, over.signal);
    const until = either.signal;
    const timer = clock.timer(everyMs, () => over.abort());
    try {
      await news.wait(until);
      const waitMs = NEWS_MS - (clock.monotonic() - sentAt);
      if (waitMs > 0) await clock.sleep(waitMs, until);
    } catch {
      signal.throwIfAborted();
    } finally {
      timer.cancel();
    }
  }

  return {
    async keep(everyMs, signal) {
      deadlineMs = Math.min(LONGEST_MS, Math.max(2000, everyMs));
      for (;;) {
        await pause(everyMs, signal);
        await send(signal);
      }
    },
    send,
    soon: news.ring,
    apply,
  };
}
