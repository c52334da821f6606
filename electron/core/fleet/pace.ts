/** When a node is looked at next, and how long a look may take. Pure. */
import { isServing } from '../../../shared/models/fleet.ts';
import { MISSES_UNTIL_GONE, type Sight } from './state.ts';

const LONGEST_OFF_MS = 60_000;
const LONGEST_TROUBLE_MS = 30_000;
/** A node that answered a moment ago and now does not: who uses it wants to know soon. */
const SECOND_LOOK_MS = 1000;
const WAKING_MS = 500;
const WAKING_SOON_MS = 200;
/** From this share of its usual boot time on, an answer may come any moment. */
const SOON_SHARE = 0.5;
const WAKING_TIMEOUT_MS = 600;
const BOOTING_TIMEOUT_MS = 2000;

export interface WakePace {
  elapsedMs: number;
  expectedMs: number | null;
}

/** Milliseconds until the next look, before jitter. */
export function nextLookMs(
  sight: Pick<Sight, 'state' | 'misses'>,
  lookIntervalMs: number,
  wake: WakePace | null,
): number {
  if (wake) return wakingLookMs(sight, wake);
  if (isServing(sight.state))
    return sight.misses === 0 ? lookIntervalMs : Math.min(SECOND_LOOK_MS, lookIntervalMs);
  const longest = sight.state === 'off' ? LONGEST_OFF_MS : LONGEST_TROUBLE_MS;
  const doublings = Math.min(16, Math.max(0, sight.misses - MISSES_UNTIL_GONE));
  return Math.max(lookIntervalMs, Math.min(longest, lookIntervalMs * 2 ** doublings));
}

function wakingLookMs(sight: Pick<Sight, 'state'>, { elapsedMs, expectedMs }: WakePace): number {
  const soon = sight.state === 'booting' || expectedMs === null || elapsedMs >= expectedMs * SOON_SHARE;
  return soon ? WAKING_SOON_MS : WAKING_MS;
}

/**
 * A sleeping host lets a connection attempt hang, and the system repeats it only after a second: short looks
 * notice sooner that it is up.
 */
export function lookTimeoutMs(state: Sight['state'], settingMs: number, waking: boolean): number {
  if (!waking) return settingMs;
  return Math.min(settingMs, state === 'booting' ? BOOTING_TIMEOUT_MS : WAKING_TIMEOUT_MS);
}
