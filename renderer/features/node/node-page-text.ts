/** Texts of the Node page. */
import type { HistoryRange, NodeBucket } from '../../../shared/models/telemetry.ts';
import { formatAgo, formatAwake, plural } from '../../../shared/units.ts';

export const rangeNames: Record<HistoryRange, string> = { hour: 'Hour', day: 'Day', month: '30 days' };
export const rangeLabels: Record<HistoryRange, string> = {
  hour: 'the last hour',
  day: 'the last day',
  month: 'the last 30 days',
};

/** `a few seconds`, `12 min`, `3 days`. */
export function lasting(ms: number): string {
  return ms < 5000 ? 'a few seconds' : formatAgo(ms).replace(/ ago$/, '');
}

/** A chart line in a sentence: latest, average and highest value. */
export function lineText(
  what: string,
  range: HistoryRange,
  rows: readonly { at: number; value: number | null }[],
  format: (value: number) => string,
  formatAt: (at: number) => string,
): string {
  let known = 0;
  let sum = 0;
  let highest: { at: number; value: number } | null = null;
  let latest: number | null = null;
  for (const { at, value } of rows) {
    if (value === null) continue;
    known += 1;
    sum += value;
    latest = value;
    if (highest === null || value > highest.value) highest = { at, value };
  }
  if (highest === null || latest === null) return `${what} over ${rangeLabels[range]}: no data.`;
  return `${what} over ${rangeLabels[range]}: latest ${format(latest)}, average ${format(sum / known)}, highest ${format(highest.value)} at ${formatAt(highest.at)}.`;
}

/** The models that used VRAM in these buckets, largest first. */
export function modelsIn(buckets: readonly NodeBucket[]): string[] {
  const totals = new Map<string, number>();
  for (const { vramByModel, seconds } of buckets) {
    for (const [model, bytes] of Object.entries(vramByModel)) {
      if (bytes > 0) totals.set(model, (totals.get(model) ?? 0) + bytes * seconds);
    }
  }
  return [...totals].toSorted((a, b) => b[1] - a[1]).map(([model]) => model);
}

/** The timeline in a sentence. */
export function timelineText(on: readonly { from: number; to: number }[]): string {
  if (on.length === 0) return 'Not seen awake in the last 24 hours.';
  const seconds = on.reduce((sum, span) => sum + (span.to - span.from), 0) / 1000;
  return `Awake for ${formatAwake(seconds)} of the last 24 hours${on.length > 1 ? `, in ${plural(on.length, 'period')}` : ''}.`;
}
