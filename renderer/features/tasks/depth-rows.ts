/** The rows of the chart of the queues. Pure. */
import type { TaskDepth } from '../../../shared/models/tasks.ts';
import type { ChartRow } from '../../charts/chart-row.ts';

/** A row for each moment that is known, and one where a gap begins: the core was off until the next. */
export function depthRows(points: readonly TaskDepth[]): ChartRow[] {
  const rows = new Map<number, Record<string, number>>();
  for (const { at, queue, waiting, active } of points) {
    const values = rows.get(at) ?? {};
    values[queue] = waiting + active;
    rows.set(at, values);
  }
  const widthMs = (points[0]?.seconds ?? 0) * 1000;
  const known = [...rows].toSorted(([a], [b]) => a - b);
  return known.flatMap(([at, values], index) => {
    const row: ChartRow = { at, values };
    const end = at + widthMs;
    const next = known[index + 1]?.[0] ?? end;
    return next > end ? [row, { at: end, values: {}, missing: true }] : [row];
  });
}
