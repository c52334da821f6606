import { useEffect, useMemo, useState } from 'react';
import type { HistoryRange } from '../../../shared/models/telemetry.ts';
import { formatCount, formatDuration, formatRate } from '../../../shared/units.ts';
import { ChartFrame, type ChartRow, describeStack } from '../../charts/chart-frame.tsx';
import type { HourRow, Series } from '../../charts/chart-parts.tsx';
import type { LineSeries } from '../../charts/lines-chart.tsx';
import { formatMoment } from '../../charts/time-axis.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { latePart } from '../../components/late-part.ts';
import { useNow } from '../../components/now.ts';
import { Section } from '../../components/page.tsx';
import { useConnection } from '../../stores/connection.ts';
import { selectNodes, useFleet } from '../../stores/fleet.ts';
import { modelColour, nodeColour } from '../../stores/model-colours.ts';
import { loadRequestHistory, requestRanges, useRequestHistory } from '../../stores/requests.ts';
import { Choice } from './chart-choice.tsx';
import {
  firstTokenRows,
  fromFirstBucket,
  noneKey,
  othersKey,
  p50Key,
  p95Key,
  rateRows,
  seriesKey,
  seriesKeys,
  speedRows,
  waitingRows,
  wholeRange,
  withEnd,
} from './chart-rows.ts';
import type { Grouping } from './filter.ts';

const HourChart = latePart(() => import('../../charts/hour-chart.tsx'));
const LinesChart = latePart(() => import('../../charts/lines-chart.tsx'));

const periods: Record<HistoryRange, string> = {
  hour: 'the last hour',
  day: 'the last day',
  month: 'the last 30 days',
};

const perMinute = (value: number) => formatRate(value, 'req').replace('/s', '/min');
const tokens = (value: number) => formatRate(value, 'tok');
/** Means are rarely whole. */
const waiting = (value: number) => (value >= 10 ? formatCount(value) : value.toFixed(1).replace(/\.0$/, ''));

/** What came through the gateway over a range of time, in four charts. */
export function RequestCharts({
  range,
  by,
  onRange,
  onBy,
}: {
  range: HistoryRange;
  by: Grouping;
  onRange(range: HistoryRange): void;
  onBy(by: Grouping): void;
}) {
  const { state, buckets } = useRequestHistory(range);
  const { seconds, spanMs } = requestRanges[range];
  const live = useConnection((status) => status.state === 'live');
  // A new bucket each minute, and no more often than a bucket is wide.
  const now = useNow(Math.max(60, seconds));
  const [tries, setTries] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each of these changes is a reason to ask again.
  useEffect(() => {
    if (!live) return;
    const abort = new AbortController();
    void loadRequestHistory(client, range, abort.signal);
    return () => abort.abort();
  }, [live, range, now, tries]);

  const keys = useMemo(() => seriesKeys(buckets, by), [buckets, by]);
  const filled = useMemo(
    () => fromFirstBucket(wholeRange(buckets, { seconds, spanMs }, now)),
    [buckets, seconds, spanMs, now],
  );
  const series = useSeries(keys, by);
  const period = periods[range];
  const aside = by === 'model' ? 'by model' : 'by machine';
  const unanswered = state === 'ready' ? `Nothing was answered in ${period}` : emptyText(state, period);
  const shared = { range, period, series, empty: emptyText(state, period) };

  return (
    <>
      <div className="mt-8 mb-3 flex min-h-8 flex-wrap items-center gap-x-4 gap-y-2">
        <h2 className="text-base font-semibold">What came through</h2>
        <div className="flex min-w-0 flex-1 flex-wrap justify-end gap-2">
          <Choice
            label="Show charts"
            value={by}
            options={{ model: 'By model', node: 'By machine' }}
            onChange={onBy}
          />
          <Choice
            label="Period"
            value={range}
            options={{ hour: 'Hour', day: 'Day', month: '30 days' }}
            onChange={onRange}
          />
        </div>
      </div>
      {state === 'failed' && (
        <p className="mb-3 flex flex-wrap items-center gap-3 text-[0.8125rem] text-soft">
          The history could not be loaded.
          <Button size="small" onClick={() => setTries(tries + 1)}>
            Try again
          </Button>
        </p>
      )}
      <div className="grid gap-x-4 gap-y-6 rail:grid-cols-2 wide:grid-cols-4">
        <Stacked
          {...shared}
          title="Requests"
          aside={`a minute, ${aside}`}
          rows={useMemo(() => rateRows(filled, keys, by), [filled, keys, by])}
          format={perMinute}
          least={1}
        />
        <Stacked
          {...shared}
          title="Waiting"
          aside={`on average, ${aside}`}
          rows={useMemo(() => waitingRows(filled, keys, by), [filled, keys, by])}
          format={waiting}
          least={1}
          empty={state === 'ready' ? `Nothing waited in ${period}` : shared.empty}
        />
        <FirstToken {...shared} rows={useMemo(() => firstTokenRows(filled, keys, by), [filled, keys, by])} />
        <Lines
          {...shared}
          title="Speed"
          aside={`tokens per second of one request, ${aside}`}
          rows={useMemo(() => speedRows(filled, keys, by), [filled, keys, by])}
          format={tokens}
          empty={unanswered}
        />
      </div>
    </>
  );
}

