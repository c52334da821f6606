/** Parts shared by the charts: tooltip, legend, and a frame of fixed height. */
import { createContext, type ReactNode, useEffect, useState } from 'react';
import { formatClock } from './time-axis.ts';

export { formatClock } from './time-axis.ts';

export const tick = { fill: 'var(--text-faint)', fontSize: 11 } as const;
export const chartHeight = 200;
/** For charts in a line above a list. */
export const ChartHeight = createContext(chartHeight);

export interface Series {
  key: string;
  name: string;
  colour: string;
}

export function Legend({ series, children }: { series: readonly Series[]; children?: ReactNode }) {
  return (
    <ul className="flex min-h-5 flex-wrap gap-x-4 gap-y-1 text-xs text-soft">
      {series.map(({ key, name, colour }) => (
        <li key={key} className="flex max-w-56 min-w-0 items-center gap-1.5">
          <span aria-hidden="true" className="size-2 shrink-0 rounded-[2px]" style={{ background: colour }} />
          <span className="truncate" title={name}>
            {name}
          </span>
        </li>
      ))}
      {children}
    </ul>
  );
}

export interface HourRow {
  at: number;
  values: Record<string, number>;
  /** Nothing is known of this time: a gap, and not zero. */
  missing?: boolean;
}

/** The values of a moment. Escape puts it away until another moment is pointed at. */
export function ChartTooltip({
  active,
  row,
  series,
  format,
  formatAt = formatClock,
}: {
  active: boolean;
  row: HourRow | undefined;
  series: readonly Series[];
  format: (value: number) => string;
  formatAt?: (at: number) => string;
}) {
  const at = active && row ? row.at : null;
  const [putAway, setPutAway] = useState<number | null>(null);
  useEffect(() => {
    if (at === null) return;
    const onKey = ({ key }: KeyboardEvent) => {
      if (key === 'Escape') setPutAway(at);
    };
    document.addEventListener('keydown', onKey);
    return () => {
      document.removeEventListener('keydown', onKey);
      setPutAway(null);
    };
  }, [at]);
  if (at === null || !row || putAway === at) return null;
  const shown = series.filter(({ key }) => (row.values[key] ?? 0) > 0);
  return (
    <div className="rounded-lg border border-line-strong bg-raised px-3 py-2 text-xs shadow-(--shadow)">
      <p className="mb-1 text-faint">{formatAt(row.at)}</p>
      {shown.length === 0 && <p className="text-soft">{row.missing ? 'not known' : 'nothing'}</p>}
      {shown.map(({ key, name, colour }) => (
        <p key={key} className="flex items-center gap-2">
          <span className="size-2 shrink-0 rounded-[2px]" style={{ background: colour }} />
          <span className="max-w-56 truncate">{name}</span>
          <span className="ml-auto pl-3 font-medium">{format(row.values[key] ?? 0)}</span>
        </p>
      ))}
    </div>
  );
}
