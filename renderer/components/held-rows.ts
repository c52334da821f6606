/** How the order of a live list is held still while somebody is in it. Pure. */

export interface HeldList<Row> {
  rows: readonly Row[];
  /** How many match by now that are not in it. */
  more: number;
}

/**
 * The rows of `held` in their places, each as it is now. One that has left the stream, or no longer matches, stays as it
 * was last known.
 */
export function heldRows<Row extends { id: string }>(
  held: readonly Row[],
  current: readonly Row[],
  entries: Readonly<Record<string, Row>>,
): HeldList<Row> {
  const shown = new Set(held.map(({ id }) => id));
  return {
    rows: held.map((row) => entries[row.id] ?? row),
    more: current.reduce((count, { id }) => count + (shown.has(id) ? 0 : 1), 0),
  };
}
