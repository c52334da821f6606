/** Half-precision numbers as their bits. Pure. */
import type { Tensor } from '../sessions.ts';

function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The numbers of a tensor as float32. */
export function toFloats({ type, data }: Pick<Tensor, 'type' | 'data'>): Float32Array {
  if (data instanceof Float32Array) return data;
  if (type === 'float16') return Float32Array.from(data as Uint16Array, fromHalf);
  return Float32Array.from(data as ArrayLike<number | bigint>, Number);
}

/** The bits of the nearest half; what is too large for one is infinite. */
function toHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size >= 65_520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | evenly(size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  // Rounding up may lead to the next exponent, which is the next number all the same.
  return sign | (((exponent + 15) << 10) + evenly((size / 2 ** exponent - 1) * 1024));
}

/** Rounds to the nearest whole number, from the middle to the even one. */
function evenly(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

export const toHalves = (values: Float32Array): Uint16Array => Uint16Array.from(values, toHalf);
