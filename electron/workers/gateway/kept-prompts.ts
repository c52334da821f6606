/** The bodies of requests, kept in memory for a while because a person asked for it. Never written anywhere. */
import type { KeptPrompt, PromptsKept } from '../../core/gateway/protocol.ts';
import type { Clock, Timer } from '../../core/ports/time.ts';
import type { Exchange } from './exchange.ts';

export interface KeptPrompts {
  readonly on: boolean;
  /** @param forMs null forgets everything */
  keep(forMs: number | null): PromptsKept;
  state(): PromptsKept;
  /** Copies the beginning of a body, decoded, if prompts are kept. */
  offer(exchange: Exchange, chunks: readonly Buffer[]): void;
  read(id: number): KeptPrompt | null;
  stop(): void;
}

export const LONGEST_MS = 3_600_000;
const MOST_BYTES_EACH = 256 * 1024;
const MOST_BYTES = 32 * 1024 * 1024;
const MOST_KEPT = 500;

export function createKeptPrompts(options: {
  clock: Pick<Clock, 'now' | 'timer'>;
  /** The time is over. */
  onDropped(): void;
}): KeptPrompts {
  const { clock, onDropped } = options;
  const kept = new Map<number, { start: Buffer; bytes: number }>();
  let size = 0;
  let until: number | null = null;
  let timer: Timer | null = null;

  function forget(): void {
    timer?.cancel();
    timer = null;
    until = null;
    size = 0;
    kept.clear();
  }

  const state = (): PromptsKept => ({ until, count: kept.size });

  return {
    get on() {
      return until !== null;
    },
    keep(forMs) {
      timer?.cancel();
      if (forMs === null) {
        forget();
        return state();
      }
      const lasts = Math.min(forMs, LONGEST_MS);
      until = clock.now() + lasts;
      timer = clock.timer(lasts, () => {
        forget();
        onDropped();
      });
      return state();
    },
    state,
    offer(exchange, chunks) {
      if (until === null) return;
      const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
      const start = startOf(chunks, Math.min(bytes, MOST_BYTES_EACH));
      kept.set(exchange.id, { start, bytes });
      size += start.length;
      exchange.hasPrompt = true;
      exchange.changed = true;
      for (const [id, oldest] of kept) {
        if (size <= MOST_BYTES && kept.size <= MOST_KEPT) break;
        kept.delete(id);
        size -= oldest.start.length;
      }
    },
    read(id) {
      const found = kept.get(id);
      if (found === undefined) return null;
      const { start, bytes } = found;
      return { text: start.toString(), bytes, truncated: start.length < bytes };
    },
    stop: forget,
  };
}

/** A copy: the chunks belong to the request, and their memory is counted there. */
function startOf(chunks: readonly Buffer[], length: number): Buffer {
  const start = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const chunk of chunks) {
    if (at >= length) break;
    at += chunk.copy(start, at, 0, length - at);
  }
  return start;
}
