import { useEffect, useMemo } from 'react';
import type { TaskQueueName } from '../../../shared/models/tasks.ts';
import { formatCount } from '../../../shared/units.ts';
import { TimeChart } from '../../charts/chart-frame.tsx';
import type { Series } from '../../charts/chart-row.ts';
import { describeLines } from '../../charts/chart-text.ts';
import { ChartTimeProvider, useChartTime } from '../../charts/chart-time.tsx';
import { RangePicker } from '../../charts/range-picker.tsx';
import { client } from '../../client/index.ts';
import { useNow } from '../../components/now.ts';
import { Section } from '../../components/page.tsx';
import { taskQueues } from '../../stores/colours.ts';
import { useConnection } from '../../stores/connection.ts';
import { rangeSeconds } from '../../stores/node-buckets.ts';
import { loadTaskDepth, useTaskDepth } from '../../stores/tasks.ts';
import { depthRows } from './depth-rows.ts';

/** Means are rarely whole. */
const depth = (value: number) => (value >= 10 ? formatCount(value) : value.toFixed(1).replace(/\.0$/, ''));

/** What waited or ran in each queue: the mean, and how far it went where moments were joined. */
export default function DepthChart() {
  const time = useChartTime();
  const { period, label } = time;
  const { state, points } = useTaskDepth(period);
  const live = useConnection((status) => status.state === 'live');
  const now = useNow(typeof period === 'string' ? Math.min(300, rangeSeconds[period]) : 86_400);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the time is a reason to ask again.
  useEffect(() => {
    if (!live) return;
    const controller = new AbortController();
    void loadTaskDepth(client, period, controller.signal);
    return () => controller.abort();
  }, [live, period, now]);

  const { rows, series } = useMemo(() => {
    const used = (Object.keys(taskQueues) as TaskQueueName[]).filter((queue) =>
      points.some((point) => point.queue === queue && point.waiting + point.active > 0),
    );
    const list: Series[] = used.map((queue) => ({ key: queue, ...taskQueues[queue] }));
    return { rows: depthRows(points), series: list };
  }, [points]);
  return (
    <ChartTimeProvider value={time}>
      <Section title="Queue depth" aside="waiting and running" className="mt-8">
        <div className="mb-2 flex justify-end">
          <RangePicker />
        </div>
        <TimeChart
          title="Queue depth"
          kind="lines"
          rows={rows}
          series={series}
          summary={describeLines('Tasks', rows, series, depth, time)}
          format={depth}
          least={4}
          empty={
            state === 'loading'
              ? 'Loading…'
              : state === 'failed'
                ? 'The history could not be loaded'
                : `No tasks in ${label}`
          }
          caption={`Tasks that waited or ran, ${label}`}
        />
      </Section>
    </ChartTimeProvider>
  );
}
