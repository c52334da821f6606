import { type ReactNode, Suspense, useContext } from 'react';
import { cardClass, Skeleton } from '../components/page.tsx';
import { ChartHeight, formatClock, type HourRow, Legend, type Series } from './chart-parts.tsx';
import { ChartTable } from './chart-table.tsx';

/** A row of a chart; a value that is missing or null was not known. */
export interface ChartRow {
  at: number;
  values: Readonly<Record<string, number | null>>;
}

/** A chart with its legend, its text for screen readers and its table; a sentence where there is nothing to draw. */
export function ChartFrame({
  rows,
  series,
  summary,
  format,
  formatAt = formatClock,
  empty,
  caption,
  children,
}: {
  rows: readonly ChartRow[];
  series: readonly Series[];
  summary: string;
  format: (value: number, key: string) => string;
  formatAt?: (at: number) => string;
  empty: string;
  caption: string;
  /** The chart. It may be loaded late. */
  children: ReactNode;
}) {
  const height = useContext(ChartHeight);
  return (
    <figure className={`${cardClass} p-4`}>
      <figcaption className="sr-only">{summary}</figcaption>
      {series.length === 0 ? (
        <p
          className="flex items-center justify-center text-center text-[0.8125rem] text-faint"
          style={{ height }}
        >
          {empty}
        </p>
      ) : (
        <Suspense
          fallback={
            <div style={{ height }}>
              <Skeleton className="h-full" />
            </div>
          }
        >
          {children}
        </Suspense>
      )}
      <div className="mt-3">
        <Legend series={series} />
      </div>
      <ChartTable
        caption={caption}
        heads={['Time', ...series.map(({ name }) => name)]}
        rows={() =>
          rows
            .filter((row) => Object.values(row.values).some((value) => (value ?? 0) > 0))
            .toReversed()
            .map((row) => ({
              key: row.at,
              cells: [
                formatAt(row.at),
                ...series.map(({ key }) => (row.values[key] ? format(row.values[key], key) : '–')),
              ],
            }))
        }
      />
    </figure>
  );
}

/** A stacked chart in a sentence: its latest and highest values. @param period `the last hour` */
export function describeStack(
  what: string,
  rows: readonly HourRow[],
  series: readonly Series[],
  format: (value: number) => string,
  { period = 'the last hour', formatAt = formatClock } = {},
): string {
  if (series.length === 0) return `${what} over ${period}: no data.`;
  const sum = (row: HourRow) => Object.values(row.values).reduce((total, value) => total + value, 0);
  const last = rows.findLast((row) => sum(row) > 0);
  const highest = rows.reduce((best, row) => (sum(row) > sum(best) ? row : best));
  const parts = series
    .filter(({ key }) => (last?.values[key] ?? 0) > 0)
    .map(({ key, name }) => `${name} ${format(last?.values[key] ?? 0)}`);
  return `${what} over ${period}. Latest, at ${formatAt(last?.at ?? 0)}: ${parts.join(', ')}. Highest: ${format(sum(highest))} at ${formatAt(highest.at)}.`;
}
