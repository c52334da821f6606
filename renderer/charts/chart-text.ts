/** Charts in a sentence, for screen readers. Pure. */
import type { ChartRow, Series } from './chart-row.ts';

interface Words {
  /** `the last hour` */
  label: string;
  formatAt(at: number): string;
}

const sumOf = (row: ChartRow) =>
  Object.values(row.values).reduce<number>((sum, value) => sum + (value ?? 0), 0);

/** A stacked chart: its latest and highest values. */
export function describeStack(
  what: string,
  rows: readonly ChartRow[],
  series: readonly Series[],
  format: (value: number, key: string) => string,
  { label, formatAt }: Words,
): string {
  const first = rows[0];
  if (series.length === 0 || first === undefined) return `${what} over ${label}: no data.`;
  const last = rows.findLast((row) => sumOf(row) > 0);
  const highest = rows.reduce((best, row) => (sumOf(row) > sumOf(best) ? row : best), first);
  const parts = series
    .filter(({ key }) => (last?.values[key] ?? 0) > 0)
    .map(({ key, name }) => `${name} ${format(last?.values[key] ?? 0, key)}`);
  return `${what} over ${label}. Latest, at ${formatAt(last?.at ?? first.at)}: ${parts.join(', ')}. Highest: ${format(sumOf(highest), '')} at ${formatAt(highest.at)}.`;
}

/** Lines: the latest value of each. */
export function describeLines(
  what: string,
  rows: readonly ChartRow[],
  series: readonly Series[],
  format: (value: number, key: string) => string,
  { label }: Pick<Words, 'label'>,
): string {
  if (series.length === 0) return `${what} over ${label}: no data.`;
  const parts = series.map(({ key, name }) => {
    const last = rows.findLast(({ values }) => (values[key] ?? 0) > 0);
    return `${name} ${format(last?.values[key] ?? 0, key)}`;
  });
  return `${what} over ${label}. Latest: ${parts.join(', ')}.`;
}

/** One line: its latest, average and highest value. */
export function describeLine(
  what: string,
  rows: readonly ChartRow[],
  key: string,
  format: (value: number, key: string) => string,
  { label, formatAt }: Words,
): string {
  let known = 0;
  let sum = 0;
  let highest: { at: number; value: number } | null = null;
  let latest: number | null = null;
  for (const { at, values, bands } of rows) {
    const value = values[key] ?? null;
    if (value === null) continue;
    known += 1;
    sum += value;
    latest = value;
    const most = bands?.[key]?.[1] ?? value;
    if (highest === null || most > highest.value) highest = { at, value: most };
  }
  if (highest === null || latest === null) return `${what} over ${label}: no data.`;
  return `${what} over ${label}: latest ${format(latest, key)}, average ${format(sum / known, key)}, highest ${format(highest.value, key)} at ${formatAt(highest.at)}.`;
}
