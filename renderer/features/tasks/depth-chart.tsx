import { useEffect, useMemo } from 'react';
import type { TaskQueueName } from '../../../shared/models/tasks.ts';
import type { HistoryRange } from '../../../shared/models/telemetry.ts';
import { formatCount } from '../../../shared/units.ts';
import { ChartFrame, describeStack } from '../../charts/chart-frame.tsx';
import type { Series } from '../../charts/chart-parts.tsx';
import { client } from '../../client/index.ts';
import { latePart } from '../../components/late-part.ts';
import { useNow } from '../../components/now.ts';
import { Section } from '../../components/page.tsx';
import { useConnection } from '../../stores/connection.ts';
import { loadTaskDepth, useTaskDepth } from '../../stores/tasks.ts';
import { Choice } from '../requests/chart-choice.tsx';
import { depthRows } from './depth-rows.ts';

const HourChart = latePart(() => import('../../charts/hour-chart.tsx'));

const queues: Record<TaskQueueName, { name: string; colour: string }> = {
  'gpu-tasks': { name: 'GPU queue', colour: 'var(--series-0)' },
  celery: { name: 'CPU queue', colour: 'var(--series-1)' },
};

const periods: Record<HistoryRange, string> = {
  hour: 'the last hour',
  day: 'the last day',
  month: 'the last 30 days',
};

/** What waited or ran in each queue. */
export function DepthChart({ range, onRange }: { range: HistoryRange; onRange(range: HistoryRange): void }) {
  const { state, points } = useTaskDepth(range);
  const live = useConnection((status) => status.state === 'live');
  const now = useNow(range === 'hour' ? 30 : 300);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the time is a reason to ask again.
  useEffect(() => {
    if (!live) return;
    const controller = new AbortController();
    void loadTaskDepth(client, range, controller.signal);
    return () => controller.abort();
  }, [live, range, now]);

  const { rows, series } = useMemo(() => {
    const used = (Object.keys(queues) as TaskQueueName[]).filter((queue) =>
      points.some((point) => point.queue === queue && point.waiting + point.active > 0),
    );
    const list: Series[] = used.map((queue) => ({ key: queue, ...queues[queue] }));
    return { rows: depthRows(points), series: list };
  }, [points]);
  const period = periods[range];
  return (
    <Section title="Queue depth" aside="waiting and running" className="mt-8">
      <div className="mb-2 flex justify-end">
        <Choice
          label="Period"
          value={range}
          options={{ hour: 'Hour', day: 'Day', month: '30 days' }}
          onChange={onRange}
        />
      </div>
      <ChartFrame
        rows={rows}
        series={series}
        summary={describeStack('Tasks', rows, series, formatCount)}
        format={formatCount}
        empty={
          state === 'loading'
            ? 'Loading…'
            : state === 'failed'
              ? 'The history could not be loaded'
              : `No tasks in ${period}`
        }
        caption={`Tasks that waited or ran, ${period}`}
      >
        <HourChart rows={rows} series={series} format={formatCount} least={4} unit={1} />
      </ChartFrame>
    </Section>
  );
}
