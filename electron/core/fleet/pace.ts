/** When a node is looked at next, and how long a look may take. Pure. */
import { isServing } from '../../../shared/models/fleet.ts';
import { MISSES_UNTIL_GONE, type Observation } from './node-state.ts';

/** More than a minute, whatever the jitter: a machine that sleeps is called once a minute at most. */
const ASLEEP_MS = 66_000;
/** While somebody looks at the panel. */
const ACTIVE_MS = 5000;
/** A machine that answered so lately may be starting anew. */
const LATELY_MS = 120_000;
const LONGEST_TROUBLE_MS = 30_000;
/** A node that answered a moment ago and now does not: who uses it wants to know soon. */
const SECOND_PROBE_MS = 1000;
const WAKING_MS = 500;
const WAKING_SOON_MS = 200;
const WAKING_NEAR_MS = 100;
/** From this share of its usual boot time on, an answer may come any moment. */
const SOON_SHARE = 0.5;
/** Between these shares of it, it comes most likely. */
const NEAR_SHARES = [0.8, 1.5] as const;
const WAKING_TIMEOUT_MS = 600;
const NEAR_TIMEOUT_MS = 300;
const BOOTING_TIMEOUT_MS = 2000;

export interface WakePace {
  elapsedMs: number;
  expectedMs: number | null;
}

export interface PaceCircumstances {
  /** As a person set it. A longer one is never shortened, but for a wake. */
  lookIntervalMs: number;
  /** The wake under way; null without one. */
  wake: WakePace | null;
  /** Somebody looks at the panel. */
  active: boolean;
  /** Since it answered last; null for never. */
  sinceSeenMs: number | null;
}

/** Milliseconds until the next look, before jitter. */
export function nextProbeMs(
  observation: Pick<Observation, 'state' | 'misses'>,
  { lookIntervalMs, wake, active, sinceSeenMs }: PaceCircumstances,
): number {
  if (wake) return wakingProbeMs(observation, wake);
  if (isServing(observation.state))
    return observation.misses === 0 ? lookIntervalMs : Math.min(SECOND_PROBE_MS, lookIntervalMs);
  const doublings = Math.min(16, Math.max(0, observation.misses - MISSES_UNTIL_GONE));
  const backedOffMs = lookIntervalMs * 2 ** doublings;
  if (observation.state !== 'off') return Math.max(lookIntervalMs, Math.min(LONGEST_TROUBLE_MS, backedOffMs));
  if (active) return Math.max(lookIntervalMs, ACTIVE_MS);
  const lately = sinceSeenMs !== null && sinceSeenMs < LATELY_MS;
  return Math.max(lookIntervalMs, lately ? Math.min(ASLEEP_MS, backedOffMs) : ASLEEP_MS);
}

function wakingProbeMs({ state }: Pick<Observation, 'state'>, wake: WakePace): number {
  if (isNear(wake)) return WAKING_NEAR_MS;
  const { elapsedMs, expectedMs } = wake;
  const soon = state === 'booting' || expectedMs === null || elapsedMs >= expectedMs * SOON_SHARE;
  return soon ? WAKING_SOON_MS : WAKING_MS;
}

function isNear({ elapsedMs, expectedMs }: WakePace): boolean {
  if (expectedMs === null) return false;
  const share = elapsedMs / Math.max(1, expectedMs);
  return share >= NEAR_SHARES[0] && share <= NEAR_SHARES[1];
}

/**
 * A sleeping host lets a connection attempt hang, and the system repeats it only after a second: short looks
 * notice sooner that it is up, and near its usual boot time the shortest. Once it answers at all it has more time.
 */
export function probeTimeoutMs(
  state: Observation['state'],
  settingMs: number,
  wake: WakePace | null,
): number {
  if (!wake) return settingMs;
  if (state === 'booting') return Math.min(settingMs, BOOTING_TIMEOUT_MS);
  return Math.min(settingMs, state === 'waking' && isNear(wake) ? NEAR_TIMEOUT_MS : WAKING_TIMEOUT_MS);
}
