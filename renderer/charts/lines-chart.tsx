import { useContext, useMemo } from 'react';
import { ChartHeight } from './chart-parts.tsx';
import type { ChartRow, Series } from './chart-row.ts';
import { useTime } from './chart-time.tsx';
import { axisPixels, linesTop, plotInsets, type VerticalAxis } from './frame.ts';
import { bandPath, linePath } from './line-path.ts';
import { Plot } from './plot.tsx';
import { timeTicks } from './time-axis.ts';

const width = 600;
const height = 160;

interface LinesChartProps extends VerticalAxis {
  label: string;
  rows: readonly ChartRow[];
  series: readonly Series[];
  format: (value: number, key: string) => string;
}

/**
 * Several values over time, with gaps where one was not known, and a band where it is a mean. Plain SVG under HTML
 * labels. The drawing is hidden from screen readers, which get the text beside it and the values.
 */
export default function LinesChart({
  label,
  rows,
  series,
  format,
  least,
  unit,
  top: fixed,
}: LinesChartProps) {
  const { first, last, formatTick } = useTime();
  const pixels = useContext(ChartHeight);
  const { top, paths } = useMemo(() => {
    const highest = linesTop(rows, series, { least, unit, top: fixed });
    const frame = { x: 0, y: 0, width, height, first, last, top: highest };
    return {
      top: highest,
      paths: series.map((one) => ({
        ...one,
        line: linePath(rows, one.key, frame),
        band: bandPath(rows, one.key, frame),
      })),
    };
  }, [rows, series, first, last, least, unit, fixed]);
  const share = (at: number) => (at - first) / Math.max(1, last - first);
  // In a narrow chart every other label would run into the one before it.
  const ticks = timeTicks(first, last, 4).filter((at) => share(at) > 0.06 && share(at) < 0.94);
  const { left, right, top: above } = plotInsets;

  return (
    <div className="relative" style={{ height: pixels }}>
      <div className="absolute" style={{ left, right, top: above, bottom: axisPixels }}>
        <div aria-hidden="true" className="absolute inset-0">
          {[1, 0.5, 0].map((level) => (
            <span
              key={level}
              className="absolute -translate-y-1/2 pr-2 text-right text-2xs whitespace-nowrap text-faint"
              style={{ top: `${(1 - level) * 100}%`, right: '100%', width: left }}
            >
              {format(top * level, '')}
            </span>
          ))}
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
            {paths.map(({ key, colour, band }) => (
              <path key={key} d={band} fill={colour} fillOpacity="0.22" />
            ))}
            {paths.map(({ key, colour, dashed, line }) => (
              <path
                key={key}
                d={line}
                fill="none"
                stroke={colour}
                strokeWidth="1.75"
                strokeDasharray={dashed ? '4 3' : undefined}
                strokeLinejoin="round"
                strokeLinecap="round"
                vectorEffect="non-scaling-stroke"
              />
            ))}
          </svg>
        </div>
        <Plot label={label} rows={rows} series={series} format={format} />
      </div>
      <div
        aria-hidden="true"
        className="@container absolute bottom-0 h-5 text-2xs text-faint"
        style={{ left, right }}
      >
        {ticks.map((at, index) => (
          <span
            key={at}
            className={`absolute -translate-x-1/2 whitespace-nowrap ${index % 2 === 1 ? '@max-[14rem]:hidden' : ''}`}
            style={{ left: `${share(at) * 100}%` }}
          >
            {formatTick(at)}
          </span>
        ))}
      </div>
    </div>
  );
}
