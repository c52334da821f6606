/**
 * Time that a test moves by hand. Timers and sleeps run in order of their due time; after each one the
 * event loop turns a few times, so that promises settle and real loopback sockets make progress.
 */
import type { Clock } from '../../electron/core/ports/time.ts';

export interface FakeClock extends Clock {
  /** Moves time forward by `ms`, running everything that falls due, in order. */
  advance(ms: number): Promise<void>;
  /** Lets what is ready run, without moving time. */
  flush(turns?: number): Promise<void>;
  /** Timers and sleeps that have not run yet. */
  pending(): number;
}

interface Entry {
  due: number;
  order: number;
  run: () => void;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

export function createFakeClock(startMs: number = Date.UTC(2026, 10, 21, 9, 0, 0)): FakeClock {
  let elapsed = 0;
  let order = 0;
  let entries: Entry[] = [];

  const add = (ms: number, run: () => void): (() => void) => {
    const entry: Entry = { due: elapsed + Math.max(0, ms), order: order++, run };
    entries.push(entry);
    return () => {
      entries = entries.filter((other) => other !== entry);
    };
  };

  const flush = async (turns = 3) => {
    for (let index = 0; index < turns; index += 1) await turn();
  };

  return {
    now: () => startMs + elapsed,
    monotonic: () => elapsed,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const onAbort = () => {
          remove();
          reject(signal?.reason);
        };
        const remove = add(ms, () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        });
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
    timer: (ms, fn) => ({ cancel: add(ms, fn) }),
    flush,
    pending: () => entries.length,
    advance: async (ms) => {
      const end = elapsed + ms;
      await flush();
      for (;;) {
        let next: Entry | null = null;
        for (const entry of entries) {
          if (entry.due > end) continue;
          if (!next || entry.due < next.due || (entry.due === next.due && entry.order < next.order))
            next = entry;
        }
        if (!next) break;
        const chosen = next;
        entries = entries.filter((other) => other !== chosen);
        elapsed = Math.max(elapsed, chosen.due);
        chosen.run();
        await flush();
      }
      elapsed = end;
      await flush();
    },
  };
}
