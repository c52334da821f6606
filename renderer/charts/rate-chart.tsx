import { formatRate } from '../../shared/units.ts';
import type { RatePoint } from '../stores/rate.ts';
import { niceAbove } from './nice.ts';

export interface RateLayer {
  key: string;
  name: string;
  colour: string;
}

const width = 600;
const height = 120;

/** Vectors per second over a run, stacked; plain SVG, cheap enough to draw at each frame. */
export function RateChart({
  points,
  layers,
  label,
}: {
  points: readonly RatePoint[];
  layers: readonly RateLayer[];
  label: string;
}) {
  const sums = points.map((point) => layers.reduce((sum, { key }) => sum + (point.rates[key] ?? 0), 0));
  const highest = niceAbove(Math.max(1, ...sums));
  const first = points[0]?.at ?? 0;
  const span = Math.max(1, (points.at(-1)?.at ?? 0) - first);
  const x = (at: number) => (((at - first) / span) * width).toFixed(1);
  const y = (value: number) => (height - (value / highest) * (height - 2)).toFixed(1);

  let base = points.map(() => 0);
  const areas = layers.map(({ key, colour }) => {
    const top = points.map((point, index) => (base[index] ?? 0) + (point.rates[key] ?? 0));
    const over = points.map((point, index) => `${x(point.at)} ${y(top[index] ?? 0)}`);
    const under = points.map((point, index) => `${x(point.at)} ${y(base[index] ?? 0)}`).toReversed();
    base = top;
    return { key, colour, path: points.length > 1 ? `M${over.join('L')}L${under.join('L')}Z` : '' };
  });

  return (
    <div className="relative">
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
        className="block h-32 w-full overflow-visible"
      >
        {[0, 0.5, 1].map((share) => (
          <path
            key={share}
            d={`M0 ${y(share * highest)}H${width}`}
            stroke="var(--line)"
            vectorEffect="non-scaling-stroke"
          />
        ))}
        {/* The lowest is drawn last, so that its edge is visible where nothing is stacked on it. */}
        {areas.toReversed().map(({ key, colour, path }) => (
          <path
            key={key}
            d={path}
            fill={colour}
            fillOpacity={0.55}
            stroke={colour}
            strokeWidth={1.5}
            vectorEffect="non-scaling-stroke"
          />
        ))}
      </svg>
      <span
        aria-hidden="true"
        className="absolute top-0.5 left-0 rounded bg-surface/80 px-1 text-2xs text-faint"
      >
        {formatRate(highest, 'vec')}
      </span>
    </div>
  );
}
