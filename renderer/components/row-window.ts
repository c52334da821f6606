const spare = 3;

/** Which rows of a long list are rendered: the visible ones, a few around them, and always the active one. */
export function rowWindow({
  top,
  height,
  row,
  count,
  active,
}: {
  top: number;
  height: number;
  row: number;
  count: number;
  active: number;
}): number[] {
  const first = Math.max(0, Math.floor(top / row) - spare);
  const last = Math.min(count - 1, Math.ceil((top + height) / row) + spare);
  const rows = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  if (active < 0 || active >= count) return rows;
  if (active < first) return [active, ...rows];
  return active > last ? [...rows, active] : rows;
}
