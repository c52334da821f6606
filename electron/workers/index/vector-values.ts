/** Vectors as they are stored: float32, little-endian, of length 1. */

/** How far the length of a stored vector may be from 1. */
const LENGTH_TOLERANCE = 0.01;

/** A stored vector; null if it is invalid: another length, or numbers that no unit vector has. */
export function toVector(stored: unknown, dimensions: number): Float32Array | null {
  if (!(stored instanceof Uint8Array) || stored.byteLength !== dimensions * 4) return null;
  const vector = toFloats(stored);
  let squares = 0;
  for (let i = 0; i < dimensions; i += 1) squares += (vector[i] as number) ** 2;
  return squares === 0 || Math.abs(squares - 1) < LENGTH_TOLERANCE ? vector : null;
}

/** The floats of a stored vector; copied only if it is not aligned. */
function toFloats(bytes: Uint8Array): Float32Array {
  if (bytes.byteOffset % 4 === 0) {
    return new Float32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / 4);
  }
  return new Float32Array(bytes.slice().buffer);
}

export function normalised(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  if (squares === 0) return vector.slice();
  const scale = 1 / Math.sqrt(squares);
  return vector.map((value) => value * scale);
}

export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
