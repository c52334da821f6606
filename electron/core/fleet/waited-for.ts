/**
 * Nodes that a job or a move waits for. They are probed more often, and a connection to their server is kept open: it
 * closes when the server's process ends, so a restart between two probes is noticed, too.
 */
import { isServing } from '../../../shared/models/fleet.ts';
import type { HoldConnection } from '../ports/network.ts';
import type { Clock } from '../ports/time.ts';
import type { Entry } from './entry.ts';
import { lossOf } from './guarded-server.ts';
import type { ConnectionLoss } from './server-process.ts';

export interface WaitedFor {
  /** Somebody waits for a change of the node, until disposed. */
  begin(entry: Entry): Disposable;
  stop(): void;
}

export interface WaitedForDependencies {
  clock: Clock;
  hold: HoldConnection | undefined;
  onLost(entry: Entry, loss: ConnectionLoss): void;
}

const REOPEN_MS = 1000;
/** For a server that does not serve, or that takes no connection. */
const NOT_NOW_MS = 5000;

export function createWaitedFor({ clock, hold, onLost }: WaitedForDependencies): WaitedFor {
  const held = new Map<Entry, AbortController>();

  /** How long to wait before the next connection, milliseconds. */
  async function watchOnce(entry: Entry, signal: AbortSignal): Promise<number> {
    const { server } = entry;
    if (hold === undefined || server === null || !isServing(entry.observation.state)) return NOT_NOW_MS;
    const openedAt = clock.monotonic();
    try {
      await hold(server.url, signal);
    } catch (error) {
      const loss = signal.aborted ? null : lossOf(error);
      if (loss === null) return NOT_NOW_MS;
      onLost(entry, loss);
      return REOPEN_MS;
    }
    onLost(entry, 'broken');
    // Reopened at once: a server whose process has ended refuses it, and a proxy that closed an idle one accepts it.
    return clock.monotonic() - openedAt >= REOPEN_MS ? 0 : REOPEN_MS;
  }

  async function watch(entry: Entry, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const restMs = await watchOnce(entry, signal);
      if (restMs > 0) await clock.sleep(restMs, signal).catch(() => {});
    }
  }

  return {
    begin(entry) {
      entry.waiting += 1;
      if (entry.waiting === 1) {
        const ending = new AbortController();
        held.set(entry, ending);
        void watch(entry, ending.signal);
        entry.watch?.reschedule();
      }
      let ended = false;
      return {
        [Symbol.dispose]() {
          if (ended) return;
          ended = true;
          entry.waiting -= 1;
          if (entry.waiting > 0) return;
          held.get(entry)?.abort();
          held.delete(entry);
        },
      };
    },
    stop() {
      for (const ending of held.values()) ending.abort();
      held.clear();
    },
  };
}
