import { isPilotlightError } from '../../shared/contract/errors.ts';
import type { Clock } from '../core/ports.ts';
import { isGone } from './core-client.ts';

export interface StartOrJoinOptions<Own, Joined> {
  /** Rejects with ALREADY_RUNNING while another process has the data folder. */
  start(): Promise<Own>;
  /** What a running core gives; null where none answers. What rejects because it is gone counts as none. */
  join(): Promise<Joined | null>;
  clock: Clock;
  /** How long another process may have the data folder without a core that answers. Default 30 s. */
  waitMs?: number;
  /** Called once, when it has to wait. */
  onWait?(): void;
  signal?: AbortSignal;
}

const AGAIN_MS = 100;

/**
 * A core of our own, or the one that runs. Of several starts at once one gets the data folder: the others wait until
 * that core answers, and one of them starts where it ended instead. Rejects with ALREADY_RUNNING when neither comes
 * in time, and as `start` does.
 */
export async function startOrJoin<Own, Joined>(
  options: StartOrJoinOptions<Own, Joined>,
): Promise<{ own: Own } | { joined: Joined }> {
  const { clock, waitMs = 30_000, onWait, signal } = options;
  const end = clock.monotonic() + waitMs;
  for (let attempt = 0; ; attempt += 1) {
    let refused: unknown;
    try {
      return { own: await options.start() };
    } catch (error) {
      if (!isPilotlightError(error) || error.code !== 'ALREADY_RUNNING') throw error;
      refused = error;
    }
    const joined = await orNull(options.join());
    signal?.throwIfAborted();
    if (joined !== null) return { joined };
    if (clock.monotonic() >= end) throw refused;
    if (attempt === 0) onWait?.();
    await clock.sleep(AGAIN_MS, signal);
  }
}

/** A core that is just beginning, is ending, or is overrun may answer the next time. */
async function orNull<Value>(value: Promise<Value | null>): Promise<Value | null> {
  try {
    return await value;
  } catch (error) {
    if (isGone(error) || (isPilotlightError(error) && error.code === 'SERVER_BUSY')) return null;
    throw error;
  }
}
