/** Sound at another number of samples a second, part by part. Pure. */

export interface Resampler {
  /** That it needs: many for two rates that have little in common. */
  readonly weights: number;
  /** Of the whole. @param length of what is given */
  lengthOf(length: number): number;
  /** @param read `count` values of what is given from `from` on, which may lie before its beginning or after its end: 0 there */
  part(from: number, count: number, read: (from: number, count: number) => Float32Array): Float32Array;
}

/** Samples on each side that count, at the lower rate. */
const REACH = 16;
/** Of half the lower rate: what lies above it would be heard as something else. */
const PASSED = 0.95;

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

export function createResampler(from: number, to: number): Resampler {
  const common = divisor(from, to);
  const [down, up] = [from / common, to / common];
  const cutoff = (Math.min(1, to / from) * PASSED) / 2;
  const reach = Math.ceil(REACH * Math.max(1, from / to));
  /** For each place between two samples, the weights of those around it. */
  const tables = new Map<number, Float64Array>();

  function weightsAt(phase: number): Float64Array {
    const known = tables.get(phase);
    if (known !== undefined) return known;
    const weights = Float64Array.from({ length: 2 * reach }, (_, index) => {
      const distance = index - reach + 1 - phase / up;
      const angle = 2 * Math.PI * cutoff * distance;
      const sinc = angle === 0 ? 1 : Math.sin(angle) / angle;
      return sinc * (0.5 + 0.5 * Math.cos((Math.PI * distance) / reach));
    });
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const even = weights.map((weight) => weight / sum);
    tables.set(phase, even);
    return even;
  }

  const firstOf = (index: number) => Math.floor((index * down) / up) - reach + 1;

  return {
    weights: up * 2 * reach,
    lengthOf: (length) => Math.floor((length * up) / down),
    part(at, count, read) {
      const begin = firstOf(at);
      const given = read(begin, firstOf(at + count - 1) + 2 * reach - begin);
      const out = new Float32Array(count);
      for (let index = 0; index < count; index += 1) {
        const weights = weightsAt(((at + index) * down) % up);
        const first = firstOf(at + index) - begin;
        let sum = 0;
        for (let place = 0; place < weights.length; place += 1)
          sum += (weights[place] as number) * (given[first + place] as number);
        out[index] = sum;
      }
      return out;
    },
  };
}
