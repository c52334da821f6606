import { isPilotlightError } from '../../shared/contract/errors.ts';
import type { Clock } from '../core/ports/time.ts';
import { isGone } from './core-client.ts';

export interface StartOrJoinOptions<Own, Joined> {
  /** Rejects with ALREADY_RUNNING while another process has the data folder. */
  start(): Promise<Own>;
  /** The running core; null if none answers. A core that disappears meanwhile counts as none. */
  join(): Promise<Joined | null>;
  clock: Clock;
  /** How long another process may hold the data folder without answering. Default 30 s. */
  waitMs?: number;
  /** Called once, if it has to wait. */
  onWait?(): void;
  signal?: AbortSignal;
}

const AGAIN_MS = 100;

/**
 * Starts a core, or joins the running one. Of several simultaneous starts one gets the data folder; the others wait
 * until its core answers, and if it exits before that, one of them starts instead. Rejects with ALREADY_RUNNING if
 * neither happens in time, and with what `start` rejects with.
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

/** A core that is starting, stopping or overloaded may answer next time. */
async function orNull<Value>(value: Promise<Value | null>): Promise<Value | null> {
  try {
    return await value;
  } catch (error) {
    if (isGone(error) || (isPilotlightError(error) && error.code === 'SERVER_BUSY')) return null;
    throw error;
  }
}
