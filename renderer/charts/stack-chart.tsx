import { memo, useContext } from 'react';
import { AreaChart, CartesianGrid, ResponsiveContainer, usePlotArea, XAxis, YAxis } from 'recharts';
import { ChartHeight, tick } from './chart-parts.tsx';
import type { ChartRow, Series } from './chart-row.ts';
import { useTime } from './chart-time.tsx';
import { axisPixels, plotInsets, stackTop, type VerticalAxis } from './frame.ts';
import { sumBandPath } from './line-path.ts';
import { Plot } from './plot.tsx';
import { stackLayers } from './stack.ts';
import { timeTicks } from './time-axis.ts';

interface StackChartProps extends VerticalAxis {
  label: string;
  rows: readonly ChartRow[];
  series: readonly Series[];
  format: (value: number, key: string) => string;
}

/** Series on each other. The drawing is hidden from screen readers, which get the text beside it and the values. */
export default memo(function StackChart({ label, rows, series, format, ...vertical }: StackChartProps) {
  const { first, last, formatTick } = useTime();
  const top = stackTop(rows, vertical);
  const pixels = useContext(ChartHeight);
  return (
    <div className="relative" style={{ height: pixels }}>
      <div aria-hidden="true">
        <ResponsiveContainer width="100%" height={pixels} initialDimension={{ width: 480, height: pixels }}>
          <AreaChart
            data={[]}
            margin={{ top: plotInsets.top, right: plotInsets.right, bottom: 0, left: 0 }}
            accessibilityLayer={false}
          >
            <CartesianGrid stroke="var(--line)" vertical={false} />
            <XAxis
              dataKey="at"
              type="number"
              domain={[first, last]}
              allowDataOverflow
              ticks={timeTicks(first, last)}
              tickFormatter={formatTick}
              tick={tick}
              height={axisPixels}
              stroke="var(--line-strong)"
              tickLine={false}
            />
            <YAxis
              width={plotInsets.left}
              tickFormatter={(value: number) => format(value, '')}
              tick={tick}
              axisLine={false}
              tickLine={false}
              ticks={[0, top / 2, top]}
              domain={[0, top]}
              // The axes get explicit domains: recharts has no values here to derive them from.
              allowDataOverflow
            />
            <Stack rows={rows} series={series} top={top} />
          </AreaChart>
        </ResponsiveContainer>
      </div>
      <div
        className="absolute"
        style={{ left: plotInsets.left, right: plotInsets.right, top: plotInsets.top, bottom: axisPixels }}
      >
        <Plot label={label} rows={rows} series={series} format={format} />
      </div>
    </div>
  );
});

/** One path a series: the areas of recharts would keep every point of every series several times over. */
function Stack({ rows, series, top }: { rows: readonly ChartRow[]; series: readonly Series[]; top: number }) {
  const plot = usePlotArea();
  const { first, last } = useTime();
  if (!plot) return null;
  // The lowest is drawn last, so that its edge is visible where nothing is stacked on it.
  const frame = { ...plot, first, last, top };
  const layers = stackLayers(rows, series, frame).toReversed();
  return (
    <>
      <path d={sumBandPath(rows, frame)} fill="var(--text-faint)" fillOpacity="0.22" />
      {layers.map(({ key, colour, line, area }) => (
        <g key={key} fill="none" strokeWidth="1.5">
          <path d={area} fill={colour} fillOpacity="0.4" />
          <path d={line} stroke={colour} />
        </g>
      ))}
    </>
  );
}
