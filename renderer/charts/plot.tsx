import { type KeyboardEvent, type PointerEvent, useRef, useState } from 'react';
import { type ChartRow, rowAt, type Series, sumKey } from './chart-row.ts';
import { pointAt, useCrosshair, useTime } from './chart-time.tsx';

/** Pixels; less is a click. */
const leastDrag = 6;
/** Rows per press of Page Up or Page Down. */
const page = 10;

/**
 * What answers to the pointer and the keyboard on a chart: the crosshair that all charts of the page share, the values
 * there, and the selection of a shorter time. It lies over the drawing, exactly as large as its plot.
 */
export function Plot({
  label,
  rows,
  series,
  format,
}: {
  label: string;
  rows: readonly ChartRow[];
  series: readonly Series[];
  format(value: number, key: string): string;
}) {
  const { first, last, zoom, zoomBy, back, formatAt } = useTime();
  const at = useCrosshair((state) => state.at);
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const start = useRef<{ at: number; x: number } | null>(null);
  const span = Math.max(1, last - first);
  const share = (time: number) => Math.min(1, Math.max(0, (time - first) / span));
  const shown = at !== null && at >= first && at <= last ? at : null;
  const index = shown === null ? -1 : rowAt(rows, shown);
  const row = rows[index];

  const timeOf = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    return first + Math.min(1, Math.max(0, (event.clientX - box.left) / Math.max(1, box.width))) * span;
  };

  function onKey(event: KeyboardEvent<HTMLElement>): void {
    const move = { ArrowLeft: -1, ArrowRight: 1, PageUp: -page, PageDown: page }[event.key];
    if (move !== undefined || event.key === 'Home' || event.key === 'End') {
      const from = index < 0 ? rows.length - 1 - (move ?? 0) : index;
      const wanted = event.key === 'Home' ? 0 : event.key === 'End' ? rows.length - 1 : from + (move ?? 0);
      const next = rows[Math.min(rows.length - 1, Math.max(0, wanted))];
      if (next) pointAt(Math.min(last, Math.max(first, next.at)));
    } else if (event.key === '+' || event.key === '=' || event.key === '-') {
      zoomBy(event.key === '-' ? 2 : 0.5, shown);
    } else if (event.key === 'Backspace') back();
    else if (event.key === 'Escape' && at !== null) pointAt(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function onUp(event: PointerEvent<HTMLElement>): void {
    const begun = start.current;
    start.current = null;
    setDrag(null);
    if (begun === null || Math.abs(event.clientX - begun.x) < leastDrag) return;
    const to = timeOf(event);
    zoom(Math.min(begun.at, to), Math.max(begun.at, to));
  }

  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label={`Time on the chart ${label}`}
      aria-valuemin={0}
      aria-valuemax={Math.max(0, rows.length - 1)}
      aria-valuenow={Math.max(0, index)}
      aria-valuetext={row ? valueText(row, series, format, formatAt) : 'no moment chosen'}
      className="absolute inset-0 cursor-crosshair touch-pan-y rounded select-none"
      onKeyDown={onKey}
      onBlur={() => pointAt(null)}
      onDoubleClick={back}
      onPointerDown={(event) => {
        if (event.button !== 0 || event.pointerType === 'touch') return;
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { at: timeOf(event), x: event.clientX };
      }}
      onPointerMove={(event) => {
        const to = timeOf(event);
        pointAt(to);
        const begun = start.current;
        if (begun) setDrag(Math.abs(event.clientX - begun.x) < leastDrag ? null : { from: begun.at, to });
      }}
      onPointerUp={onUp}
      onPointerCancel={() => {
        start.current = null;
        setDrag(null);
      }}
      onPointerLeave={() => {
        if (start.current === null) pointAt(null);
      }}
    >
      {drag && (
        <span
          className="pointer-events-none absolute inset-y-0 border-x border-flame bg-flame-wash opacity-70"
          style={{
            left: `${share(Math.min(drag.from, drag.to)) * 100}%`,
            width: `${Math.abs(share(drag.to) - share(drag.from)) * 100}%`,
          }}
        />
      )}
      {shown !== null && (
        <span
          data-crosshair=""
          className="pointer-events-none absolute inset-y-0 w-px bg-line-strong"
          style={{ left: `${share(shown) * 100}%` }}
        />
      )}
      {row && shown !== null && (
        <Values row={row} at={shown} series={series} format={format} isRight={share(shown) <= 0.5} />
      )}
    </div>
  );
}

const isShown = (row: ChartRow, key: string) => {
  const value = row.values[key];
  return value !== undefined && value !== null && (value !== 0 || row.bands?.[key] !== undefined);
};

/** `7.4 GB`, or `61% (12–98%)` where it is a mean. */
function textOf(row: ChartRow, key: string, format: (value: number, key: string) => string): string {
  const band = row.bands?.[key];
  const value = format(row.values[key] ?? 0, key);
  return band === undefined || band[0] === band[1]
    ? value
    : `${value} (${format(band[0], key)} – ${format(band[1], key)})`;
}

/** `3 to 40 in all`: how far the sum behind a mean went. */
function spreadText(row: ChartRow, format: (value: number, key: string) => string): string | null {
  const band = row.bands?.[sumKey];
  return band === undefined || band[0] === band[1]
    ? null
    : `${format(band[0], '')} – ${format(band[1], '')} in all`;
}

function valueText(
  row: ChartRow,
  series: readonly Series[],
  format: (value: number, key: string) => string,
  formatAt: (at: number) => string,
): string {
  const values = series.filter(({ key }) => isShown(row, key));
  const text =
    values.length === 0
      ? row.missing
        ? 'not known'
        : 'nothing'
      : values.map(({ key, name }) => `${name} ${textOf(row, key, format)}`).join(', ');
  const spread = spreadText(row, format);
  return `${formatAt(row.at)}: ${text}${spread === null ? '' : `; ${spread}`}`;
}

function Values({
  row,
  at,
  series,
  format,
  isRight,
}: {
  row: ChartRow;
  at: number;
  series: readonly Series[];
  format(value: number, key: string): string;
  isRight: boolean;
}) {
  const { formatAt } = useTime();
  const shown = series.filter(({ key }) => isShown(row, key));
  const spread = spreadText(row, format);
  return (
    <div
      className={`pointer-events-none absolute top-0 z-10 max-w-full rounded-lg border border-line-strong bg-raised px-2.5 py-1.5 text-xs shadow-(--shadow) ${isRight ? 'right-0' : 'left-0'}`}
    >
      <p className="text-faint">{formatAt(at)}</p>
      {shown.length === 0 && <p className="text-soft">{row.missing ? 'not known' : 'nothing'}</p>}
      {shown.map(({ key, name, colour }) => (
        <p key={key} className="flex items-center gap-2">
          <span className="size-2 shrink-0 rounded-[2px]" style={{ background: colour }} />
          <span className="max-w-40 min-w-0 truncate">{name}</span>
          <span className="ml-auto pl-2 font-medium whitespace-nowrap">{textOf(row, key, format)}</span>
        </p>
      ))}
      {spread !== null && <p className="mt-0.5 text-right text-faint">{spread}</p>}
    </div>
  );
}
