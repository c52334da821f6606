import { Area, AreaChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { ChartTooltip, chartHeight, formatClock, type HourRow, type Series, tick } from './chart-parts.tsx';
import { niceAbove } from './nice.ts';

const tickSteps = [60_000, 120_000, 300_000, 600_000, 900_000];

interface HourChartProps {
  rows: readonly HourRow[];
  series: readonly Series[];
  format: (value: number) => string;
  /** The least height of the axis. */
  least: number;
  /** What the axis counts in, so that its ticks are round: 1, or the bytes of a gigabyte. */
  unit: number;
}

/** An hour, stacked. Decoration for a screen reader: its words stand beside it. */
export default function HourChart({ rows, series, format, least, unit }: HourChartProps) {
  const first = rows[0]?.at ?? 0;
  const last = rows.at(-1)?.at ?? 0;
  const step = tickSteps.find((one) => (last - first) / one <= 6) ?? 900_000;
  const highest = Math.max(
    ...rows.map((row) => Object.values(row.values).reduce((sum, value) => sum + value, 0)),
  );
  const top = niceAbove(Math.max(least, highest) / unit) * unit;
  const ticks: number[] = [];
  for (let at = Math.ceil(first / step) * step; at <= last; at += step) ticks.push(at);
  return (
    <div aria-hidden="true" style={{ height: chartHeight }}>
      <ResponsiveContainer
        width="100%"
        height={chartHeight}
        initialDimension={{ width: 480, height: chartHeight }}
      >
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
            ticks={ticks}
            tickFormatter={formatClock}
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
          />
          <Tooltip
            isAnimationActive={false}
            cursor={{ stroke: 'var(--line-strong)' }}
            content={({ active, payload }) => (
              <ChartTooltip
                active={active}
                row={payload[0]?.payload as HourRow | undefined}
                series={series}
                format={format}
              />
            )}
          />
          {series.map(({ key, colour }) => (
            <Area
              key={key}
              type="stepAfter"
              dataKey={(row: HourRow) => row.values[key] ?? 0}
              stackId="all"
              stroke={colour}
              strokeWidth={1.5}
              fill={colour}
              fillOpacity={0.4}
              isAnimationActive={false}
              dot={false}
              activeDot={false}
            />
          ))}
        </AreaChart>
      </ResponsiveContainer>
    </div>
  );
}
