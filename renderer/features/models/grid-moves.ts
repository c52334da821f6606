/** Where an arrow key leads in a grid with gaps. Pure. */

export interface Place {
  row: number;
  column: number;
}

export interface GridShape {
  rows: number;
  columns: number;
  /** Whether something can be focused there. */
  has(place: Place): boolean;
}

const arrows: Readonly<Record<string, readonly [rows: number, columns: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** The next place with something in it; null if there is none, or the key moves nothing. */
export function moveInGrid(
  from: Place,
  { key, isWhole }: { key: string; isWhole: boolean },
  { rows, columns, has }: GridShape,
): Place | null {
  const step = Object.hasOwn(arrows, key) ? arrows[key] : undefined;
  if (step !== undefined) {
    let { row, column } = from;
    for (;;) {
      row += step[0];
      column += step[1];
      if (row < 0 || column < 0 || row >= rows || column >= columns) return null;
      if (has({ row, column })) return { row, column };
    }
  }
  if (key !== 'Home' && key !== 'End') return null;
  const [firstRow, lastRow] = isWhole ? [0, rows - 1] : [from.row, from.row];
  const places: Place[] = [];
  for (let row = firstRow; row <= lastRow; row += 1)
    for (let column = 0; column < columns; column += 1)
      if (has({ row, column })) places.push({ row, column });
  return (key === 'Home' ? places[0] : places.at(-1)) ?? null;
}
