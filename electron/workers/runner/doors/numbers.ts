/** Numbers as JSON. Pure. */

/** The shortest decimal number that is still the same float32: half the bytes of a vector. */
export function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return Number(value.toPrecision(9));
}

export const vectorNumbers = (vector: Float32Array): number[] => Array.from(vector, shortest);

export function rounded(value: number, decimals: number): number {
  const factor = 10 ** decimals;
  return Math.round(value * factor) / factor;
}
