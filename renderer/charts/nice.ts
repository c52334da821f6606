/** The next of 1, 2, 3, 4, 6, 8 × a power of ten. */
export function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 3, 4, 6, 8, 10].find((candidate) => candidate * power >= value) ?? 10;
  return step * power;
}
