import { useEffect, useMemo, useState } from 'react';
import { formatCount, formatDuration, formatRate } from '../../../shared/units.ts';
import { TimeChart, type TimeChartProps } from '../../charts/chart-frame.tsx';
import { type ChartRow, fillAxis, type Series, withEnd } from '../../charts/chart-row.ts';
import { describeLines, describeStack } from '../../charts/chart-text.ts';
import { ChartTimeProvider, useChartTime, useTime } from '../../charts/chart-time.tsx';
import { RangePicker } from '../../charts/range-picker.tsx';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { useNow } from '../../components/now.ts';
import { Section } from '../../components/page.tsx';
import { useConnection } from '../../stores/connection.ts';
import { selectNodes, useFleet } from '../../stores/fleet.ts';
import { modelColour, nodeColour } from '../../stores/model-colours.ts';
import { loadRequestHistory, requestSecondsOf, useRequestHistory } from '../../stores/requests.ts';
import { Choice } from './chart-choice.tsx';
import {
  firstTokenRows,
  noneKey,
  othersKey,
  p50Key,
  p95Key,
  rateRows,
  seriesKey,
  seriesKeys,
  speedRows,
  waitingRows,
} from './chart-rows.ts';
import type { Grouping } from './filter.ts';

const perMinute = (value: number) => formatRate(value, 'req').replace('/s', '/min');
const tokens = (value: number) => formatRate(value, 'tok');
/** Means are rarely whole. */
const waiting = (value: number) => (value >= 10 ? formatCount(value) : value.toFixed(1).replace(/\.0$/, ''));

/** What came through the gateway, in four charts. */
export default function RequestCharts({ by, onBy }: { by: Grouping; onBy(by: Grouping): void }) {
  const time = useChartTime();
  const { period, first, last } = time;
  const { state, buckets } = useRequestHistory(period);
  const seconds = requestSecondsOf(period, buckets);
  const live = useConnection((status) => status.state === 'live');
  // A new bucket each minute, and no more often than a bucket is wide. A time between two moments is complete.
  const now = useNow(typeof period === 'string' ? Math.max(60, seconds) : 86_400);
  const [tries, setTries] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each of these changes is a reason to ask again.
  useEffect(() => {
    if (!live) return;
    const abort = new AbortController();
    void loadRequestHistory(client, period, abort.signal);
    return () => abort.abort();
  }, [live, period, now, tries]);

  const keys = useMemo(() => seriesKeys(buckets, by), [buckets, by]);
  const filled = useMemo(() => fillAxis(buckets, { first, last, seconds }), [buckets, first, last, seconds]);
  const series = useSeries(keys, by);
  const aside = by === 'model' ? 'by model' : 'by machine';
  const empty = emptyText(state, time.label);
  const unanswered = state === 'ready' ? `Nothing was answered in ${time.label}` : empty;

  return (
    <ChartTimeProvider value={time}>
      <div className="mt-8 mb-3 flex min-h-8 flex-wrap items-center gap-x-4 gap-y-2">
        <h2 className="text-base font-semibold">What came through</h2>
        <div className="flex min-w-0 flex-1 flex-wrap justify-end gap-2">
          <Choice
            label="Show charts"
            value={by}
            options={{ model: 'By model', node: 'By machine' }}
            onChange={onBy}
          />
          <RangePicker />
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
        <Part
          kind="stack"
          title="Requests"
          aside={`a minute, ${aside}`}
          series={series}
          rows={useMemo(() => withEnd(rateRows(filled, keys, by)), [filled, keys, by])}
          format={perMinute}
          empty={empty}
        />
        <Part
          kind="stack"
          title="Waiting"
          aside={`on average, ${aside}`}
          series={series}
          rows={useMemo(() => withEnd(waitingRows(filled, keys, by)), [filled, keys, by])}
          format={waiting}
          empty={state === 'ready' ? `Nothing waited in ${time.label}` : empty}
        />
        <Part
          kind="lines"
          title="To the first token"
          aside="median, and p95 of all"
          series={useMemo(() => firstTokenSeries(series), [series])}
          rows={useMemo(() => firstTokenRows(filled, keys, by), [filled, keys, by])}
          format={formatDuration}
          empty={empty}
        />
        <Part
          kind="lines"
          title="Speed"
          aside={`tokens per second of one request, ${aside}`}
          series={series}
          rows={useMemo(() => speedRows(filled, keys, by), [filled, keys, by])}
          format={tokens}
          empty={unanswered}
        />
      </div>
    </ChartTimeProvider>
  );
}

const emptyText = (state: string, label: string) =>
  state === 'loading' ? 'Loading…' : state === 'failed' ? 'Not loaded' : `No requests in ${label}`;

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

const firstTokenSeries = (series: readonly Series[]): Series[] => [
  ...series.map((one) => ({ ...one, key: seriesKey(one.key) })),
  { key: p50Key, name: 'all, p50', colour: 'var(--text-soft)' },
  { key: p95Key, name: 'all, p95', colour: 'var(--text-faint)', dashed: true },
];

const has = (rows: readonly ChartRow[], key: string) => rows.some(({ values }) => (values[key] ?? 0) > 0);

function Part({
  aside,
  series,
  ...chart
}: Pick<TimeChartProps, 'kind' | 'title' | 'rows' | 'format' | 'empty' | 'series'> & { aside: string }) {
  const time = useTime();
  const { kind, title, rows, format } = chart;
  const shown = useMemo(() => series.filter(({ key }) => has(rows, key)), [series, rows]);
  const describe = kind === 'stack' ? describeStack : describeLines;
  return (
    <Section title={title} aside={aside}>
      <TimeChart
        {...chart}
        series={shown}
        summary={describe(title, rows, shown, format, time)}
        caption={`${title} ${aside}, ${time.label}`}
      />
    </Section>
  );
}
