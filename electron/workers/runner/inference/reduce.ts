/** One vector per row of a graph's output. Pure. */
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { Tensor, VectorReduction } from '../sessions.ts';
import { toFloats } from './float16.ts';

function wrongShape(name: string, dims: readonly number[]): PilotlightError {
  return new PilotlightError('RUNNER_BAD_GRAPH', {
    message: fact('RUNNER_WRONG_OUTPUTS', { outputs: `${name} [${dims.join(', ')}]` }),
  });
}

/** Throws RUNNER_BAD_GRAPH for an output of another shape: rows are never handed out to the wrong text. */
export function reduce(
  answer: Tensor,
  { output, pooling, normalise, lengths }: Omit<VectorReduction, 'kind'>,
): Tensor {
  const values = toFloats(answer);
  const { dims } = answer;
  const rows = lengths.length;
  const rank = pooling === 'none' ? 2 : 3;
  const perRow = rank === 2 ? 1 : (dims[1] ?? 0);
  const size = dims.at(-1) ?? 0;
  if (dims.length !== rank || dims[0] !== rows || (rank === 3 && lengths.some((length) => length > perRow)))
    throw wrongShape(output, dims);

  const vectors = new Float32Array(rows * size);
  for (const [row, length] of lengths.entries()) {
    const vector = vectors.subarray(row * size, (row + 1) * size);
    const from = row * perRow * size;
    const token = (index: number) => values.subarray(from + index * size, from + (index + 1) * size);
    if (pooling === 'mean') addMean(vector, values.subarray(from, from + length * size), length);
    else vector.set(token(pooling === 'last' ? Math.max(0, length - 1) : 0));
    if (normalise) normaliseInPlace(vector);
  }
  return { type: 'float32', dims: [rows, size], data: vectors };
}

function addMean(vector: Float32Array, tokens: Float32Array, count: number): void {
  const size = vector.length;
  for (let from = 0; from < tokens.length; from += size) {
    for (let index = 0; index < size; index += 1)
      vector[index] = (vector[index] as number) + (tokens[from + index] as number);
  }
  for (let index = 0; index < size; index += 1)
    vector[index] = (vector[index] as number) / Math.max(1, count);
}

/** L2. A vector of zeros stays one. */
export function normaliseInPlace(vector: Float32Array): void {
  let sum = 0;
  for (const one of vector) sum += one * one;
  const length = Math.sqrt(sum);
  if (length === 0) return;
  for (let index = 0; index < vector.length; index += 1) vector[index] = (vector[index] as number) / length;
}