const emptyText = (state: string, period: string) =>
  state === 'loading' ? 'Loading…' : state === 'failed' ? 'Not loaded' : `No requests in ${period}`;

function useSeries(keys: readonly string[], by: Grouping): Series[] {
  const nodes = useFleet((state) => selectNodes(state));
  return useMemo(() => {
    const place = new Map(nodes.map(({ id }, index) => [id, index]));
    const names = new Map(nodes.map(({ id, name }) => [id, name]));
    return keys.map((key) => {
      if (key === othersKey)
        return {
          key,
          name: by === 'model' ? 'other models' : 'other machines',
          colour: 'var(--series-other)',
        };
      if (key === noneKey)
        return { key, name: by === 'model' ? 'no model named' : 'no machine', colour: 'var(--cold)' };
      return by === 'model'
        ? { key, name: key, colour: modelColour(key) }
        : { key, name: names.get(key) ?? key, colour: nodeColour(place.get(key) ?? 0) };
    });
  }, [keys, by, nodes]);
}

interface PartProps {
  title: string;
  aside: string;
  range: HistoryRange;
  period: string;
  series: readonly Series[];
  empty: string;
}

const has = (rows: readonly ChartRow[], key: string) => rows.some(({ values }) => (values[key] ?? 0) > 0);

function Stacked({
  title,
  aside,
  range,
  period,
  series,
  rows,
  format,
  least,
  empty,
}: PartProps & { rows: readonly HourRow[]; format(value: number): string; least: number }) {
  const shown = series.filter(({ key }) => has(rows, key));
  const formatAt = formatMoment(range);
  return (
    <Section title={title} aside={aside}>
      <ChartFrame
        rows={rows}
        series={shown}
        summary={describeStack(title, rows, shown, format, { period, formatAt })}
        format={format}
        formatAt={formatAt}
        empty={empty}
        caption={`${title} ${aside}, ${period}`}
      >
        <HourChart rows={withEnd(rows)} series={shown} format={format} least={least} unit={1} range={range} />
      </ChartFrame>
    </Section>
  );
}

function Lines({
  title,
  aside,
  range,
  period,
  series,
  rows,
  format,
  empty,
}: Omit<PartProps, 'series'> & {
  series: readonly LineSeries[];
  rows: readonly ChartRow[];
  format(value: number): string;
}) {
  const shown = series.filter(({ key }) => has(rows, key));
  const formatAt = formatMoment(range);
  return (
    <Section title={title} aside={aside}>
      <ChartFrame
        rows={rows}
        series={shown}
        summary={describeLines(title, rows, shown, format, period)}
        format={format}
        formatAt={formatAt}
        empty={empty}
        caption={`${title} ${aside}, ${period}`}
      >
        <LinesChart rows={rows} series={shown} format={format} range={range} />
      </ChartFrame>
    </Section>
  );
}

function FirstToken({ series, ...rest }: Omit<PartProps, 'title' | 'aside'> & { rows: readonly ChartRow[] }) {
  const lines: LineSeries[] = [
    ...series.map((one) => ({ ...one, key: seriesKey(one.key) })),
    { key: p50Key, name: 'all, p50', colour: 'var(--text-soft)' },
    { key: p95Key, name: 'all, p95', colour: 'var(--text-faint)', dashed: true },
  ];
  return (
    <Lines
      {...rest}
      series={lines}
      title="To the first token"
      aside="median, and p95 of all"
      format={formatDuration}
    />
  );
}

/** Lines in a sentence: the latest value of each. */
function describeLines(
  what: string,
  rows: readonly ChartRow[],
  series: readonly Series[],
  format: (value: number) => string,
  period: string,
): string {
  if (series.length === 0) return `${what} over ${period}: no data.`;
  const parts = series.map(({ key, name }) => {
    const last = rows.findLast(({ values }) => (values[key] ?? 0) > 0);
    return `${name} ${format(last?.values[key] ?? 0)}`;
  });
  return `${what} over ${period}. Latest: ${parts.join(', ')}.`;
}
