import { useEffect, useMemo } from 'react';
import { formatCount } from '../../../shared/units.ts';
import { TimeChart } from '../../charts/chart-frame.tsx';
import { type Series, withEnd } from '../../charts/chart-row.ts';
import { describeStack } from '../../charts/chart-text.ts';
import { useTime } from '../../charts/chart-time.tsx';
import { usePageVisible } from '../../charts/use-visible.ts';
import { client } from '../../client/index.ts';
import { useNow } from '../../components/now.ts';
import { Section } from '../../components/page.tsx';
import { useKeep } from '../../components/use-keep.ts';
import { queueKinds } from '../../stores/colours.ts';
import { useConnection } from '../../stores/connection.ts';
import { useCoreStatus } from '../../stores/core.ts';
import { useFleetHistory } from '../../stores/fleet-history.ts';
import { bucketMs } from '../../stores/history.ts';
import { isLive, secondsOf } from '../../stores/node-buckets.ts';
import { queueHour, queuesStore, seedQueues, useQueues } from '../../stores/queues.ts';
import { hourEnd, keysIn, paused, queueRows, unknownBefore, within } from './chart-rows.ts';

/** What waited. */
export function QueueChart({ className = '' }: { className?: string }) {
  const time = useTime();
  const { period, first, last } = time;
  const now = useNow(bucketMs / 1000);
  const { queues } = useFleetHistory(period);
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
  const { rows, series } = useMemo(() => {
    const known = isLive(period, now)
      ? within(
          unknownBefore(
            queueHour(useQueues.getState().samples, end + bucketMs).rows.map(({ at, waiting }) => ({
              at,
              values: { ...waiting },
            })),
            startedAt,
          ),
          { first, last },
        )
      : withEnd(queueRows(queues, { first, last, seconds: secondsOf(period, queues) }));
    const used = new Set(keysIn(known));
    const list: Series[] = (Object.keys(queueKinds) as (keyof typeof queueKinds)[])
      .filter((kind) => used.has(kind))
      .map((kind) => ({ key: kind, ...queueKinds[kind] }));
    return { rows: known, series: list };
  }, [end, signature, startedAt, period, first, last, queues]);

  return (
    <Section title="Queue" aside="most that waited at once" className={className}>
      <TimeChart
        title="Queue"
        kind="stack"
        rows={rows}
        series={series}
        summary={describeStack('Queue', rows, series, formatCount, time)}
        format={formatCount}
        least={4}
        empty={`Nothing waited in ${time.label}`}
        caption={`What waited, ${time.label}`}
      />
    </Section>
  );
}
