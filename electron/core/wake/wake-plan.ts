/** How long a wake may take, and when its packets go. Pure. */
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { WakeWay } from '../../../shared/models/power.ts';
import type { WakeProgress } from '../../../shared/models/wake.ts';

/** The first packets: some devices need two or three, and one that dozed off again needs the later one. */
const FIRST_PACKETS_MS = [0, 100, 400];
const REPEAT_MS = 3000;

/** When packet number `index` (from 0) goes, milliseconds after the start. */
export function packetAtMs(index: number): number {
  const first = FIRST_PACKETS_MS[index];
  if (first !== undefined) return first;
  return (FIRST_PACKETS_MS.at(-1) ?? 0) + (index - FIRST_PACKETS_MS.length + 1) * REPEAT_MS;
}

/** A relay sends a round of its own each time it is asked. */
const RELAY_AT_MS = [0, 1000];
const RELAY_REPEAT_MS = 5000;

/** When a way is gone for the time number `index` (from 0), milliseconds after its start; null for not again. */
export function repeatAtMs(kind: WakeWay['kind'], index: number): number | null {
  if (kind === 'direct') return packetAtMs(index);
  if (kind === 'command') return index === 0 ? 0 : null;
  return RELAY_AT_MS[index] ?? 1000 + (index - RELAY_AT_MS.length + 1) * RELAY_REPEAT_MS;
}

const FOLLOW_UNKNOWN_MS = 20_000;
const FOLLOW_LEAST_MS = 10_000;
const FOLLOW_MOST_MS = 60_000;

/**
 * How long a machine may stay silent after a way that worked until the next one is gone as well: past its usual boot
 * time, but soon enough that every way has its turn before the wake is given up.
 */
export function followAfterMs(usualMs: number | null, limitMs: number, ways: number): number {
  const wanted =
    usualMs === null
      ? FOLLOW_UNKNOWN_MS
      : Math.min(FOLLOW_MOST_MS, Math.max(FOLLOW_LEAST_MS, Math.round(usualMs * 1.25)));
  return Math.min(wanted, Math.floor(limitMs / Math.max(1, ways)));
}

const LEARNED_FACTOR = 3;
/** A machine that usually resumes in seconds may have to boot for once. */
const LEAST_WITH_LEARNED_MS = 60_000;

/** How long to wait in all: three times the usual, or the setting where nothing was learned. */
export function wakeLimitMs(usualMs: number | null, settingMs: number): number {
  if (usualMs === null) return settingMs;
  return Math.max(usualMs * LEARNED_FACTOR, Math.min(settingMs, LEAST_WITH_LEARNED_MS));
}

/** The progress with the last step that a node's state stands for. A step that was reached is not taken back. */
export function reachedStep(wake: WakeProgress, state: NodeView['state']): WakeProgress {
  const reached = state === 'gpu-verified' ? 3 : isServing(state) ? 2 : state === 'booting' ? 1 : 0;
  const step = STEPS[Math.max(STEPS.indexOf(wake.step), reached)] ?? wake.step;
  return step === wake.step ? wake : { ...wake, step };
}

const STEPS: WakeProgress['step'][] = ['packet-sent', 'answers', 'serves', 'gpu-verified'];
