import { useId, useMemo, useState } from 'react';
import type { HistoryRange } from '../../shared/models/telemetry.ts';
import { formatMoment, formatTick, timeTicks } from './time-axis.ts';

export interface LineRow {
  at: number;
  value: number | null;
}

const width = 600;
const height = 96;

/**
 * One value over a range of time, with gaps where it was not known. Plain SVG under HTML labels, which stay sharp
 * at any width. Hover shows a moment; screen readers get the text beside it.
 */
export function LineChart({
  rows,
  top,
  format,
  range,
  colour,
}: {
  rows: readonly LineRow[];
  /** The height of the axis. */
  top: number;
  format: (value: number) => string;
  range: HistoryRange;
  colour: string;
}) {
  const gradient = useId();
  const [hover, setHover] = useState<number | null>(null);
  const first = rows[0]?.at ?? 0;
  const last = rows.at(-1)?.at ?? 1;
  const { line, area } = useMemo(() => paths(rows, top), [rows, top]);
  const share = (at: number) => (at - first) / Math.max(1, last - first);
  const ticks = timeTicks(first, last, 2).filter((at) => share(at) > 0.1 && share(at) < 0.9);
  const row = hover === null ? undefined : rows[hover];

  return (
    <div aria-hidden="true" className="relative">
      <div
        className="relative"
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
          className="block h-24 w-full overflow-visible"
          aria-hidden="true"
          focusable="false"
        >
          <defs>
            <linearGradient id={gradient} x1="0" y1="0" x2="0" y2="1">
              <stop offset="0" stopColor={colour} stopOpacity="0.35" />
              <stop offset="1" stopColor={colour} stopOpacity="0.04" />
            </linearGradient>
          </defs>
          {[0, 0.5, 1].map((level) => (
            <path
              key={level}
              d={`M0 ${height * (1 - level)}H${width}`}
              stroke="var(--line)"
              vectorEffect="non-scaling-stroke"
            />
          ))}
          <path d={area} fill={`url(#${gradient})`} />
          <path
            d={line}
            fill="none"
            stroke={colour}
            strokeWidth="1.5"
            strokeLinejoin="round"
            strokeLinecap="round"
            vectorEffect="non-scaling-stroke"
          />
          {row && (
            <path
              d={`M${(share(row.at) * width).toFixed(1)} 0V${height}`}
              stroke="var(--line-strong)"
              vectorEffect="non-scaling-stroke"
            />
          )}
        </svg>
        <span className="absolute top-1 left-0 rounded bg-surface/80 px-1 text-2xs text-faint">
          {format(top)}
        </span>
        {row && (
          <p
            className={`pointer-events-none absolute top-1 z-10 rounded-lg border border-line-strong bg-raised px-2 py-1 text-xs whitespace-nowrap shadow-(--shadow) ${share(row.at) > 0.5 ? 'left-1' : 'right-1'}`}
          >
            <span className="text-faint">{formatMoment(range)(row.at)}</span>{' '}
            <span className="ml-1 font-medium">{row.value === null ? 'not known' : format(row.value)}</span>
          </p>
        )}
      </div>
      <div className="relative mt-1 h-4 overflow-hidden text-2xs text-faint">
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

/** The line and the area under it; a single known value between gaps is a short stroke. */
function paths(rows: readonly LineRow[], top: number): { line: string; area: string } {
  const step = width / Math.max(1, rows.length - 1);
  const y = (value: number) => (height - (Math.min(top, Math.max(0, value)) / top) * height).toFixed(1);
  let line = '';
  let area = '';
  let run: string[] = [];
  let start = 0;
  const end = (index: number) => {
    if (run.length === 0) return;
    const only = run[0];
    if (run.length === 1 && only !== undefined) run.push(only.replace(/^\S+/, (x) => `${Number(x) + 1}`));
    line += `M${run.join('L')}`;
    area += `M${(start * step).toFixed(1)} ${height}L${run.join('L')}L${((index - 1) * step).toFixed(1)} ${height}Z`;
    run = [];
  };
  rows.forEach((row, index) => {
    if (row.value === null) {
      end(index);
      return;
    }
    if (run.length === 0) start = index;
    run.push(`${(index * step).toFixed(1)} ${y(row.value)}`);
  });
  end(rows.length);
  return { line, area };
}
