import { useEffect, useMemo } from 'react';
import type { QueueKind } from '../../../shared/models/requests.ts';
import { formatCount } from '../../../shared/units.ts';
import { ChartFrame, describeStack } from '../../charts/chart-frame.tsx';
import type { HourRow, Series } from '../../charts/chart-parts.tsx';
import { usePageVisible } from '../../charts/use-visible.ts';
import { client } from '../../client/index.ts';
import { latePart } from '../../components/late-part.ts';
import { useNow } from '../../components/now.ts';
import { Section } from '../../components/page.tsx';
import { useKeep } from '../../components/use-keep.ts';
import { useConnection } from '../../stores/connection.ts';
import { useCoreStatus } from '../../stores/core.ts';
import { bucketMs } from '../../stores/history.ts';
import { queueHour, queuesStore, seedQueues, useQueues } from '../../stores/queues.ts';
import { fromFirst, hourEnd, paused, unknownBefore } from './chart-hour.ts';

const HourChart = latePart(() => import('../../charts/hour-chart.tsx'));

const kinds: Record<QueueKind, { name: string; colour: string }> = {
  indexing: { name: 'batches to embed', colour: 'var(--series-0)' },
  requests: { name: 'requests', colour: 'var(--series-1)' },
  tasks: { name: 'tasks', colour: 'var(--series-2)' },
};

/** What waited in the last hour. */
export function QueueChart({ className = '' }: { className?: string }) {
  const now = useNow(bucketMs / 1000);
  const startedAt = useCoreStatus()?.startedAt ?? null;
  const live = useConnection((status) => status.state === 'live');
  useKeep(queuesStore);
  useEffect(() => {
    if (live) void seedQueues(client);
  }, [live]);
  const visible = usePageVisible();
  const signature = useQueues(
    visible
      ? ({ samples }) => {
          const last = samples.at(-1);
          return `${samples.length > 0}:${Math.floor((last?.at ?? 0) / bucketMs)}`;
        }
      : paused,
  );
  const end = hourEnd(useQueues.getState().samples.at(-1)?.at ?? 0, now);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the signature says when the samples matter.
  const { rows, series, summary } = useMemo(() => {
    const hour = queueHour(useQueues.getState().samples, end + bucketMs);
    const list: Series[] = hour.kinds.map((kind) => ({ key: kind, ...kinds[kind] }));
    const known: HourRow[] = hour.rows.map(({ at, waiting }) => ({ at, values: { ...waiting } }));
    const data = unknownBefore(known, startedAt);
    return { rows: fromFirst(data), series: list, summary: describeStack('Queue', data, list, formatCount) };
  }, [end, signature, startedAt]);

  return (
    <Section title="Queue, last hour" aside="most that waited at once" className={className}>
      <ChartFrame
        rows={rows}
        series={series}
        summary={summary}
        format={formatCount}
        empty="Nothing waited in the last hour"
        caption="What waited, last hour"
      >
        <HourChart rows={rows} series={series} format={formatCount} least={4} unit={1} />
      </ChartFrame>
    </Section>
  );
}
