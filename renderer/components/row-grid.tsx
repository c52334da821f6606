// biome-ignore-all lint/a11y/useSemanticElements: a table cannot render only the rows that are visible.
// biome-ignore-all lint/a11y/useFocusableInteractive: the rows of the grid take the focus, not their cells.
import { type KeyboardEvent, type ReactNode, useLayoutEffect, useRef, useState } from 'react';
import { cardClass } from './page.tsx';
import { rowWindow } from './row-window.ts';
import { useMedia } from './use-media.ts';

const wideEnough = '(min-width: 62.5rem)';

export type RowShape = 'table' | 'card';

/** What a row needs to take its place; spread it onto `RowFrame`. */
export interface RowPlace {
  id: string;
  shape: RowShape;
  /** From 1, with the header. */
  rowIndex: number;
  top: number;
  height: number;
  /** Whether Tab reaches it. */
  current: boolean;
  open: boolean;
}

export interface RowColumns {
  names: readonly string[];
  /** One header and all rows share it. */
  className: string;
  /** The first column whose head is aligned to the right. */
  rightFrom: number;
  /** Whether the first head is only for screen readers. */
  hidesFirst?: boolean;
}

const rowElementId = (id: string) => `row-${id}`;

/**
 * A long list as a grid of which only the visible rows are rendered: a table where there is room, else cards. `onHold`
 * says whether somebody is in it, with the pointer, the focus or because it is scrolled: its order must not change then.
 */
