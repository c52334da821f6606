import { memo, useContext } from 'react';
import { AreaChart, CartesianGrid, ResponsiveContainer, Tooltip, usePlotArea, XAxis, YAxis } from 'recharts';
import type { HistoryRange } from '../../shared/models/telemetry.ts';
import { ChartHeight, ChartTooltip, type HourRow, type Series, tick } from './chart-parts.tsx';
import { niceAbove } from './nice.ts';
import { stackLayers } from './stack.ts';
import { formatMoment, formatTick, timeTicks } from './time-axis.ts';

interface HourChartProps {
  rows: readonly HourRow[];
  series: readonly Series[];
  format: (value: number) => string;
  /** The least height of the axis. */
  least: number;
  /** What the axis counts in, so that its ticks are round: 1, or the bytes of a gigabyte. */
  unit: number;
  /** The height of the axis, where it is known, such as the memory of a card. */
  top?: number | undefined;
  /** What the rows span; an hour by default. */
  range?: HistoryRange;
}

/** A range of time, stacked. Hidden from screen readers, which get the text beside it. */
export default memo(function HourChart({
  rows,
  series,
  format,
  least,
  unit,
  top: fixed,
  range = 'hour',
}: HourChartProps) {
  const first = rows[0]?.at ?? 0;
  const last = rows.at(-1)?.at ?? 0;
  const highest = Math.max(
    ...rows.map((row) => Object.values(row.values).reduce((sum, value) => sum + value, 0)),
  );
  const top =
    fixed !== undefined && highest <= fixed ? fixed : niceAbove(Math.max(least, highest) / unit) * unit;
  const pixels = useContext(ChartHeight);
  return (
    <div aria-hidden="true" style={{ height: pixels }}>
      <ResponsiveContainer width="100%" height={pixels} initialDimension={{ width: 480, height: pixels }}>
        <AreaChart
          data={[...rows]}
          margin={{ top: 8, right: 8, bottom: 0, left: 0 }}
          accessibilityLayer={false}
        >
          <CartesianGrid stroke="var(--line)" vertical={false} />
          <XAxis
            dataKey="at"
            type="number"
            domain={[first, last]}
            allowDataOverflow
            ticks={timeTicks(first, last)}
            tickFormatter={formatTick(range)}
            tick={tick}
            stroke="var(--line-strong)"
            tickLine={false}
          />
          <YAxis
            width={78}
            tickFormatter={format}
            tick={tick}
            axisLine={false}
            tickLine={false}
            ticks={[0, top / 2, top]}
            domain={[0, top]}
            // The axes get explicit domains: recharts has no values here to derive them from.
            allowDataOverflow
          />
          <Tooltip
            isAnimationActive={false}
            cursor={{ stroke: 'var(--line-strong)' }}
            // It would be hidden, because recharts itself knows no value here; without a row nothing is in it.
            wrapperStyle={{ visibility: 'visible' }}
            content={({ active, label }) => (
              <ChartTooltip
                active={active}
                row={rows.find(({ at }) => at === label)}
                series={series}
                format={format}
                formatAt={formatMoment(range)}
              />
            )}
          />
          <Stack rows={rows} series={series} top={top} />
        </AreaChart>
      </ResponsiveContainer>
    </div>
  );
});

/** One path a series: the areas of recharts would keep every point of every series several times over. */
function Stack({ rows, series, top }: { rows: readonly HourRow[]; series: readonly Series[]; top: number }) {
  const plot = usePlotArea();
  if (!plot) return null;
  const frame = { ...plot, first: rows[0]?.at ?? 0, last: rows.at(-1)?.at ?? 0, top };
  // The lowest is drawn last, so that its edge is visible where nothing is stacked on it.
  const layers = stackLayers(rows, series, frame).toReversed();
  return layers.map(({ key, colour, line, area }) => (
    <g key={key} fill="none" strokeWidth="1.5">
      <path d={area} fill={colour} fillOpacity="0.4" />
      <path d={line} stroke={colour} />
    </g>
  ));
}
