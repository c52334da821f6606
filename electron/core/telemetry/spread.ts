/** The lowest and the highest of values, those that are not known left out; null if none is known. Pure. */
export function spreadOf(values: readonly (number | null)[]): [low: number, high: number] | null {
  let spread: [number, number] | null = null;
  for (const value of values) {
    if (value === null) continue;
    spread = spread === null ? [value, value] : [Math.min(spread[0], value), Math.max(spread[1], value)];
  }
  return spread;
}
