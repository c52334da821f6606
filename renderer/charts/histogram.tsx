import { formatCount } from '../../shared/units.ts';
import { ChartTable } from './chart-table.tsx';

export interface HistogramBar {
  /** Upper bound as text; the last one is open. */
  label: string;
  count: number;
  /** Beyond the goal. */
  over: boolean;
}

/** Counts side by side, with a sentence for screen readers and the same as a table. */
export function Histogram({
  bars,
  summary,
  caption,
  heads,
}: {
  bars: readonly HistogramBar[];
  summary: string;
  caption: string;
  heads: readonly [string, string];
}) {
  const most = Math.max(1, ...bars.map(({ count }) => count));
  return (
    <figure>
      <figcaption className="sr-only">{summary}</figcaption>
      <div aria-hidden="true" className="flex h-20 items-end gap-1 border-b border-line">
        {bars.map(({ label, count, over }) => (
          <div
            key={label}
            title={`${label}: ${formatCount(count)}`}
            className={`min-w-0 flex-1 rounded-t-sm ${over ? 'bg-amber' : 'bg-flame-fill'}`}
            style={{ height: count === 0 ? 0 : `max(2px, ${(count / most) * 100}%)` }}
          />
        ))}
      </div>
      <div aria-hidden="true" className="mt-1 flex gap-1 text-2xs text-faint">
        {bars.map(({ label }, index) => (
          <span key={label} className="min-w-0 flex-1 overflow-visible text-center whitespace-nowrap">
            {index % 2 === 0 || index === bars.length - 1 ? label : ''}
          </span>
        ))}
      </div>
      <ChartTable
        caption={caption}
        heads={heads}
        rows={() => bars.map(({ label, count }, key) => ({ key, cells: [label, formatCount(count)] }))}
      />
    </figure>
  );
}
