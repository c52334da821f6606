/** Graphs whose answers stay where they ran: a decoder's memory is too large to cross to another process at each token. */
import type { GraphValue, TensorData } from '../sessions.ts';

/** A tensor of onnxruntime. */
export interface HeldTensor {
  readonly type: string;
  readonly dims: readonly number[];
  /** Float16 numbers are their bits, or an array type of their own where the engine has one. */
  readonly data: unknown;
}

export interface HeldGraph {
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  /** One run, when it is its turn. Only the named outputs are made. */
  run(
    feeds: Readonly<Record<string, HeldTensor>>,
    outputs: readonly string[],
  ): Promise<Record<string, HeldTensor>>;
}

export type MakeTensor = (
  type: 'float32' | 'float16' | 'int64' | 'bool',
  data: TensorData,
  dims: readonly number[],
) => HeldTensor;
