/** Times as people type them. Pure. */
import { usageError } from './command.ts';

const factors: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `90m`, `2h`, `1.5 h`, `1h30m` as milliseconds. Throws a usage error. */
export function parseDuration(text: string): number {
  const parts = [
    ...text
      .trim()
      .toLowerCase()
      .matchAll(/(\d+(?:\.\d+)?)\s*(min|s|m|h|d)\s*/gy),
  ];
  const length = parts.reduce((sum, [part]) => sum + part.length, 0);
  const ms = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (factors[unit ?? ''] ?? 0), 0);
  if (parts.length === 0 || length !== text.trim().length || ms <= 0)
    throw usageError(`"${text}" is not a duration.`, 'Write it like 90m, 2h or 1h30m.');
  return ms;
}

/** `23:05` as minutes since midnight. Throws a usage error. */
export function parseMinuteOfDay(text: string): number {
  const match = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text.trim());
  if (!match) throw usageError(`"${text}" is not a time of day.`, 'Write it like 23:05.');
  return Number(match[1]) * 60 + Number(match[2]);
}

export function formatMinuteOfDay(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}

/** `23:00-07:00`; null for `none`. Throws a usage error. */
export function parseHours(text: string): { from: number; to: number } | null {
  if (text.trim() === 'none') return null;
  const [from, to, ...rest] = text.split('-');
  if (from === undefined || to === undefined || rest.length > 0)
    throw usageError(`"${text}" is not a range of hours.`, 'Write it like 23:00-07:00, or none.');
  return { from: parseMinuteOfDay(from), to: parseMinuteOfDay(to) };
}

/** When this minute of the day comes next, in local time; milliseconds since the epoch. */
export function nextMinuteOfDay(minute: number, now: number): number {
  const at = new Date(now);
  at.setHours(Math.floor(minute / 60), minute % 60, 0, 0);
  if (at.getTime() <= now) at.setDate(at.getDate() + 1);
  return at.getTime();
}
