/** Tick positions of a time axis, and how its moments are formatted. */
import { lateFormat } from '../late-intl.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const steps = [
  second,
  2 * second,
  5 * second,
  10 * second,
  15 * second,
  30 * second,
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

const clock = lateFormat({ hour: 'numeric', minute: '2-digit' });
const exact = lateFormat({ hour: 'numeric', minute: '2-digit', second: '2-digit' });
const date = lateFormat({ day: 'numeric', month: 'short' });
const dayAndClock = lateFormat({
  weekday: 'short',
  hour: 'numeric',
  minute: '2-digit',
});
const dateAndClock = lateFormat({
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: 'numeric',
  minute: '2-digit',
});

export const formatClock = (at: number) => clock.format(at);

interface Span {
  first: number;
  last: number;
}

/** Where ticks may be seconds apart. */
const isShort = ({ first, last }: Span) => last - first <= 5 * minute;

/** A tick: a clock time within a day or two, then with its day, then a date. */
export function formatTick({ first, last }: Span): (at: number) => string {
  if (isShort({ first, last })) return (at) => exact.format(at);
  if (last - first <= 36 * hour) return formatClock;
  return last - first < 6 * day ? (at) => dayAndClock.format(at) : (at) => date.format(at);
}

/** A single moment, with its day unless all of them are within an hour of now. */
export function formatMoment({ first, last }: Span, now = Date.now()): (at: number) => string {
  if (isShort({ first, last }) && now - first <= 2 * hour) return (at) => exact.format(at);
  return last - first <= hour && now - first <= 2 * hour ? formatClock : (at) => dateAndClock.format(at);
}
