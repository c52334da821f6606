import { type FocusEvent, type KeyboardEvent, useState } from 'react';
import { moveInGrid, type Place } from './grid-moves.ts';

/** Marks what can be focused at a place of the grid, and whether Tab leads to it. */
export type MarkPlace = (place: Place) => { 'data-place': string; tabIndex: 0 | -1 };

/** Arrow keys in a grid, which is one stop of Tab: the place that had the focus last. */
export function useGridKeys(
  rows: number,
  columns: number,
  /** Where Tab leads at first. */
  first: Place,
): {
  mark: MarkPlace;
  onKeyDown(event: KeyboardEvent<HTMLElement>): void;
  onFocus(event: FocusEvent<HTMLElement>): void;
} {
  const [last, setLast] = useState<Place | null>(null);
  const isThere = last !== null && last.row < rows && last.column < columns;
  const current = isThere ? last : first;
  return {
    mark: (place) => ({
      'data-place': `${place.row},${place.column}`,
      tabIndex: place.row === current.row && place.column === current.column ? 0 : -1,
    }),
    onFocus({ target }) {
      const place = placeOf(target);
      if (place !== null) setLast(place);
    },
    onKeyDown(event) {
      const { key, ctrlKey, metaKey, altKey, currentTarget } = event;
      const place = placeOf(event.target);
      if (place === null || metaKey || altKey) return;
      const at = ({ row, column }: Place) =>
        currentTarget.querySelector<HTMLElement>(`[data-place="${row},${column}"]`);
      const next = moveInGrid(
        place,
        { key, isWhole: ctrlKey },
        { rows, columns, has: (one) => at(one) !== null },
      );
      if (next === null) return;
      event.preventDefault();
      at(next)?.focus();
    },
  };
}

function placeOf(target: EventTarget): Place | null {
  const text = target instanceof HTMLElement ? target.dataset.place : undefined;
  if (text === undefined) return null;
  const [row = 0, column = 0] = text.split(',').map(Number);
  return { row, column };
}
