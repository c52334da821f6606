import type { ReactNode } from 'react';
import { useMemo } from 'react';
import type { IndexJob } from '../../../shared/models/indexing.ts';
import { formatRate } from '../../../shared/units.ts';
import { TimeChart } from '../../charts/chart-frame.tsx';
import { ChartHeight } from '../../charts/chart-parts.tsx';
import type { Series } from '../../charts/chart-row.ts';
import { describeStack } from '../../charts/chart-text.ts';
import { ChartTimeProvider } from '../../charts/chart-time.tsx';
import { ZoomTools } from '../../charts/range-picker.tsx';
import { useSpanTime } from '../../charts/span-time.ts';
import type { RatePoint } from '../../stores/rate.ts';
import { jobName } from '../../texts.ts';
import { rateRows } from './rate-layers.ts';

const vectors = (value: number) => formatRate(value, 'vec');

/** Vectors per second over a run, on each other by machine. A part of it can be chosen, as on every chart. */
export function RunChart({
  job,
  points,
  layers,
  end,
  head,
  hasLegend,
}: {
  job: IndexJob;
  points: readonly RatePoint[];
  layers: readonly Series[];
  /** Of the run, or now. */
  end: number;
  head: ReactNode;
  hasLegend: boolean;
}) {
  const first = points[0]?.at ?? job.startedAt ?? end;
  const time = useSpanTime({ first, last: Math.max(end, first + 1000) }, 'this run');
  const rows = useMemo(() => rateRows(points, end), [points, end]);
  return (
    <ChartTimeProvider value={time}>
      <ChartHeight value={160}>
        <TimeChart
          isPlain
          title={`Vectors per second, ${jobName(job)}`}
          kind="stack"
          rows={rows}
          series={points.length > 1 ? layers : []}
          summary={describeStack('Vectors per second', rows, layers, vectors, time)}
          format={vectors}
          empty="No vectors yet"
          caption={`Vectors per second, ${time.label}`}
          hasLegend={hasLegend}
          head={
            <span className="flex flex-wrap items-center justify-end gap-x-3">
              <span className="min-w-0 flex-1 basis-52">{head}</span>
              <ZoomTools />
            </span>
          }
        />
      </ChartHeight>
    </ChartTimeProvider>
  );
}
