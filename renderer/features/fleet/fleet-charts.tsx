import { type ReactNode, useEffect, useMemo } from 'react';
import { useShallow } from 'zustand/react/shallow';
import { formatMemory, formatRate, VRAM_GIGABYTE } from '../../../shared/units.ts';
import { TimeChart } from '../../charts/chart-frame.tsx';
import { ChartHeight } from '../../charts/chart-parts.tsx';
import { withEnd } from '../../charts/chart-row.ts';
import { describeStack } from '../../charts/chart-text.ts';
import { ChartTimeProvider, useChartTime, useTime } from '../../charts/chart-time.tsx';
import { RangePicker } from '../../charts/range-picker.tsx';
import { usePageVisible } from '../../charts/use-visible.ts';
import { client } from '../../client/index.ts';
import { useNow } from '../../components/now.ts';
import { Section } from '../../components/page.tsx';
import { useAddress } from '../../components/use-address.ts';
import { useKeep } from '../../components/use-keep.ts';
import { useConnection } from '../../stores/connection.ts';
import { useCoreStatus } from '../../stores/core.ts';
import { selectNodes, useFleet } from '../../stores/fleet.ts';
import { loadFleetHistory, useFleetHistory } from '../../stores/fleet-history.ts';
import { bucketMs, historySignature, type NodeHistory, stackHour } from '../../stores/history.ts';
import { modelColour, nodeColour } from '../../stores/model-colours.ts';
import { isLive, loadBuckets, secondsOf, selectKept, useKeptBuckets } from '../../stores/node-buckets.ts';
import { useHistory } from '../../stores/telemetry.ts';
import { seedWork, useWork, workHour, workStore } from '../../stores/work.ts';
import {
  hourEnd,
  keysIn,
  largest,
  liveVramRows,
  paused,
  unknownBefore,
  vramRows,
  within,
  workRows,
} from './chart-rows.ts';
import { readVramOf, vramOfHash } from './fleet-address.ts';
import { QueueChart } from './queue-chart.tsx';

const most = 7;

/** @param dense in one line above a list, rather than below the cards */
export default function FleetCharts({ dense = false }: { dense?: boolean }) {
  const time = useChartTime();
  useFleetFeed();
  const charts = (
    <section aria-label="Charts" className={dense ? 'mb-6' : 'mt-6'}>
      <div className="mb-2 flex flex-wrap items-center justify-end gap-2">
        <Missing />
        <RangePicker />
      </div>
      <div className={`grid gap-x-4 gap-y-6 ${dense ? 'grid-cols-3' : 'rail:grid-cols-2 wide:grid-cols-3'}`}>
        <VramChart />
        <WorkChart />
        <QueueChart className={dense ? '' : 'rail:max-wide:col-span-2'} />
      </div>
    </section>
  );
  return (
    <ChartTimeProvider value={time}>
      {dense ? <ChartHeight value={denseHeight}>{charts}</ChartHeight> : charts}
    </ChartTimeProvider>
  );

  /** What the live stream doesn't have: asked for once, and again with each new bucket. */
  function useFleetFeed(): void {
    const { period } = time;
    const live = useConnection((status) => status.state === 'live');
    const now = useNow(typeof period === 'string' ? Math.max(60, secondsOf(period, [])) : 86_400);
    // biome-ignore lint/correctness/useExhaustiveDependencies: the time is a reason to ask again.
    useEffect(() => {
      if (!live || isLive(period, Date.now())) return;
      const abort = new AbortController();
      void loadFleetHistory(client, period, abort.signal);
      return () => abort.abort();
    }, [live, period, now]);
  }
}

const denseHeight = 120;

function Missing(): ReactNode {
  const { period, label } = useTime();
  const { state } = useFleetHistory(period);
  if (state !== 'failed' || isLive(period, Date.now())) return null;
  return <p className="text-[0.8125rem] text-soft">The history for {label} could not be loaded.</p>;
}

const signatureOfAll = (histories: Record<string, NodeHistory>) =>
  Object.entries(histories)
    .map(([nodeId, history]) => `${nodeId}:${historySignature(history)}`)
    .join(';');

const newestIn = (histories: Record<string, NodeHistory>) =>
  Object.values(histories).reduce((newest, { buckets }) => Math.max(newest, buckets.at(-1)?.at ?? 0), 0);

