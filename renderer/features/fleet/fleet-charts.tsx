import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import { useShallow } from 'zustand/react/shallow';
import { formatMemory, formatRate, VRAM_GIGABYTE } from '../../../shared/units.ts';
import { chartHeight, formatClock, type HourRow, Legend, type Series } from '../../charts/chart-parts.tsx';
import { ChartTable } from '../../charts/chart-table.tsx';
import { usePageVisible } from '../../charts/use-visible.ts';
import { client } from '../../client/index.ts';
import { useNow } from '../../components/now.ts';
import { cardClass, Section, Skeleton } from '../../components/page.tsx';
import { useKeep } from '../../components/use-keep.ts';
import { useConnection } from '../../stores/connection.ts';
import { selectNodes, useFleet } from '../../stores/fleet.ts';
import { bucketMs, type NodeHistory, stackHour } from '../../stores/history.ts';
import { modelColour, nodeColour } from '../../stores/model-colours.ts';
import { useHistory } from '../../stores/telemetry.ts';
import { seedWork, useWork, workHour, workStore } from '../../stores/work.ts';

const HourChart = lazy(() => import('../../charts/hour-chart.tsx'));

const most = 7;

export function FleetCharts() {
  return (
    <div className="mt-6 grid gap-x-4 gap-y-6 rail:grid-cols-2">
      <VramChart />
      <WorkChart />
    </div>
  );
}

/** Changes once per bucket, and when a series appears or disappears, so that charts are not redrawn on every frame. */
function historySignature(histories: Record<string, NodeHistory>): string {
  let signature = '';
  for (const [nodeId, history] of Object.entries(histories)) {
    const last = history.buckets.at(-1);
    if (last) signature += `${nodeId}:${last.at}:${Object.keys(last.vramByModel).join()};`;
  }
  return signature;
}

/**
 * The end of the hour: the newest bucket, so that a chart is drawn once per bucket. Without new buckets the clock moves
 * it on, one bucket later.
 */
const hourEnd = (newestAt: number, now: number) =>
  Math.max(Math.floor(newestAt / bucketMs) * bucketMs, now - bucketMs);

const newestIn = (histories: Record<string, NodeHistory>) =>
  Object.values(histories).reduce((newest, { buckets }) => Math.max(newest, buckets.at(-1)?.at ?? 0), 0);

/** Nothing is drawn while the page is hidden. */
const paused = () => 'paused';

