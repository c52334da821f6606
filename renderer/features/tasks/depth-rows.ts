/** The rows of the chart of the queues. Pure. */
import type { TaskDepth } from '../../../shared/models/tasks.ts';
import type { Band, ChartRow } from '../../charts/chart-row.ts';

/** A row for each moment that is known, and one where a gap begins: the core was off until the next. */
export function depthRows(points: readonly TaskDepth[]): ChartRow[] {
  const rows = new Map<number, { values: Record<string, number>; bands: Record<string, Band> }>();
  for (const { at, queue, waiting, active, spread } of points) {
    const row = rows.get(at) ?? { values: {}, bands: {} };
    row.values[queue] = waiting + active;
    if (spread !== undefined) row.bands[queue] = spread;
    rows.set(at, row);
  }
  const widthMs = (points[0]?.seconds ?? 0) * 1000;
  const known = [...rows].toSorted(([a], [b]) => a - b);
  return known.flatMap(([at, { values, bands }], index) => {
    const row: ChartRow = Object.keys(bands).length === 0 ? { at, values } : { at, values, bands };
    const end = at + widthMs;
    const next = known[index + 1]?.[0] ?? end;
    return next > end ? [row, { at: end, values: {}, missing: true }] : [row];
  });
}