export function RowGrid<Row extends { id: string }>({
  label,
  rows,
  columns,
  rowRem,
  openId,
  onOpen,
  onSelect,
  onHold,
  children,
}: {
  label: string;
  rows: readonly Row[];
  columns: RowColumns;
  /** Heights in rem. */
  rowRem: Readonly<Record<RowShape, number>>;
  openId: string | null;
  onOpen(id: string): void;
  /** Space chooses the row; without it, Space opens it. */
  onSelect?(id: string): void;
  onHold(held: boolean): void;
  children(row: Row, place: RowPlace): ReactNode;
}) {
  const shape = useMedia(wideEnough) ? 'table' : 'card';
  const [rootPixels] = useState(() => Number.parseFloat(getComputedStyle(document.documentElement).fontSize));
  const height = rowRem[shape] * rootPixels;
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 480 });
  const [currentId, setCurrentId] = useState<string | null>(null);
  const inside = useRef({ pointer: false, focus: false, scrolled: false });
  const moved = useRef(false);

  const found = currentId === null ? -1 : rows.findIndex(({ id }) => id === currentId);
  const current = Math.max(0, found);
  const visible = rowWindow({ ...view, row: height, count: rows.length, active: current });

  function hold(change: Partial<typeof inside.current>): void {
    Object.assign(inside.current, change);
    const { pointer, focus, scrolled } = inside.current;
    onHold(pointer || focus || scrolled);
  }

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const observer = new ResizeObserver(() =>
      setView({ top: element.scrollTop, height: element.clientHeight }),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // The row that the keys chose gets the focus once it is rendered, wherever the list was scrolled to.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!moved.current || !element || currentId === null) return;
    moved.current = false;
    const top = current * height;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + height > element.scrollTop + element.clientHeight)
      element.scrollTop = top + height - element.clientHeight;
    document.getElementById(rowElementId(currentId))?.focus({ preventScroll: true });
  });

  function onKeyDown(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(view.height / height) - 1);
    const last = rows.length - 1;
    const to: Record<string, number> = {
      ArrowDown: Math.min(last, current + 1),
      ArrowUp: Math.max(0, current - 1),
      PageDown: Math.min(last, current + page),
      PageUp: Math.max(0, current - page),
      Home: 0,
      End: last,
    };
    const next = to[event.key];
    const row = rows[next ?? current];
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    // A menu or dialog of a row has keys of its own, and so has a button in it.
    if (idOf(event.target) === null) return;
    if (next === undefined && isButton(event.target)) return;
    if (next !== undefined) {
      moved.current = true;
      setCurrentId(row.id);
    } else if (event.key === ' ' && onSelect) onSelect(row.id);
    else if (event.key === 'Enter' || event.key === ' ') onOpen(row.id);
    else return;
    event.preventDefault();
  }

  const idOf = (target: EventTarget) =>
    target instanceof Element && target.closest('dialog') === null
      ? (target.closest<HTMLElement>('[data-row]')?.dataset.row ?? null)
      : null;
  const isButton = (target: EventTarget) =>
    target instanceof Element && target.closest('a, button, input, select') !== null;
  const isControl = (target: EventTarget) =>
    target instanceof Element && target.closest('[data-row-control]') !== null;

  return (
    <div
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-multiselectable={onSelect ? true : undefined}
      className={`${cardClass} overflow-hidden`}
      onPointerEnter={() => hold({ pointer: true })}
      onPointerLeave={() => hold({ pointer: false })}
      onFocus={({ target }) => {
        const id = idOf(target);
        if (id !== null) setCurrentId(id);
        hold({ focus: true });
      }}
      onBlur={({ currentTarget, relatedTarget }) => hold({ focus: currentTarget.contains(relatedTarget) })}
      onClick={({ target }) => {
        const id = idOf(target);
        if (id === null) return;
        if (isControl(target)) onSelect?.(id);
        else if (!isButton(target)) onOpen(id);
      }}
      onKeyDown={onKeyDown}
    >
      <div role="rowgroup" className={shape === 'table' ? 'border-b border-line' : 'sr-only'}>
        <div role="row" aria-rowindex={1} className={`${columns.className} h-9 text-xs text-faint`}>
          {columns.names.map((name, index) => (
            <div
              role="columnheader"
              key={name}
              className={`truncate ${index >= columns.rightFrom ? 'text-right' : ''}`}
            >
              {index === 0 && columns.hidesFirst ? <span className="sr-only">{name}</span> : name}
            </div>
          ))}
        </div>
      </div>
      <div
        ref={scroller}
        role="rowgroup"
        onScroll={({ currentTarget: { scrollTop, clientHeight } }) => {
          setView({ top: scrollTop, height: clientHeight });
          hold({ scrolled: scrollTop > 0 });
        }}
        className="max-h-[max(22rem,calc(100dvh-22rem))] overflow-y-auto overscroll-contain"
      >
        <div role="presentation" className="relative" style={{ height: rows.length * height }}>
          {visible.map((index) => {
            const row = rows[index];
            return (
              row &&
              children(row, {
                id: row.id,
                shape,
                rowIndex: index + 2,
                top: index * height,
                height,
                current: index === current,
                open: row.id === openId,
              })
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** One row. Its grid handles clicks and keys. */
export function RowFrame({
  label,
  selected,
  id,
  rowIndex,
  top,
  height,
  current,
  open,
  children,
}: Omit<RowPlace, 'shape'> & {
  /** The row in a sentence, for screen readers. */
  label: string;
  /** Default: whether it is open. */
  selected?: boolean;
  children: ReactNode;
}) {
  return (
    <div
      role="row"
      id={rowElementId(id)}
      data-row={id}
      aria-rowindex={rowIndex}
      aria-label={label}
      aria-selected={selected ?? open}
      tabIndex={current ? 0 : -1}
      style={{ top, height }}
      className={`absolute inset-x-0 cursor-pointer border-b border-line outline-offset-[-2px] hover:bg-raised ${open || selected ? 'bg-flame-wash' : ''}`}
    >
      {children}
    </div>
  );
}

export const RowCell = ({
  children,
  className = '',
  ...rest
}: {
  children: ReactNode;
  className?: string;
  title?: string;
}) => (
  <div role="gridcell" className={`min-w-0 truncate ${className}`} {...rest}>
    {children}
  </div>
);