function VramChart() {
  const now = useNow(bucketMs / 1000);
  const [nodeId, setNodeId] = useState('');
  const visible = usePageVisible();
  const signature = useHistory(visible ? historySignature : paused);
  const end = hourEnd(newestIn(useHistory.getState()), now);
  const nodes = useFleet(
    useShallow((state) =>
      selectNodes(state).flatMap((node) => (node.hasGpu === false ? [] : [`${node.id}\n${node.name}`])),
    ),
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: the signature says when the histories matter.
  const { rows, series, summary } = useMemo(() => {
    const histories = useHistory.getState();
    const chosen =
      nodeId === '' ? Object.values(histories) : [histories[nodeId] ?? { buckets: [], recent: [] }];
    const hour = stackHour(chosen, end + bucketMs);
    const list: Series[] = hour.models.slice(0, most).map((model) => ({
      key: model,
      name: model,
      colour: modelColour(model),
    }));
    if (hour.models.length > most)
      list.push({ key: '', name: 'other models', colour: 'var(--series-other)' });
    const shown = new Set(list.map(({ key }) => key));
    const data: HourRow[] = hour.rows.map(({ at, bytes }) => {
      const values: Record<string, number> = {};
      for (const [model, amount] of Object.entries(bytes)) {
        const key = shown.has(model) ? model : '';
        values[key] = (values[key] ?? 0) + amount;
      }
      return { at, values };
    });
    return { rows: fromFirst(data), series: list, summary: describe('VRAM', data, list, formatMemory) };
  }, [end, nodeId, signature]);

  return (
    <Section
      title="VRAM, last hour"
      aside={
        <label className="flex items-center justify-end gap-2">
          <span className="sr-only">Machine</span>
          <select
            value={nodeId}
            onChange={(event) => setNodeId(event.target.value)}
            className="h-8 max-w-56 min-w-0 rounded-lg border border-line-strong bg-surface px-2 text-text"
          >
            <option value="">All machines</option>
            {nodes.map((node) => {
              const [id = '', name = ''] = node.split('\n');
              return (
                <option key={id} value={id}>
                  {name}
                </option>
              );
            })}
          </select>
        </label>
      }
    >
      <ChartFrame
        rows={rows}
        series={series}
        summary={summary}
        format={formatMemory}
        least={4 * VRAM_GIGABYTE}
        unit={VRAM_GIGABYTE}
        empty="No model was in VRAM in the last hour"
        caption="VRAM by model, last hour"
      />
    </Section>
  );
}

function WorkChart() {
  const now = useNow(bucketMs / 1000);
  const live = useConnection((status) => status.state === 'live');
  useKeep(workStore);
  useEffect(() => {
    if (live) void seedWork(client);
  }, [live]);
  const visible = usePageVisible();
  const signature = useWork(
    visible
      ? ({ samples }) =>
          `${Math.floor((samples.at(-1)?.at ?? 0) / bucketMs)}:${Object.keys(samples.at(-1)?.vectorsPerSecondByNode ?? {}).join()}`
      : paused,
  );
  const end = hourEnd(useWork.getState().samples.at(-1)?.at ?? 0, now);
  const names = useFleet(
    useShallow((state) => Object.fromEntries(selectNodes(state).map((node) => [node.id, node.name]))),
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: the signature says when the samples matter.
  const { rows, series, summary } = useMemo(() => {
    const hour = workHour(useWork.getState().samples, end + bucketMs);
    const order = Object.keys(names);
    const list: Series[] = hour.nodeIds.slice(0, most).map((id) => ({
      key: id,
      name: names[id] ?? id,
      colour: nodeColour(Math.max(0, order.indexOf(id))),
    }));
    const data: HourRow[] = hour.rows.map(({ at, rates }) => ({ at, values: rates }));
    return { rows: fromFirst(data), series: list, summary: describe('Work', data, list, formatVectors) };
  }, [end, names, signature]);

  return (
    <Section title="Work, last hour" aside="vectors per second, by machine">
      <ChartFrame
        rows={rows}
        series={series}
        summary={summary}
        format={formatVectors}
        least={10}
        unit={1}
        empty="Nothing was embedded in the last hour"
        caption="Vectors per second by machine, last hour"
      />
    </Section>
  );
}

const formatVectors = (value: number) => formatRate(value, 'vec');

function ChartFrame({
  rows,
  series,
  summary,
  format,
  least,
  unit,
  empty,
  caption,
}: {
  rows: HourRow[];
  series: Series[];
  summary: string;
  format: (value: number) => string;
  least: number;
  unit: number;
  empty: string;
  caption: string;
}) {
  return (
    <figure className={`${cardClass} p-4`}>
      <figcaption className="sr-only">{summary}</figcaption>
      {series.length === 0 ? (
        <p
          className="flex items-center justify-center text-[0.8125rem] text-faint"
          style={{ height: chartHeight }}
        >
          {empty}
        </p>
      ) : (
        <Suspense
          fallback={
            <div style={{ height: chartHeight }}>
              <Skeleton className="h-full" />
            </div>
          }
        >
          <HourChart rows={rows} series={series} format={format} least={least} unit={unit} />
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
            .filter((row) => Object.values(row.values).some((value) => value > 0))
            .toReversed()
            .map((row) => ({
              key: row.at,
              cells: [
                formatClock(row.at),
                ...series.map(({ key }) => (row.values[key] ? format(row.values[key]) : '–')),
              ],
            }))
        }
      />
    </figure>
  );
}

/** In its first hour a chart starts at its first value, and spans at least ten minutes. */
function fromFirst(rows: HourRow[]): HourRow[] {
  const first = rows.findIndex((row) => Object.keys(row.values).length > 0);
  return rows.slice(Math.max(0, Math.min(first - 1, rows.length - 20)));
}

/** The chart in a sentence: its latest and highest values. */
function describe(
  what: string,
  rows: readonly HourRow[],
  series: readonly Series[],
  format: (value: number) => string,
): string {
  if (series.length === 0) return `${what} over the last hour: no data.`;
  const sum = (row: HourRow) => Object.values(row.values).reduce((total, value) => total + value, 0);
  const last = rows.findLast((row) => sum(row) > 0);
  const highest = rows.reduce((best, row) => (sum(row) > sum(best) ? row : best));
  const parts = series
    .filter(({ key }) => (last?.values[key] ?? 0) > 0)
    .map(({ key, name }) => `${name} ${format(last?.values[key] ?? 0)}`);
  return `${what} over the last hour. Latest, at ${formatClock(last?.at ?? 0)}: ${parts.join(', ')}. Highest: ${format(sum(highest))} at ${formatClock(highest.at)}.`;
}
