import { Undo2, ZoomIn, ZoomOut } from 'lucide-react';
import type { ReactNode } from 'react';
import type { HistoryRange } from '../../shared/models/telemetry.ts';
import { useCrosshair, useTime } from './chart-time.tsx';
import { rangeNames } from './period.ts';

/** Which time the charts of a page show. */
export function RangePicker() {
  const { period, label, isZoomed, change } = useTime();
  return (
    <div className="flex flex-wrap items-center justify-end gap-x-2 gap-y-1">
      {isZoomed && (
        <span className="text-xs text-soft" role="status">
          {label}
        </span>
      )}
      <ZoomTools />
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

/** The buttons for what a drag over a chart does, and its keys. */
export function ZoomTools() {
  const { isZoomed, mayZoom, zoomBy, back } = useTime();
  const around = useCrosshair(({ at }) => at);
  return (
    <div className="flex print:hidden">
      <Tool label="Zoom in" disabled={!mayZoom.in} onClick={() => zoomBy(0.5, around)}>
        <ZoomIn size={16} aria-hidden="true" />
      </Tool>
      <Tool label="Zoom out" disabled={!mayZoom.out} onClick={() => zoomBy(2, around)}>
        <ZoomOut size={16} aria-hidden="true" />
      </Tool>
      <Tool label="Undo zoom" disabled={!isZoomed} onClick={back}>
        <Undo2 size={16} aria-hidden="true" />
      </Tool>
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
