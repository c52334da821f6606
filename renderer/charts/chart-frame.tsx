import { type ReactNode, Suspense, useContext } from 'react';
import { latePart } from '../components/late-part.ts';
import { cardClass, Skeleton } from '../components/page.tsx';
import { ChartHeight, Legend } from './chart-parts.tsx';
import type { ChartKind, ChartRow, Series } from './chart-row.ts';
import { ChartSave } from './chart-save.tsx';
import { ChartTable } from './chart-table.tsx';
import { useTime } from './chart-time.tsx';
import type { VerticalAxis } from './frame.ts';

const StackChart = latePart(() => import('./stack-chart.tsx'));
const LinesChart = latePart(() => import('./lines-chart.tsx'));

export interface TimeChartProps extends VerticalAxis {
  /** Its name, also in files that are saved. */
  title: string;
  kind: ChartKind;
  rows: readonly ChartRow[];
  series: readonly Series[];
  /** In a sentence, for screen readers. */
  summary: string;
  format: (value: number, key: string) => string;
  empty: string;
  caption: string;
  /** Above the chart. */
  head?: ReactNode;
  /** Below it. */
  children?: ReactNode;
  /** Within a card already. */
  isPlain?: boolean;
  /** A single line needs none. */
  hasLegend?: boolean;
}

/** A chart over the time of its page, with its legend, its text for screen readers, its table and its files. */
export function TimeChart({
  title,
  kind,
  rows,
  series,
  summary,
  format,
  empty,
  caption,
  head,
  children,
  hasLegend = true,
  isPlain = false,
  ...vertical
}: TimeChartProps) {
  const height = useContext(ChartHeight);
  const { formatAt } = useTime();
  // A stack has nothing where nothing is stacked; a line may be at zero.
  const isKnown = (value: number | null) => kind === 'lines' && value !== null;
  const Chart = kind === 'stack' ? StackChart : LinesChart;
  return (
    <figure className={isPlain ? 'min-w-0' : `${cardClass} min-w-0 p-4`}>
      <figcaption className={head ? 'mb-2 text-[0.8125rem]' : ''}>
        {head}
        <span className="sr-only">{summary}</span>
      </figcaption>
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
          <Chart label={title} rows={rows} series={series} format={format} {...vertical} />
        </Suspense>
      )}
      {hasLegend && (
        <div className="mt-3">
          <Legend series={series} />
        </div>
      )}
      {children}
      <div className="mt-1 flex flex-wrap items-start gap-x-3">
        <ChartTable
          caption={caption}
          heads={['Time', ...series.map(({ name }) => name)]}
          rows={() =>
            rows
              .filter((row) => Object.values(row.values).some((value) => (value ?? 0) > 0 || isKnown(value)))
              .toReversed()
              .map((row) => ({
                key: row.at,
                cells: [
                  formatAt(row.at),
                  ...series.map(({ key }) => {
                    const value = row.values[key] ?? null;
                    return value === null || (kind === 'stack' && value === 0) ? '–' : format(value, key);
                  }),
                ],
              }))
          }
        />
        {series.length > 0 && <ChartSave {...{ title, kind, rows, series, format, caption, ...vertical }} />}
      </div>
    </figure>
  );
}
