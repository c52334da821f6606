/**
 * Notices when Ollama on this machine ends and starts again: an open connection to it closes when its process ends, and
 * then its port refuses connections for a moment.
 */
import { openConnection } from '../network/open-connection.ts';
import type { Clock } from './types.ts';

export interface OllamaWatch {
  /** Restarts since the watch began. */
  restarts(): number;
  /** It ended or started since the last call of `read`, or it has only just started. */
  changed(): boolean;
  /** The facts were read. `settled`: whether it is known what Ollama found at its start. */
  read(settled: boolean): void;
  close(): void;
}

const RETRY_MS = 1000;
/** After a start, its log says within a minute whether it found a GPU. */
const SETTLES_MS = 60_000;
const READ_AGAIN_MS = 2000;

export function watchOllama({
  clock,
  url,
  hold = openConnection,
}: {
  clock: Clock;
  url: string;
  hold?: typeof openConnection;
}): OllamaWatch {
  const closing = new AbortController();
  const { signal } = closing;
  let restarts = 0;
  let isChanged = false;
  let state: 'unknown' | 'up' | 'down' = 'unknown';
  let startedAt = Number.NEGATIVE_INFINITY;
  let last = { at: Number.NEGATIVE_INFINITY, settled: true };

  function onOpen(): void {
    if (state === 'up') return;
    if (state === 'down') restarts += 1;
    state = 'up';
    startedAt = clock.monotonic();
    isChanged = true;
  }

  async function watch(): Promise<void> {
    while (!signal.aborted) {
      let restMs = RETRY_MS;
      try {
        await hold(url, signal, onOpen);
        // Opened again at once: a process that has ended refuses it, and one that only closed it does not.
        restMs = 0;
      } catch {
        if (signal.aborted) return;
        if (state === 'up') {
          state = 'down';
          isChanged = true;
        }
      }
      await clock.sleep(restMs, signal).catch(() => {});
    }
  }

  void watch();

  return {
    restarts: () => restarts,
    changed() {
      if (isChanged) return true;
      const now = clock.monotonic();
      const isSettling = !last.settled && now - startedAt < SETTLES_MS;
      return isSettling && now - last.at >= READ_AGAIN_MS;
    },
    read(settled) {
      isChanged = false;
      last = { at: clock.monotonic(), settled };
    },
    close: () => closing.abort(),
  };
}
