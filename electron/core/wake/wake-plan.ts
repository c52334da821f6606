/** How long a wake may take, and when its packets are sent. Pure. */
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { WakeWay } from '../../../shared/models/power.ts';
import type { WakeProgress } from '../../../shared/models/wake.ts';

/** The first packets: some devices need two or three, and one that falls asleep again needs a later one. */
const FIRST_PACKETS_MS = [0, 100, 400];
const REPEAT_MS = 3000;

/** When packet number `index` (from 0) is sent, milliseconds after the start. */
export function packetAtMs(index: number): number {
  const first = FIRST_PACKETS_MS[index];
  if (first !== undefined) return first;
  return (FIRST_PACKETS_MS.at(-1) ?? 0) + (index - FIRST_PACKETS_MS.length + 1) * REPEAT_MS;
}

/** A relay sends several packets for each request. */
const RELAY_AT_MS = [0, 1000];
const RELAY_REPEAT_MS = 5000;

/** When a method is used for the `index`-th time (from 0), milliseconds after its start; null for not again. */
export function repeatAtMs(kind: WakeWay['kind'], index: number): number | null {
  if (kind === 'direct') return packetAtMs(index);
  if (kind === 'command') return index === 0 ? 0 : null;
  return RELAY_AT_MS[index] ?? 1000 + (index - RELAY_AT_MS.length + 1) * RELAY_REPEAT_MS;
}

const NEXT_METHOD_DEFAULT_MS = 20_000;
const NEXT_METHOD_SHORTEST_MS = 10_000;
const NEXT_METHOD_LONGEST_MS = 60_000;

/**
 * How long to wait for a silent machine after a method worked before the next one is tried as well: longer than its
 * usual boot time, but short enough that every method gets its turn within the limit.
 */
export function nextMethodAfterMs(usualMs: number | null, limitMs: number, methods: number): number {
  const wanted =
    usualMs === null
      ? NEXT_METHOD_DEFAULT_MS
      : Math.min(NEXT_METHOD_LONGEST_MS, Math.max(NEXT_METHOD_SHORTEST_MS, Math.round(usualMs * 1.25)));
  return Math.min(wanted, Math.floor(limitMs / Math.max(1, methods)));
}

const LEARNED_FACTOR = 3;
/** A machine that usually resumes in seconds may have to boot this time. */
const SHORTEST_LEARNED_LIMIT_MS = 60_000;

/** The limit for the whole wake: three times the usual boot time, or the setting while that is unknown. */
export function wakeLimitMs(usualMs: number | null, settingMs: number): number {
  if (usualMs === null) return settingMs;
  return Math.max(usualMs * LEARNED_FACTOR, Math.min(settingMs, SHORTEST_LEARNED_LIMIT_MS));
}

/** The progress advanced to the step that a node's state implies. It never goes back a step. */
export function reachedStep(wake: WakeProgress, state: NodeView['state']): WakeProgress {
  const reached = state === 'gpu-verified' ? 3 : isServing(state) ? 2 : state === 'booting' ? 1 : 0;
  const step = STEPS[Math.max(STEPS.indexOf(wake.step), reached)] ?? wake.step;
  return step === wake.step ? wake : { ...wake, step };
}

const STEPS: WakeProgress['step'][] = ['packet-sent', 'answers', 'serves', 'gpu-verified'];