function VramChart() {
  const time = useTime();
  const { period, first, last } = time;
  const now = useNow(bucketMs / 1000);
  const { address, change } = useAddress(readVramOf, vramOfHash);
  const nodeId = address.nodeId ?? '';
  const visible = usePageVisible();
  const signature = useHistory(visible ? signatureOfAll : paused);
  const end = hourEnd(newestIn(useHistory.getState()), now);
  const nodes = useFleet(
    useShallow((state) =>
      selectNodes(state).flatMap((node) => (node.hasGpu === false ? [] : [`${node.id}\n${node.name}`])),
    ),
  );
  const { all } = useFleetHistory(period);
  const own = useKeptBuckets(selectKept(nodeId, period)).buckets;
  const live = useConnection((status) => status.state === 'live');
  useEffect(() => {
    if (!live || nodeId === '' || isLive(period, Date.now())) return;
    const abort = new AbortController();
    void loadBuckets(client, nodeId, period, abort.signal);
    return () => abort.abort();
  }, [live, nodeId, period]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the signature says when the histories matter.
  const { rows, series } = useMemo(() => {
    const histories = useHistory.getState();
    const chosen =
      nodeId === '' ? Object.values(histories) : [histories[nodeId] ?? { buckets: [], recent: [] }];
    const kept = nodeId === '' ? all : own;
    const known = isLive(period, now)
      ? within(liveVramRows(stackHour(chosen, end + bucketMs)), { first, last })
      : withEnd(vramRows(kept, { first, last, seconds: secondsOf(period, kept) }));
    return largest(known, keysIn(known), most, 'other models', (model) => ({
      key: model,
      name: model,
      colour: modelColour(model),
    }));
  }, [end, nodeId, signature, period, first, last, all, own]);

  return (
    <Section
      title="VRAM"
      aside={
        <label className="flex items-center justify-end gap-2">
          <span className="sr-only">Machine</span>
          <select
            value={nodeId}
            onChange={(event) => change({ nodeId: event.target.value || null })}
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
      <TimeChart
        title="VRAM by model"
        kind="stack"
        rows={rows}
        series={series}
        summary={describeStack('VRAM', rows, series, formatMemory, time)}
        format={formatMemory}
        least={4 * VRAM_GIGABYTE}
        unit={VRAM_GIGABYTE}
        empty={`No model was in VRAM in ${time.label}`}
        caption={`VRAM by model, ${time.label}`}
      />
    </Section>
  );
}

function WorkChart() {
  const time = useTime();
  const { period, first, last } = time;
  const now = useNow(bucketMs / 1000);
  const startedAt = useCoreStatus()?.startedAt ?? null;
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
  const { work, all, queues } = useFleetHistory(period);
  const names = useFleet(
    useShallow((state) => Object.fromEntries(selectNodes(state).map((node) => [node.id, node.name]))),
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: the signature says when the samples matter.
  const { rows, series } = useMemo(() => {
    const order = Object.keys(names);
    const watched = [...all, ...queues];
    const known = isLive(period, now)
      ? within(
          unknownBefore(
            workHour(useWork.getState().samples, end + bucketMs).rows.map(({ at, rates }) => ({
              at,
              values: rates,
            })),
            startedAt,
          ),
          { first, last },
        )
      : withEnd(workRows(work, watched, { first, last, seconds: secondsOf(period, [...watched, ...work]) }));
    return largest(known, keysIn(known), most, 'other machines', (id) => ({
      key: id,
      name: names[id] ?? id,
      colour: nodeColour(Math.max(0, order.indexOf(id))),
    }));
  }, [end, names, signature, startedAt, period, first, last, work, all, queues]);

  return (
    <Section title="Work" aside="vectors per second, by machine">
      <TimeChart
        title="Work by machine"
        kind="stack"
        rows={rows}
        series={series}
        summary={describeStack('Work', rows, series, formatVectors, time)}
        format={formatVectors}
        least={10}
        empty={`Nothing was embedded in ${time.label}`}
        caption={`Vectors per second by machine, ${time.label}`}
      />
    </Section>
  );
}

const formatVectors = (value: number) => formatRate(value, 'vec');
