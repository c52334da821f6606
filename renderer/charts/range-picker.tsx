import { Undo2, ZoomIn, ZoomOut } from 'lucide-react';
import type { ReactNode } from 'react';
import type { HistoryRange } from '../../shared/models/telemetry.ts';
import { useCrosshair, useTime } from './chart-time.tsx';
import { mostMs, periodMs, rangeNames, zoomed } from './period.ts';

/** Which time the charts of a page show. */
export function RangePicker() {
  const { period, first, last, label, change, zoom, back } = useTime();
  const around = useCrosshair(({ at }) => at);
  const scale = (factor: 0.5 | 2) => {
    const next = zoomed({ first, last }, factor, around, Date.now());
    zoom(next.from, next.to);
  };
  return (
    <div className="flex flex-wrap items-center justify-end gap-x-2 gap-y-1">
      {typeof period !== 'string' && (
        <span className="text-xs text-soft" role="status">
          {label}
        </span>
      )}
      <div className="flex">
        <Tool label="Zoom in" disabled={last - first <= 240_000} onClick={() => scale(0.5)}>
          <ZoomIn size={16} aria-hidden="true" />
        </Tool>
        <Tool label="Zoom out" disabled={periodMs(period) >= mostMs} onClick={() => scale(2)}>
          <ZoomOut size={16} aria-hidden="true" />
        </Tool>
        <Tool label="Undo zoom" disabled={typeof period === 'string'} onClick={back}>
          <Undo2 size={16} aria-hidden="true" />
        </Tool>
      </div>
      <fieldset className="flex rounded-lg border border-line-strong bg-surface p-0.5">
        <legend className="sr-only">Time range</legend>
        {(Object.entries(rangeNames) as [HistoryRange, string][]).map(([range, name]) => (
          <button
            key={range}
            type="button"
            aria-pressed={range === period}
            onClick={() => change(range)}
            className="h-7 rounded-md px-2 text-[0.8125rem] whitespace-nowrap text-soft hover:text-text aria-pressed:bg-flame-wash aria-pressed:font-medium aria-pressed:text-flame-text"
          >
            {name}
          </button>
        ))}
      </fieldset>
    </div>
  );
}

function Tool({
  label,
  disabled,
  onClick,
  children,
}: {
  label: string;
  disabled: boolean;
  onClick(): void;
  children: ReactNode;
}) {
  return (
    <button
      type="button"
      title={label}
      aria-label={label}
      disabled={disabled}
      onClick={onClick}
      className="grid size-8 place-items-center rounded-lg text-soft hover:bg-sunken hover:text-text disabled:text-faint disabled:opacity-40 disabled:hover:bg-transparent"
    >
      {children}
    </button>
  );
}
