/** Opened ONNX graphs, as everything above onnxruntime sees them. The runs themselves happen in a process of their own. */
import type { RunnerProvider, RunnerRung } from '../../../shared/models/runner.ts';

export type TensorData = Float32Array | BigInt64Array | Int32Array | Uint8Array | Uint16Array;

export interface Tensor {
  type: 'float32' | 'int64' | 'int32' | 'uint8' | 'float16';
  dims: readonly number[];
  /** Row by row. Float16 numbers are their bits. */
  data: TensorData;
}

/** An input or output of a graph. A dimension that may vary is its name, or -1 if it has none. */
export interface GraphValue {
  name: string;
  type: string;
  dims: readonly (number | string)[];
}

export interface OpenedGraph {
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  /** The provider that runs it now, and how the ladder was climbed down. */
  provider(): RunnerProvider;
  ladder(): readonly RunnerRung[];
  /**
   * One run. Runs of all graphs take turns; `urgent` ones go first. A provider that fails is replaced by the CPU, and
   * the run repeated there.
   * @throws PilotlightError: RUNNER_STOPPED, RUNNER_OUT_OF_MEMORY, RUNNER_BAD_GRAPH (wrong inputs, with the reason)
   */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    options?: { signal?: AbortSignal; urgent?: boolean },
  ): Promise<Record<string, Tensor>>;
  close(): Promise<void>;
}

export interface GraphOptions {
  /**
   * Inputs with which the providers are timed and compared; its answers must be the same on each of them.
   * Left out: the graph stays on the CPU.
   */
  trial?: Readonly<Record<string, Tensor>>;
  signal?: AbortSignal;
}

export interface Sessions {
  /** @throws PilotlightError: RUNNER_BAD_GRAPH with the reason (newer opset, missing external data, not a graph) */
  open(file: string, options?: GraphOptions): Promise<OpenedGraph>;
}
