import { useMemo, useState } from 'react';
import type { HistoryRange } from '../../shared/models/telemetry.ts';
import type { ChartRow } from './chart-frame.tsx';
import { ChartTooltip, chartHeight, type Series } from './chart-parts.tsx';
import { linePath } from './line-path.ts';
import { niceAbove } from './nice.ts';
import { formatMoment, formatTick, timeTicks } from './time-axis.ts';

export interface LineSeries extends Series {
  dashed?: boolean;
}

const width = 600;
const height = 160;
/** Beside the labels of the axis, as wide as that of the stacked charts. */
const axisRem = 4.5;

/**
 * Several values over a range of time, with gaps where one was not known. Plain SVG under HTML labels. Hidden from screen
 * readers, which get the text beside it.
 */
export default function LinesChart({
  rows,
  series,
  format,
  range,
}: {
  rows: readonly ChartRow[];
  series: readonly LineSeries[];
  format: (value: number) => string;
  range: HistoryRange;
}) {
  const [hover, setHover] = useState<number | null>(null);
  const first = rows[0]?.at ?? 0;
  const last = rows.at(-1)?.at ?? 1;
  const { top, paths } = useMemo(() => {
    const values = rows.flatMap((row) => series.map(({ key }) => row.values[key] ?? 0));
    const highest = niceAbove(Math.max(1, ...values));
    return {
      top: highest,
      paths: series.map((one) => ({
        ...one,
        path: linePath(
          rows.map(({ values: at }) => at[one.key] ?? null),
          { width, height, top: highest },
        ),
      })),
    };
  }, [rows, series]);
  const share = (at: number) => (at - first) / Math.max(1, last - first);
  const ticks = timeTicks(first, last, 4).filter((at) => share(at) > 0.06 && share(at) < 0.94);
  const row = hover === null ? undefined : rows[hover];

  return (
    <div aria-hidden="true" className="flex flex-col" style={{ height: chartHeight }}>
      <div className="relative min-h-0 flex-1" style={{ marginLeft: `${axisRem}rem` }}>
        {[1, 0.5, 0].map((level) => (
          <span
            key={level}
            className="absolute -translate-y-1/2 pr-2 text-right text-2xs whitespace-nowrap text-faint"
            style={{ top: `${(1 - level) * 100}%`, right: '100%', width: `${axisRem}rem` }}
          >
            {format(top * level)}
          </span>
        ))}
        <div
          className="absolute inset-0"
          onPointerMove={(event) => {
            const box = event.currentTarget.getBoundingClientRect();
            const at = (event.clientX - box.left) / Math.max(1, box.width);
            setHover(Math.round(Math.min(1, Math.max(0, at)) * (rows.length - 1)));
          }}
          onPointerLeave={() => setHover(null)}
        >
          <svg
            viewBox={`0 0 ${width} ${height}`}
            preserveAspectRatio="none"
            className="block size-full overflow-visible"
            aria-hidden="true"
            focusable="false"
          >
            {[0, 0.5, 1].map((level) => (
              <path
                key={level}
                d={`M0 ${height * (1 - level)}H${width}`}
                stroke="var(--line)"
                vectorEffect="non-scaling-stroke"
              />
            ))}
            {paths.map(({ key, colour, dashed, path }) => (
              <path
                key={key}
                d={path}
                fill="none"
                stroke={colour}
                strokeWidth="1.75"
                strokeDasharray={dashed ? '4 3' : undefined}
                strokeLinejoin="round"
                strokeLinecap="round"
                vectorEffect="non-scaling-stroke"
              />
            ))}
            {row && (
              <path
                d={`M${(share(row.at) * width).toFixed(1)} 0V${height}`}
                stroke="var(--line-strong)"
                vectorEffect="non-scaling-stroke"
              />
            )}
          </svg>
          {row && (
            <div
              className={`pointer-events-none absolute top-0 z-10 ${share(row.at) > 0.5 ? 'left-1' : 'right-1'}`}
            >
              <ChartTooltip
                active
                row={{ at: row.at, values: knownOnly(row.values) }}
                series={series}
                format={format}
                formatAt={formatMoment(range)}
              />
            </div>
          )}
        </div>
      </div>
      <div className="relative mt-1 h-5 shrink-0 text-2xs text-faint" style={{ marginLeft: `${axisRem}rem` }}>
        {ticks.map((at) => (
          <span
            key={at}
            className="absolute -translate-x-1/2 whitespace-nowrap"
            style={{ left: `${share(at) * 100}%` }}
          >
            {formatTick(range)(at)}
          </span>
        ))}
      </div>
    </div>
  );
}

const knownOnly = (values: ChartRow['values']): Record<string, number> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
  );
