/** When a node is probed next, and how long a probe may take. Pure. */
import { isServing } from '../../../shared/models/fleet.ts';
import { MISSES_UNTIL_OFF, type Observation } from './node-state.ts';

/** More than a minute even with jitter: a sleeping machine is contacted once a minute at most. */
const ASLEEP_MS = 66_000;
/** While the panel is in use. */
const ACTIVE_MS = 5000;
/** A machine that answered this recently may be restarting. */
const RECENT_MS = 120_000;
const LONGEST_TROUBLE_MS = 30_000;
const WAITED_FOR_MS = 2000;
/** After the first miss: whoever uses the node needs to know soon. */
const SECOND_PROBE_MS = 1000;
const WAKING_MS = 500;
const WAKING_SOON_MS = 200;
const WAKING_NEAR_MS = 100;
/** From this share of the usual boot time, an answer may come any moment. */
const SOON_SHARE = 0.5;
/** Between these shares, an answer is most likely. */
const NEAR_SHARES = [0.8, 1.5] as const;
const WAKING_TIMEOUT_MS = 600;
const NEAR_TIMEOUT_MS = 300;
const BOOTING_TIMEOUT_MS = 2000;

export interface WakePace {
  elapsedMs: number;
  expectedMs: number | null;
}

export interface PaceCircumstances {
  /** The setting. A longer interval is shortened only during a wake. */
  probeIntervalMs: number;
  /** The wake under way; null without one. */
  wake: WakePace | null;
  /** The panel is in use. */
  active: boolean;
  /** A job or a move waits for a change of this node, or its tools have to confirm that its GPU disappeared. */
  waitedFor?: boolean;
  /** Time since it last answered, milliseconds; null for never. */
  sinceSeenMs: number | null;
}

/** Milliseconds until the next probe, before jitter. */
export function nextProbeMs(
  observation: Pick<Observation, 'state' | 'misses'>,
  { probeIntervalMs, wake, active, waitedFor = false, sinceSeenMs }: PaceCircumstances,
): number {
  if (wake) return wakingProbeMs(observation, wake);
  const isRecent = sinceSeenMs !== null && sinceSeenMs < RECENT_MS;
  if (isServing(observation.state)) {
    if (observation.misses > 0) return Math.min(SECOND_PROBE_MS, probeIntervalMs);
    return waitedFor ? Math.min(WAITED_FOR_MS, probeIntervalMs) : probeIntervalMs;
  }
  if (waitedFor && isRecent) return Math.min(WAITED_FOR_MS, probeIntervalMs);
  const doublings = Math.min(16, Math.max(0, observation.misses - MISSES_UNTIL_OFF));
  const backedOffMs = probeIntervalMs * 2 ** doublings;
  if (observation.state !== 'off')
    return Math.max(probeIntervalMs, Math.min(LONGEST_TROUBLE_MS, backedOffMs));
  if (active) return Math.max(probeIntervalMs, ACTIVE_MS);
  return Math.max(probeIntervalMs, isRecent ? Math.min(ASLEEP_MS, backedOffMs) : ASLEEP_MS);
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
 * A connection attempt to a sleeping host hangs, and the system retries it only after a second. Short probes notice
 * sooner that it is up; they are shortest near the usual boot time. Once something answers, it gets more time.
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
