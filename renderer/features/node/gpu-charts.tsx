import { useMemo } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { isServing } from '../../../shared/models/serving.ts';
import type { NodeBucket } from '../../../shared/models/telemetry.ts';
import { formatMemory, VRAM_GIGABYTE } from '../../../shared/units.ts';
import { TimeChart } from '../../charts/chart-frame.tsx';
import { ChartHeight } from '../../charts/chart-parts.tsx';
import { type ChartRow, fillAxis, type Series, withEnd } from '../../charts/chart-row.ts';
import { describeLine, describeStack } from '../../charts/chart-text.ts';
import { ChartTimeProvider, useChartTime, useTime } from '../../charts/chart-time.tsx';
import { RangePicker } from '../../charts/range-picker.tsx';
import { Loading, Section, Skeleton } from '../../components/page.tsx';
import { readingColours } from '../../stores/colours.ts';
import { modelColour } from '../../stores/model-colours.ts';
import { modelsIn } from './node-page-text.ts';
import { ProcessBar } from './process-bar.tsx';
import { usePeriodFeed, useRange } from './use-node-history.ts';

const mostModels = 7;
const lineHeight = 150;

type Filled = { at: number; bucket: NodeBucket | null }[];

/** VRAM by model and GPU readings, over a time that can be chosen. */
export function GpuCharts({ node }: { node: NodeView }) {
  const time = useChartTime();
  const { period, first, last, label } = time;
  usePeriodFeed(node.id, period);
  const { buckets, seconds, state } = useRange(node, period);
  const rows = useMemo(() => fillAxis(buckets, { first, last, seconds }), [buckets, first, last, seconds]);
  return (
    <ChartTimeProvider value={time}>
      <Section
        title="GPU"
        aside={
          <div className="flex flex-wrap items-center justify-between gap-2">
            <span className="min-w-0 truncate">
              {node.gpus.map((gpu) => gpu.name).join(', ') || 'all GPUs together'}
            </span>
            <RangePicker />
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
                History for {label} could not be loaded. New data appears from now on.
              </p>
            )}
            <VramChart node={node} rows={rows} />
            <ChartHeight value={lineHeight}>
              <div className="grid gap-4 rail:grid-cols-3">
                {lines.map((line) => (
                  <Line key={line.what} awake={isServing(node.state)} rows={rows} {...line} />
                ))}
              </div>
            </ChartHeight>
          </div>
        )}
      </Section>
    </ChartTimeProvider>
  );
}

interface LineOf {
  what: string;
  read(bucket: NodeBucket): { value: number | null; low: number | null; high: number | null };
  format(value: number): string;
  /** The least height of the axis; `top` where it is fixed. */
  least?: number;
  top?: number;
  colour: string;
}

const lines: readonly LineOf[] = [
  {
    what: 'Utilisation',
    read: (bucket) => ({
      value: bucket.utilisationPercent,
      low: bucket.utilisationMinPercent,
      high: bucket.utilisationMaxPercent,
    }),
    format: (value) => `${Math.round(value)}%`,
    top: 100,
    colour: readingColours.utilisation,
  },
  {
    what: 'Temperature',
    read: (bucket) => ({
      // Buckets from before the mean was kept have the highest value alone.
      value: bucket.temperatureCelsius ?? bucket.temperatureMaxCelsius,
      low: bucket.temperatureMinCelsius,
      high: bucket.temperatureMaxCelsius,
    }),
    format: (value) => `${Math.round(value)} °C`,
    top: 100,
    colour: readingColours.temperature,
  },
  {
    what: 'Power',
    read: (bucket) => ({ value: bucket.powerWatts, low: bucket.powerMinWatts, high: bucket.powerMaxWatts }),
    format: (value) => `${Math.round(value)} W`,
    least: 100,
    colour: readingColours.power,
  },
];

function VramChart({ node, rows }: { node: NodeView; rows: Filled }) {
  const time = useTime();
  const { data, series } = useMemo(() => {
    const models = modelsIn(rows.flatMap(({ bucket }) => bucket ?? []));
    const shown = new Set(models.slice(0, mostModels));
    const list: Series[] = [...shown].map((model) => ({
      key: model,
      name: model,
      colour: modelColour(model),
    }));
    if (models.length > mostModels)
      list.push({ key: '', name: 'other models', colour: 'var(--series-other)' });
    const stacked = rows.map(({ at, bucket }): ChartRow => {
      const values: Record<string, number> = {};
      for (const [model, bytes] of Object.entries(bucket?.vramByModel ?? {})) {
        const key = shown.has(model) ? model : '';
        values[key] = (values[key] ?? 0) + bytes;
      }
      return bucket === null ? { at, values, missing: true } : { at, values };
    });
    return { data: withEnd(stacked), series: list };
  }, [rows]);
  return (
    <TimeChart
      title={`VRAM by model, ${node.name}`}
      kind="stack"
      rows={data}
      series={series}
      format={formatMemory}
      least={4 * VRAM_GIGABYTE}
      unit={VRAM_GIGABYTE}
      top={node.vram.totalBytes ?? undefined}
      summary={describeStack('VRAM in use by models', data, series, formatMemory, time)}
      empty={`No model was in VRAM in ${time.label}`}
      caption={`VRAM by model over ${time.label}`}
      head={
        <span className="flex flex-wrap items-baseline gap-x-3">
          <span className="font-medium">VRAM by model</span>
          <span className="text-faint">
            {node.vram.totalBytes === null
              ? 'size unknown; set it with Edit'
              : `of ${formatMemory(node.vram.totalBytes)}`}
          </span>
        </span>
      }
    >
      <ProcessBar node={node} />
    </TimeChart>
  );
}

function Line({
  awake,
  what,
  rows: filled,
  read,
  format,
  least,
  top,
  colour,
}: LineOf & { awake: boolean; rows: Filled }) {
  const time = useTime();
  const rows = useMemo(
    () =>
      filled.map(({ at, bucket }): ChartRow => {
        if (bucket === null) return { at, values: {}, missing: true };
        const { value, low, high } = read(bucket);
        const values = { value };
        return value === null || low === null || high === null
          ? { at, values }
          : { at, values, bands: { value: [low, high] } };
      }),
    [filled, read],
  );
  const isKnown = rows.some(({ values }) => (values.value ?? null) !== null);
  const latest = awake ? (rows.at(-1)?.values.value ?? rows.at(-2)?.values.value ?? null) : null;
  return (
    <TimeChart
      title={what}
      kind="lines"
      rows={rows}
      series={isKnown ? [{ key: 'value', name: what, colour }] : []}
      format={format}
      {...(least === undefined ? {} : { least })}
      top={top}
      summary={describeLine(what, rows, 'value', format, time)}
      empty={`No data for ${time.label}`}
      caption={`${what} over ${time.label}`}
      hasLegend={false}
      head={
        <span className="flex items-baseline justify-between gap-2">
          <span className="font-medium">{what}</span>
          <span className="font-medium tabular-nums" aria-hidden="true">
            {latest === null ? <span className="font-normal text-faint">–</span> : format(latest)}
          </span>
        </span>
      }
    />
  );
}
