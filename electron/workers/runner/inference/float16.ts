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
