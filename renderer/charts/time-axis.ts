/** Tick positions of a time axis, and how its moments are formatted. */
import type { HistoryRange } from '../../shared/models/telemetry.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const steps = [
  minute,
  2 * minute,
  5 * minute,
  10 * minute,
  15 * minute,
  30 * minute,
  hour,
  2 * hour,
  4 * hour,
  6 * hour,
  12 * hour,
  day,
  2 * day,
  5 * day,
  7 * day,
  10 * day,
  15 * day,
];

/** Round local times from `first` to `last`, about `most` of them and never more. */
export function timeTicks(first: number, last: number, most = 6): number[] {
  const step = steps.find((one) => (last - first) / one <= most) ?? 15 * day;
  const shift = new Date(last).getTimezoneOffset() * minute;
  const ticks: number[] = [];
  for (let at = Math.ceil((first - shift) / step) * step + shift; at <= last; at += step) ticks.push(at);
  return ticks;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const date = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const dateAndClock = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: 'numeric',
  minute: '2-digit',
});

export const formatClock = (at: number) => clock.format(at);

/** A tick: a clock time within a day, else a date. */
export function formatTick(range: HistoryRange): (at: number) => string {
  return range === 'month' ? (at) => date.format(at) : formatClock;
}

/** A single moment, with its day if the range is longer than an hour. */
export function formatMoment(range: HistoryRange): (at: number) => string {
  return range === 'hour' ? formatClock : (at) => dateAndClock.format(at);
}
