/**
 * A ring of rows of numbers in typed columns. A column is added when a row first names it and dropped after a full
 * revolution without it. Rows are allocated as needed, so that a thousand quiet rings stay small. A column that has never
 * changed, such as a memory size, is stored as one number.
 */
export interface Ring {
  push(at: number, values: Readonly<Record<string, number>>): void;
  /** Rows at or after `since`, oldest first; a column that a row did not name is left out of it. */
  rows(since: number): { at: number; values: Record<string, number> }[];
  readonly size: number;
  /** Bytes held in columns. */
  readonly bytes: number;
}

const FIRST_ROWS = 16;

interface Column {
  /** null while every row from `first` to `last` holds `constant`. */
  values: Float64Array | null;
  constant: number;
  /** Which pushes named it, counted from 1. */
  first: number;
  last: number;
}

export function createRing(capacity: number): Ring {
  let room = Math.min(FIRST_ROWS, capacity);
  let times = new Float64Array(room);
  const columns = new Map<string, Column>();
  /** Rows ever pushed; the newest is at `(pushed - 1) % room`. */
  let pushed = 0;
  let size = 0;

  const emptyColumn = () => new Float64Array(room).fill(Number.NaN);

  function grow(): void {
    const next = Math.min(capacity, room * 2);
    // Rows start at 0 as long as the ring has not wrapped, and it wraps only at full capacity.
    const grownTimes = new Float64Array(next);
    grownTimes.set(times);
    times = grownTimes;
    for (const column of columns.values()) {
      if (column.values === null) continue;
      const grown = new Float64Array(next).fill(Number.NaN);
      grown.set(column.values);
      column.values = grown;
    }
    room = next;
  }

  /** The value is about to change: expands the constant to one number per row. */
  function spread(column: Column): Float64Array {
    const values = emptyColumn();
    const oldest = Math.max(column.first, pushed - size + 1);
    for (let row = oldest; row <= column.last; row += 1) values[(row - 1) % room] = column.constant;
    column.values = values;
    return values;
  }

  return {
    push(at, values) {
      if (size === room && room < capacity) grow();
      const index = pushed % room;
      pushed += 1;
      size = Math.min(size + 1, room);
      times[index] = at;
      for (const [name, column] of columns) {
        if (column.values !== null) column.values[index] = Number.NaN;
        if (pushed - column.last > capacity) columns.delete(name);
      }
      for (const [name, value] of Object.entries(values)) {
        const column = columns.get(name);
        if (!column) {
          columns.set(name, { values: null, constant: value, first: pushed, last: pushed });
          continue;
        }
        const continues = column.values === null && column.constant === value && column.last === pushed - 1;
        if (!continues) (column.values ?? spread(column))[index] = value;
        column.last = pushed;
      }
    },
    rows(since) {
      const rows: { at: number; values: Record<string, number> }[] = [];
      for (let row = pushed - size + 1; row <= pushed; row += 1) {
        const index = (row - 1) % room;
        const at = times[index] ?? 0;
        if (at < since) continue;
        const values: Record<string, number> = {};
        for (const [name, column] of columns) {
          if (column.values === null) {
            if (row >= column.first && row <= column.last) values[name] = column.constant;
            continue;
          }
          const value = column.values[index];
          if (value !== undefined && !Number.isNaN(value)) values[name] = value;
        }
        rows.push({ at, values });
      }
      return rows;
    },
    get size() {
      return size;
    },
    get bytes() {
      const spreadColumns = [...columns.values()].filter(({ values }) => values !== null).length;
      return times.byteLength * (1 + spreadColumns);
    },
  };
}
