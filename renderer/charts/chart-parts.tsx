/** Parts shared by the charts. */
import { createContext } from 'react';
import type { Series } from './chart-row.ts';

export const tick = { fill: 'var(--text-faint)', fontSize: 11 } as const;
export const chartHeight = 200;
/** For charts in a line above a list, or beside each other. */
export const ChartHeight = createContext(chartHeight);

export function Legend({ series }: { series: readonly Series[] }) {
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
    </ul>
  );
}
