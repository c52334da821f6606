/** The choices of a policy, as its sentences say them. Pure. */
import type { PowerPolicy } from '../../../shared/models/power.ts';

type Choices<Value extends string> = readonly { value: Value; words: string }[];

export const wakeForChoices: Choices<PowerPolicy['wakeFor']> = [
  { value: 'jobs', words: 'jobs and people' },
  { value: 'people', words: 'people only' },
  { value: 'never', words: 'nobody' },
];

export const powerOffChoices: Choices<PowerPolicy['powerOff']> = [
  { value: 'when-woken', words: 'only if Pilotlight woke it' },
  { value: 'always', words: 'whoever woke it' },
  { value: 'never', words: 'never' },
];

export const actionChoices: Choices<PowerPolicy['action']> = [
  { value: 'shutdown', words: 'shut it down' },
  { value: 'sleep', words: 'let it sleep' },
  { value: 'hibernate', words: 'hibernate it' },
];

/** The usual choices, and the one that is set where it is another. */
export function withOwn(usual: readonly number[], own: number): number[] {
  return [...new Set([...usual, own])].toSorted((a, b) => a - b);
}

/** `45 s`, `15 min`, `2 h`, `1 h 30 min`. */
export function secondsWords(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  const rest = seconds % 60;
  if (minutes < 60) return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Minutes since midnight as a time field has them: `07:05`. */
export function clockOf(minuteOfDay: number): string {
  const two = (value: number) => value.toString().padStart(2, '0');
  return `${two(Math.floor(minuteOfDay / 60))}:${two(minuteOfDay % 60)}`;
}

/** The other way; null where it is no time of the clock. */
export function minuteOf(clock: string): number | null {
  const match = /^(\d{1,2}):(\d{2})/.exec(clock);
  if (!match) return null;
  const minute = Number(match[1]) * 60 + Number(match[2]);
  return minute < 1440 && Number(match[2]) < 60 ? minute : null;
}

/** Watts as they were typed; null for none, undefined where it is no number that can be. */
export function wattsOf(text: string): number | null | undefined {
  const trimmed = text.trim().replace(',', '.');
  if (trimmed === '') return null;
  const watts = Number(trimmed);
  return watts >= 0 && watts <= 20_000 ? watts : undefined;
}
