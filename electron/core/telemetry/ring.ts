/**
 * A ring of rows of numbers in typed columns. Columns come when a row first names them, go when a whole
 * revolution did not, and rows are allocated as they are needed, so that a thousand quiet rings stay small.
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

export function createRing(capacity: number): Ring {
  let room = Math.min(FIRST_ROWS, capacity);
  let times = new Float64Array(room);
  const columns = new Map<string, { values: Float64Array; lastPush: number }>();
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
      const grown = new Float64Array(next).fill(Number.NaN);
      grown.set(column.values);
      column.values = grown;
    }
    room = next;
  }

  return {
    push(at, values) {
      if (size === room && room < capacity) grow();
      const index = pushed % room;
      pushed += 1;
      size = Math.min(size + 1, room);
      times[index] = at;
      for (const [name, column] of columns) {
        column.values[index] = Number.NaN;
        if (pushed - column.lastPush > capacity) columns.delete(name);
      }
      for (const [name, value] of Object.entries(values)) {
        let column = columns.get(name);
        if (!column) {
          column = { values: emptyColumn(), lastPush: pushed };
          columns.set(name, column);
        }
        column.values[index] = value;
        column.lastPush = pushed;
      }
    },
    rows(since) {
      const rows: { at: number; values: Record<string, number> }[] = [];
      for (let offset = 0; offset < size; offset += 1) {
        const index = (pushed - size + offset) % room;
        const at = times[index] ?? 0;
        if (at < since) continue;
        const values: Record<string, number> = {};
        for (const [name, column] of columns) {
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
      return times.byteLength * (1 + columns.size);
    },
  };
}
