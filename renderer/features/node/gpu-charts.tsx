import { Suspense, useMemo } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { isServing } from '../../../shared/models/serving.ts';
import type { HistoryRange, NodeBucket } from '../../../shared/models/telemetry.ts';
import { formatMemory, VRAM_GIGABYTE } from '../../../shared/units.ts';
import { chartHeight, type HourRow, Legend, type Series } from '../../charts/chart-parts.tsx';
import { ChartTable } from '../../charts/chart-table.tsx';
import { LineChart } from '../../charts/line-chart.tsx';
import { niceAbove } from '../../charts/nice.ts';
import { formatMoment } from '../../charts/time-axis.ts';
import { latePart } from '../../components/late-part.ts';
import { cardClass, Loading, Section, Skeleton } from '../../components/page.tsx';
import { modelColour } from '../../stores/model-colours.ts';
import { fillRange, rangeShape } from '../../stores/node-buckets.ts';
import { lineText, modelsIn, rangeLabels, rangeNames } from './node-page-text.ts';
import { ProcessBar } from './process-bar.tsx';
import type { RangeHistory } from './use-node-history.ts';

const HourChart = latePart(() => import('../../charts/hour-chart.tsx'));
const ranges: readonly HistoryRange[] = ['hour', 'day', 'month'];
const mostModels = 7;

type Filled = ReturnType<typeof fillRange>;

/** VRAM by model and GPU readings over an hour, a day or 30 days. */
export function GpuCharts({
  node,
  range,
  onRange,
  history,
}: {
  node: NodeView;
  range: HistoryRange;
  onRange(range: HistoryRange): void;
  history: RangeHistory;
}) {
  const { buckets, now, state } = history;
  const rows = useMemo(() => trim(fillRange(buckets, rangeShape[range], now), range), [buckets, range, now]);
  return (
    <Section
      title="GPU"
      aside={
        <div className="flex flex-wrap items-center justify-between gap-2">
          <span className="min-w-0 truncate">
            {node.gpus.map((gpu) => gpu.name).join(', ') || 'all GPUs together'}
          </span>
          <RangeChoice range={range} onRange={onRange} />
        </div>
      }
    >
      {state === 'loading' ? (
        <Loading what="the charts">
          <div className="grid gap-4">
            <Skeleton className="h-72" />
            <Skeleton className="h-44" />
          </div>
        </Loading>
      ) : (
        <div className="grid gap-4">
          {state === 'failed' && (
            <p className="text-[0.8125rem] text-soft">
              History for {rangeLabels[range]} could not be loaded. New data appears from now on.
            </p>
          )}
          <VramChart node={node} rows={rows} range={range} />
          <div className="grid gap-4 md:grid-cols-3">
            <Line
              awake={isServing(node.state)}
              what="Utilisation"
              range={range}
              rows={rows}
              read={(bucket) => bucket.utilisationPercent}
              format={percent}
              top={() => 100}
              colour="var(--flame)"
            />
            <Line
              awake={isServing(node.state)}
              what="Temperature"
              range={range}
              rows={rows}
              read={(bucket) => bucket.temperatureMaxCelsius}
              format={celsius}
              top={(highest) => (highest <= 100 ? 100 : niceAbove(highest))}
              colour="var(--series-6)"
            />
            <Line
              awake={isServing(node.state)}
              what="Power"
              range={range}
              rows={rows}
              read={(bucket) => bucket.powerWatts}
              format={watts}
              top={(highest) => niceAbove(Math.max(100, highest))}
              colour="var(--series-1)"
            />
          </div>
        </div>
      )}
    </Section>
  );
}

const percent = (value: number) => `${Math.round(value)}%`;
const celsius = (value: number) => `${Math.round(value)} °C`;
const watts = (value: number) => `${Math.round(value)} W`;

/** In its first hour a chart starts at its first value, and spans at least ten minutes. */
function trim(rows: Filled, range: HistoryRange): Filled {
  if (range !== 'hour') return rows;
  const first = rows.findIndex(({ bucket }) => bucket !== null);
  return rows.slice(Math.max(0, Math.min(first < 0 ? rows.length : first - 1, rows.length - 20)));
}

function RangeChoice({ range, onRange }: { range: HistoryRange; onRange(range: HistoryRange): void }) {
  return (
    <fieldset className="flex rounded-lg border border-line-strong p-0.5">
      <legend className="sr-only">Time range</legend>
      {ranges.map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={one === range}
          onClick={() => onRange(one)}
          className="h-7 rounded-md px-3 text-[0.8125rem] text-soft hover:text-text aria-pressed:bg-flame-wash aria-pressed:font-medium aria-pressed:text-flame-text"
        >
          {rangeNames[one]}
        </button>
      ))}
    </fieldset>
  );
}

