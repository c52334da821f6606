/** The time that the charts of a page show, and how it is kept in the address. Pure. */
import { historyMs } from '../../shared/history-ranges.ts';
import type { HistoryRange, HistorySpan } from '../../shared/models/telemetry.ts';
import { fieldsIn, hashWith, pagePart } from '../components/hash.ts';
import { formatMoment } from './time-axis.ts';

export const usualPeriod: HistoryRange = 'hour';
/** Less has too few buckets to be drawn. */
const leastMs = 120_000;
/** Nothing older is kept. */
export const mostMs = historyMs.month;

export const rangeNames: Readonly<Record<HistoryRange, string>> = {
  'fifteen-minutes': '15 min',
  hour: '1 h',
  'six-hours': '6 h',
  day: '24 h',
  week: '7 d',
  month: '30 d',
};

const rangeLabels: Readonly<Record<HistoryRange, string>> = {
  'fifteen-minutes': 'the last 15 minutes',
  hour: 'the last hour',
  'six-hours': 'the last 6 hours',
  day: 'the last day',
  week: 'the last 7 days',
  month: 'the last 30 days',
};

export interface Axis {
  first: number;
  last: number;
}

const isRange = (text: string): text is HistoryRange => Object.hasOwn(historyMs, text);

/** `day`, or `1700000000000-1700003600000`. */
export const periodText = (period: HistorySpan): string =>
  typeof period === 'string' ? period : `${period.from}-${period.to}`;

/** Anything that is no period is the usual one. */
export function readPeriod(text: string | null): HistorySpan {
  if (text === null) return usualPeriod;
  if (isRange(text)) return text;
  const [, from, to] = /^(\d{1,15})-(\d{1,15})$/.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to)];
  return last - first >= leastMs && last - first <= mostMs ? { from: first, to: last } : usualPeriod;
}

export const periodMs = (period: HistorySpan): number =>
  typeof period === 'string' ? historyMs[period] : period.to - period.from;

export const axisOf = (period: HistorySpan, now: number): Axis =>
  typeof period === 'string'
    ? { first: now - historyMs[period], last: now }
    : { first: period.from, last: period.to };

/** `the last hour`, or `Fri, 28 Nov, 3:10 PM to 4:20 PM`. */
export function periodLabel(period: HistorySpan): string {
  if (typeof period === 'string') return rangeLabels[period];
  const format = formatMoment(axisOf(period, 0));
  return `${format(period.from)} to ${format(period.to)}`;
}

/** A window of at least two minutes and at most 30 days that ends now at the latest, around the same middle if it can. */
export function windowOf(
  from: number,
  to: number,
  now: number,
  least = leastMs,
): { from: number; to: number } {
  const width = Math.min(mostMs, Math.max(least, Math.abs(to - from)));
  const middle = (from + to) / 2;
  const last = Math.min(now, middle + width / 2);
  return { from: Math.round(Math.max(0, last - width)), to: Math.round(last) };
}

/** Half as long around a moment, or twice as long around the middle. */
export function zoomed(
  { first, last }: Axis,
  factor: 0.5 | 2,
  around: number | null,
  now: number,
  least = leastMs,
) {
  const half = ((last - first) * factor) / 2;
  const middle = Math.min(Math.max(around ?? (first + last) / 2, first), last);
  return windowOf(middle - half, middle + half, now, least);
}

export const readPeriodField = (hash: string): { period: HistorySpan } => ({
  period: readPeriod(fieldsIn(hash).get('period')),
});

/** The hash of the same page with nothing but its period. */
export const periodHash = ({ period }: { period: HistorySpan }, page: string): string =>
  hashWith(pagePart(page), { period: period === usualPeriod ? null : periodText(period) });
