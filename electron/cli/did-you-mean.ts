/** The command that was probably meant. Pure. */

/** How many letters may be wrong, missing, too many or swapped. */
const mostFaults = (length: number) => (length <= 3 ? 1 : length <= 7 ? 2 : 3);

/** The nearest of the names, null if none is near enough. */
export function nearestName(wanted: string, names: readonly string[]): string | null {
  const lower = wanted.toLowerCase();
  let nearest: { name: string; faults: number } | null = null;
  for (const name of names) {
    const faults = name.startsWith(lower) && lower.length >= 2 ? 0.5 : distance(lower, name);
    if (faults <= mostFaults(lower.length) && (nearest === null || faults < nearest.faults)) {
      nearest = { name, faults };
    }
  }
  return nearest?.name ?? null;
}

/** Optimal string alignment: a swap of neighbours counts once. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (before[j - 2] ?? 0) + 1);
      }
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
