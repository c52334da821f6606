/** Dimensions of a graph's values, in words and numbers. Pure. */
import type { GraphValue, Tensor } from '../sessions.ts';

/** `[batch, 3, ?, ?]` */
export const shapeText = ({ dims }: Pick<GraphValue, 'dims'>): string =>
  `[${dims.map((dim) => (dim === -1 ? '?' : dim)).join(', ')}]`;

/** null for a dimension that may vary. */
export const fixedDim = (dim: number | string | undefined): number | null =>
  typeof dim === 'number' && dim > 0 ? dim : null;

/** The input of a graph that takes pictures, [batch, 3, height, width]; null if it does not. */
export function pictureInput(input: GraphValue | undefined) {
  if (input === undefined || input.dims.length !== 4 || (fixedDim(input.dims[1]) ?? 3) !== 3) return null;
  const batch = fixedDim(input.dims[0]);
  if (batch !== null && batch !== 1) return null;
  return {
    name: input.name,
    /** Whether the graph says that it takes several pictures at once. */
    takesBatch: batch === null,
    height: fixedDim(input.dims[2]),
    width: fixedDim(input.dims[3]),
  };
}

export const floats = ({ data, type }: Tensor): Float32Array | null =>
  type === 'float32' && data instanceof Float32Array ? data : null;
