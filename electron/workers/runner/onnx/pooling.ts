/**
 * Adds pooling to a graph that gives one vector per token, so that a GPU hands back one vector per text. Reading back
 * all of them took more than a quarter of the time on an H200. Pure.
 */
import type { GraphValue, VectorReduction } from '../sessions.ts';
import { encodeAddition, type NodeSpec } from './encode.ts';
import { opsetOf } from './opset.ts';

const MASK = 'attention_mask';
/** No exporter uses it. */
const PREFIX = 'pilotlight/';
/** From then on, ReduceSum and Unsqueeze take their axes as inputs. */
const LEAST_OPSET = 13;
const FLOAT = 1;

export interface PooledGraph {
  bytes: Uint8Array;
  /** The added output, float32 [N, D], not normalised. */
  output: string;
}

export interface PoolingOptions {
  inputs: readonly Pick<GraphValue, 'name'>[];
  reduction: Pick<VectorReduction, 'output' | 'pooling'>;
}

/** The same graph with one more output; null if it cannot be added. */
export function withPooling(model: Uint8Array, { inputs, reduction }: PoolingOptions): PooledGraph | null {
  const pool = pools[reduction.pooling];
  const hasMask = inputs.some(({ name }) => name === MASK);
  if (pool === undefined || !hasMask || (opsetOf(model) ?? 0) < LEAST_OPSET) return null;
  const output = `${PREFIX}pooled`;
  const addition = encodeAddition({
    nodes: pool(reduction.output, output),
    constants: [
      { name: `${PREFIX}first`, type: 'int64', dims: [], data: BigInt64Array.of(0n) },
      { name: `${PREFIX}tokens`, type: 'int64', dims: [1], data: BigInt64Array.of(1n) },
      { name: `${PREFIX}values`, type: 'int64', dims: [1], data: BigInt64Array.of(2n) },
    ],
    outputs: [{ name: output, type: 'float32', dims: [`${PREFIX}texts`, `${PREFIX}dimensions`] }],
  });
  const bytes = new Uint8Array(model.length + addition.length);
  bytes.set(model);
  bytes.set(addition, model.length);
  return { bytes, output };
}

type Pool = (from: string, to: string) => NodeSpec[];

/** Where the last token of a text is depends on its length, so `last` stays outside. */
const pools: Partial<Record<VectorReduction['pooling'], Pool>> = {
  mean: (from, to) => [
    { op: 'Cast', inputs: [from], outputs: [`${PREFIX}vectors`], attributes: { to: FLOAT } },
    { op: 'Cast', inputs: [MASK], outputs: [`${PREFIX}mask`], attributes: { to: FLOAT } },
    {
      op: 'Unsqueeze',
      inputs: [`${PREFIX}mask`, `${PREFIX}values`],
      outputs: [`${PREFIX}weights`],
    },
    {
      op: 'Mul',
      inputs: [`${PREFIX}vectors`, `${PREFIX}weights`],
      outputs: [`${PREFIX}weighted`],
    },
    {
      op: 'ReduceSum',
      inputs: [`${PREFIX}weighted`, `${PREFIX}tokens`],
      outputs: [`${PREFIX}sum`],
      attributes: { keepdims: 0 },
    },
    {
      op: 'ReduceSum',
      inputs: [`${PREFIX}mask`, `${PREFIX}tokens`],
      outputs: [`${PREFIX}count`],
      attributes: { keepdims: 1 },
    },
    { op: 'Div', inputs: [`${PREFIX}sum`, `${PREFIX}count`], outputs: [to] },
  ],
  cls: (from, to) => [
    { op: 'Cast', inputs: [from], outputs: [`${PREFIX}vectors`], attributes: { to: FLOAT } },
    {
      op: 'Gather',
      inputs: [`${PREFIX}vectors`, `${PREFIX}first`],
      outputs: [to],
      attributes: { axis: 1 },
    },
  ],
};
