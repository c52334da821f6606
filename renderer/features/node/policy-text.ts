/** The choices of a policy, worded to fit its sentences. Pure. */
import type { PowerPolicy } from '../../../shared/models/power.ts';

type Choices<Value extends string> = readonly { value: Value; label: string }[];

export const wakeForChoices: Choices<PowerPolicy['wakeFor']> = [
  { value: 'jobs', label: 'jobs and people' },
  { value: 'people', label: 'people only' },
  { value: 'never', label: 'nothing' },
];

export const powerOffChoices: Choices<PowerPolicy['powerOff']> = [
  { value: 'when-woken', label: 'only if Pilotlight woke it' },
  { value: 'always', label: 'no matter who woke it' },
  { value: 'never', label: 'never' },
];

export const actionChoices: Choices<PowerPolicy['action']> = [
  { value: 'shutdown', label: 'shut it down' },
  { value: 'sleep', label: 'put it to sleep' },
  { value: 'hibernate', label: 'hibernate it' },
];

/** The usual choices, plus the current value if it is not one of them. */
export function withOwn(usual: readonly number[], own: number): number[] {
  return [...new Set([...usual, own])].toSorted((a, b) => a - b);
}

/** `45 s`, `15 min`, `2 h`, `1 h 30 min`. */
export function secondsText(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  const rest = seconds % 60;
  if (minutes < 60) return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Watts as typed; null if empty, undefined if not a valid number. */
export function wattsOf(text: string): number | null | undefined {
  const trimmed = text.trim().replace(',', '.');
  if (trimmed === '') return null;
  const watts = Number(trimmed);
  return watts >= 0 && watts <= 20_000 ? watts : undefined;
}