function VramChart({ node, rows, range }: { node: NodeView; rows: Filled; range: HistoryRange }) {
  const { data, series } = useMemo(() => {
    const known = rows.flatMap(({ bucket }) => bucket ?? []);
    const models = modelsIn(known);
    const shown = new Set(models.slice(0, mostModels));
    const list: Series[] = [...shown].map((model) => ({
      key: model,
      name: model,
      colour: modelColour(model),
    }));
    if (models.length > mostModels)
      list.push({ key: '', name: 'other models', colour: 'var(--series-other)' });
    const stacked = rows.map(({ at, bucket }): HourRow => {
      const values: Record<string, number> = {};
      for (const [model, bytes] of Object.entries(bucket?.vramByModel ?? {})) {
        const key = shown.has(model) ? model : '';
        values[key] = (values[key] ?? 0) + bytes;
      }
      return bucket === null ? { at, values, missing: true } : { at, values };
    });
    return { data: stacked, series: list };
  }, [rows]);
  const sum = (row: HourRow) => Object.values(row.values).reduce((total, value) => total + value, 0);
  const summary = lineText(
    'VRAM in use by models',
    range,
    data.map((row) => ({ at: row.at, value: sum(row) })),
    formatMemory,
    formatMoment(range),
  );
  return (
    <figure className={`${cardClass} p-4`}>
      <figcaption className="mb-2 flex flex-wrap items-baseline gap-x-3 text-[0.8125rem]">
        <span className="font-medium">VRAM by model</span>
        <span className="text-faint">
          {node.vram.totalBytes === null
            ? 'size unknown; set it with Edit'
            : `of ${formatMemory(node.vram.totalBytes)}`}
        </span>
        <span className="sr-only">{summary}</span>
      </figcaption>
      {series.length === 0 ? (
        <Blank height={chartHeight}>No model was in VRAM in {rangeLabels[range]}</Blank>
      ) : (
        <Suspense
          fallback={
            <div style={{ height: chartHeight }}>
              <Skeleton className="h-full" />
            </div>
          }
        >
          <HourChart
            rows={data}
            series={series}
            format={formatMemory}
            least={4 * VRAM_GIGABYTE}
            unit={VRAM_GIGABYTE}
            top={node.vram.totalBytes ?? undefined}
            range={range}
          />
        </Suspense>
      )}
      <div className="mt-3">
        <Legend series={series} />
      </div>
      <ProcessBar node={node} />
      <ChartTable
        caption={`VRAM by model over ${rangeLabels[range]}`}
        heads={['Time', ...series.map(({ name }) => name)]}
        rows={() =>
          data
            .filter((row) => sum(row) > 0)
            .toReversed()
            .map((row) => ({
              key: row.at,
              cells: [
                formatMoment(range)(row.at),
                ...series.map(({ key }) => (row.values[key] ? formatMemory(row.values[key]) : '–')),
              ],
            }))
        }
      />
    </figure>
  );
}

function Line({
  awake,
  what,
  range,
  rows: filled,
  read,
  format,
  top,
  colour,
}: {
  awake: boolean;
  what: string;
  range: HistoryRange;
  rows: Filled;
  read(bucket: NodeBucket): number | null;
  format(value: number): string;
  top(highest: number): number;
  colour: string;
}) {
  const rows = filled.map(({ at, bucket }) => ({ at, value: bucket === null ? null : read(bucket) }));
  const known = rows.flatMap(({ value }) => value ?? []);
  const latest = awake ? (rows.at(-1)?.value ?? rows.at(-2)?.value ?? null) : null;
  return (
    <figure className={`${cardClass} min-w-0 p-4`}>
      <figcaption className="mb-2 flex items-baseline justify-between gap-2 text-[0.8125rem]">
        <span className="font-medium">{what}</span>
        <span className="font-medium tabular-nums" aria-hidden="true">
          {latest === null ? <span className="font-normal text-faint">–</span> : format(latest)}
        </span>
        <span className="sr-only">{lineText(what, range, rows, format, formatMoment(range))}</span>
      </figcaption>
      {known.length === 0 ? (
        <Blank height={116}>No data for {rangeLabels[range]}</Blank>
      ) : (
        <LineChart rows={rows} top={top(Math.max(...known))} format={format} range={range} colour={colour} />
      )}
      <ChartTable
        caption={`${what} over ${rangeLabels[range]}`}
        heads={['Time', what]}
        rows={() =>
          rows
            .filter(({ value }) => value !== null)
            .toReversed()
            .map(({ at, value }) => ({ key: at, cells: [formatMoment(range)(at), format(value ?? 0)] }))
        }
      />
    </figure>
  );
}

function Blank({ height, children }: { height: number; children: React.ReactNode }) {
  return (
    <p
      className="flex items-center justify-center text-center text-[0.8125rem] text-faint"
      style={{ height }}
    >
      {children}
    </p>
  );
}
