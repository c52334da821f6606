import { useEffect, useMemo, useState } from 'react';
import { useShallow } from 'zustand/react/shallow';
import { formatMemory, formatRate, VRAM_GIGABYTE } from '../../../shared/units.ts';
import { ChartFrame, describeStack } from '../../charts/chart-frame.tsx';
import { ChartHeight, type HourRow, type Series } from '../../charts/chart-parts.tsx';
import { usePageVisible } from '../../charts/use-visible.ts';
import { client } from '../../client/index.ts';
import { latePart } from '../../components/late-part.ts';
import { useNow } from '../../components/now.ts';
import { Section } from '../../components/page.tsx';
import { useKeep } from '../../components/use-keep.ts';
import { useConnection } from '../../stores/connection.ts';
import { useCoreStatus } from '../../stores/core.ts';
import { selectNodes, useFleet } from '../../stores/fleet.ts';
import { bucketMs, historySignature, type NodeHistory, stackHour } from '../../stores/history.ts';
import { modelColour, nodeColour } from '../../stores/model-colours.ts';
import { useHistory } from '../../stores/telemetry.ts';
import { seedWork, useWork, workHour, workStore } from '../../stores/work.ts';
import { fromFirst, hourEnd, paused, unknownBefore } from './chart-hour.ts';
import { QueueChart } from './queue-chart.tsx';

const HourChart = latePart(() => import('../../charts/hour-chart.tsx'));

const most = 7;

/** @param dense in one line above a list, rather than below the cards */
export function FleetCharts({ dense = false }: { dense?: boolean }) {
  const charts = (
    <div
      className={`grid gap-x-4 gap-y-6 ${dense ? 'mb-6 grid-cols-3' : 'mt-6 rail:grid-cols-2 wide:grid-cols-3'}`}
    >
      <VramChart />
      <WorkChart />
      <QueueChart className={dense ? '' : 'rail:max-wide:col-span-2'} />
    </div>
  );
  return dense ? <ChartHeight value={denseHeight}>{charts}</ChartHeight> : charts;
}

const denseHeight = 112;

const signatureOfAll = (histories: Record<string, NodeHistory>) =>
  Object.entries(histories)
    .map(([nodeId, history]) => `${nodeId}:${historySignature(history)}`)
    .join(';');

const newestIn = (histories: Record<string, NodeHistory>) =>
  Object.values(histories).reduce((newest, { buckets }) => Math.max(newest, buckets.at(-1)?.at ?? 0), 0);

function VramChart() {
  const now = useNow(bucketMs / 1000);
  const [nodeId, setNodeId] = useState('');
  const visible = usePageVisible();
  const signature = useHistory(visible ? signatureOfAll : paused);
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
    const data: HourRow[] = hour.rows.map(({ at, bytes, missing }) => {
      const values: Record<string, number> = {};
      for (const [model, amount] of Object.entries(bytes)) {
        const key = shown.has(model) ? model : '';
        values[key] = (values[key] ?? 0) + amount;
      }
      return missing ? { at, values, missing } : { at, values };
    });
    return { rows: fromFirst(data), series: list, summary: describeStack('VRAM', data, list, formatMemory) };
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
        empty="No model was in VRAM in the last hour"
        caption="VRAM by model, last hour"
      >
        <HourChart
          rows={rows}
          series={series}
          format={formatMemory}
          least={4 * VRAM_GIGABYTE}
          unit={VRAM_GIGABYTE}
        />
      </ChartFrame>
    </Section>
  );
}

function WorkChart() {
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
    const known: HourRow[] = hour.rows.map(({ at, rates }) => ({ at, values: rates }));
    const data = unknownBefore(known, startedAt);
    return { rows: fromFirst(data), series: list, summary: describeStack('Work', data, list, formatVectors) };
  }, [end, names, signature, startedAt]);

  return (
    <Section title="Work, last hour" aside="vectors per second, by machine">
      <ChartFrame
        rows={rows}
        series={series}
        summary={summary}
        format={formatVectors}
        empty="Nothing was embedded in the last hour"
        caption="Vectors per second by machine, last hour"
      >
        <HourChart rows={rows} series={series} format={formatVectors} least={10} unit={1} />
      </ChartFrame>
    </Section>
  );
}

const formatVectors = (value: number) => formatRate(value, 'vec');
