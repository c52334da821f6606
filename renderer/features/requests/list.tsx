// biome-ignore-all lint/a11y/useSemanticElements: a table cannot render only the rows that are visible.
// biome-ignore-all lint/a11y/useFocusableInteractive: the rows of the grid take the focus, not their cells.
import { type KeyboardEvent, useLayoutEffect, useRef, useState } from 'react';
import type { RequestView } from '../../../shared/models/requests.ts';
import { cardClass } from '../../components/page.tsx';
import { rowWindow } from '../../components/row-window.ts';
import { useMedia } from '../../components/use-media.ts';
import { columns, columnsClass, Row, rowElementId, rowRem } from './row.tsx';

const wideEnough = '(min-width: 62.5rem)';

/**
 * The requests as a grid of which only the visible rows are rendered. `onHold` says whether somebody is in it, with the
 * pointer, the focus or because it is scrolled: its order must not change then.
 */
export function RequestList({
  requests,
  nodeName,
  openId,
  onOpen,
  onHold,
}: {
  requests: readonly RequestView[];
  nodeName(nodeId: string): string;
  openId: string | null;
  onOpen(requestId: string): void;
  onHold(held: boolean): void;
}) {
  const shape = useMedia(wideEnough) ? 'table' : 'card';
  const [rootPixels] = useState(() => Number.parseFloat(getComputedStyle(document.documentElement).fontSize));
  const height = rowRem[shape] * rootPixels;
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 480 });
  const [currentId, setCurrentId] = useState<string | null>(null);
  const inside = useRef({ pointer: false, focus: false, scrolled: false });
  const moved = useRef(false);

  const found = currentId === null ? -1 : requests.findIndex(({ id }) => id === currentId);
  const current = Math.max(0, found);
  const rows = rowWindow({ ...view, row: height, count: requests.length, active: current });

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
    const last = requests.length - 1;
    const to: Record<string, number> = {
      ArrowDown: Math.min(last, current + 1),
      ArrowUp: Math.max(0, current - 1),
      PageDown: Math.min(last, current + page),
      PageUp: Math.max(0, current - page),
      Home: 0,
      End: last,
    };
    const next = to[event.key];
    const request = requests[next ?? current];
    if (!request) return;
    if (next !== undefined) {
      moved.current = true;
      setCurrentId(request.id);
    } else if (event.key === 'Enter' || event.key === ' ') onOpen(request.id);
    else return;
    event.preventDefault();
  }

  const idOf = (target: EventTarget) =>
    target instanceof Element
      ? (target.closest<HTMLElement>('[data-request]')?.dataset.request ?? null)
      : null;

  return (
    <div
      role="grid"
      aria-label="Requests"
      aria-rowcount={requests.length + 1}
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
        if (id !== null) onOpen(id);
      }}
      onKeyDown={onKeyDown}
    >
      <div role="rowgroup" className={shape === 'table' ? 'border-b border-line' : 'sr-only'}>
        <div role="row" aria-rowindex={1} className={`${columnsClass} h-9 text-xs text-faint`}>
          {columns.map((column, index) => (
            <div role="columnheader" key={column} className={`truncate ${index > 3 ? 'text-right' : ''}`}>
              {column}
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
        <div role="presentation" className="relative" style={{ height: requests.length * height }}>
          {rows.map((index) => {
            const request = requests[index];
            return (
              request && (
                <Row
                  key={request.id}
                  request={request}
                  nodeName={request.nodeId === null ? null : nodeName(request.nodeId)}
                  shape={shape}
                  rowIndex={index + 2}
                  top={index * height}
                  height={height}
                  current={index === current}
                  open={request.id === openId}
                />
              )
            );
          })}
        </div>
      </div>
    </div>
  );
}
