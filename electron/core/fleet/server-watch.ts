/**
 * Keeps a connection open to the server of each serving node, without sending anything. It closes when the server's
 * process ends, and the next connection is then refused, so that a restart between two probes is noticed.
 */
import { isServing } from '../../../shared/models/fleet.ts';
import type { HoldConnection } from '../ports/network.ts';
import type { Clock } from '../ports/time.ts';
import type { Entry } from './entry.ts';
import { lossOf } from './guarded-server.ts';

export interface ServerWatch {
  /** The node has changed: watches its server, or no longer. */
  follow(entry: Entry): void;
  end(entry: Entry): void;
  stop(): void;
}

export interface ServerWatchDependencies {
  clock: Clock;
  /** undefined to watch none. */
  hold: HoldConnection | undefined;
  /** Nothing listens on the server's port any more. */
  onRefused(entry: Entry): void;
}

const REOPEN_MS = 1000;
/** For a server that takes no connection. */
const UNREACHABLE_MS = 30_000;
/** A proxy that closes idle connections is not bothered for long, unless somebody waits for the node. */
const MOST_IDLE_CLOSES = 5;
const LEFT_ALONE_MS = 600_000;

export function createServerWatch({ clock, hold, onRefused }: ServerWatchDependencies): ServerWatch {
  const watches = new Map<Entry, { url: string; ending: AbortController }>();

  async function watch(entry: Entry, url: string, open: HoldConnection, signal: AbortSignal): Promise<void> {
    let idleCloses = 0;
    while (!signal.aborted) {
      const openedAt = clock.monotonic();
      let restMs = 0;
      try {
        await open(url, signal);
        idleCloses += 1;
        if (clock.monotonic() - openedAt < REOPEN_MS) restMs = REOPEN_MS;
        if (idleCloses >= MOST_IDLE_CLOSES && entry.waiting === 0) {
          idleCloses = 0;
          restMs = LEFT_ALONE_MS;
        }
      } catch (error) {
        if (signal.aborted) return;
        const isRefused = lossOf(error) === 'refused';
        restMs = isRefused ? REOPEN_MS : UNREACHABLE_MS;
        if (isRefused) onRefused(entry);
      }
      if (restMs > 0) await clock.sleep(restMs, signal).catch(() => {});
    }
  }

  function end(entry: Entry): void {
    watches.get(entry)?.ending.abort(new DOMException('The server is not watched any more.', 'AbortError'));
    watches.delete(entry);
  }

  return {
    follow(entry) {
      const url = isServing(entry.observation.state) ? (entry.server?.url ?? null) : null;
      if (watches.get(entry)?.url === url) return;
      end(entry);
      // A server for secure connections closes one that does not begin with a handshake.
      if (hold === undefined || url === null || !url.startsWith('http:')) return;
      const ending = new AbortController();
      watches.set(entry, { url, ending });
      void watch(entry, url, hold, ending.signal);
    },
    end,
    stop() {
      for (const entry of [...watches.keys()]) end(entry);
    },
  };
}
