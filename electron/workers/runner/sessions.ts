/** Opened ONNX graphs, as everything above onnxruntime sees them. The runs themselves happen in a process of their own. */
import type { RunnerProvider, RunnerRung } from '../../../shared/models/runner.ts';
import type { DetectorLayout } from './faces/detector-layout.ts';
import type { Normalisation } from './faces/planes.ts';
import type { Picture } from './pictures/picture.ts';
import type { PictureResult, PictureTask } from './pictures/task.ts';
import type { HeardWindow, SpeechTask } from './speech/task.ts';

export type TensorData = Float32Array | BigInt64Array | Int32Array | Uint8Array | Uint16Array;

export interface Tensor {
  type: 'float32' | 'int64' | 'int32' | 'uint8' | 'float16';
  dims: readonly number[];
  /** Row by row. Float16 numbers are their bits. */
  data: TensorData;
}

/**
 * Pictures as an input. Their bytes cross to the process that runs the graph, and become numbers there: a quarter of what
 * the numbers would be.
 */
export interface PictureFeed {
  type: 'pictures';
  /** Of the input: [pictures, 3, height, width]. */
  dims: readonly [count: number, channels: 3, height: number, width: number];
  /** Each no larger than the input; it lies at the top left. */
  data: readonly Picture[];
  normalisation: Normalisation;
}

/** Inputs by name. */
export type Feeds = Readonly<Record<string, Tensor | PictureFeed>>;

/** An input or output of a graph. A dimension that may vary is its name, or -1 if it has none. */
export interface GraphValue {
  name: string;
  type: string;
  dims: readonly (number | string)[];
}

/** What is made of the outputs where the graph ran, so that only a little of them crosses to this process. */
export type Reduction = VectorReduction | CandidateReduction;

/** One vector per row. The answer replaces the output: float32 [N, D]. */
export interface VectorReduction {
  kind: 'vectors';
  output: string;
  /** `mean`, `cls` and `last` need an output [N, S, D]; `none` takes [N, D]. */
  pooling: 'mean' | 'cls' | 'last' | 'none';
  normalise: boolean;
  /** Tokens of each row; what follows is padding. */
  lengths: readonly number[];
}

/** The rows of a face detector with a score that counts. The answer replaces the outputs: see `faces/candidates.ts`. */
export interface CandidateReduction {
  kind: 'candidates';
  layout: DetectorLayout;
  /** Pictures of the run. */
  count: number;
  /** Of the input. */
  size: { width: number; height: number };
  minScore: number;
}

export interface RunOptions {
  signal?: AbortSignal;
  urgent?: boolean;
  /** What its time grows with, such as padded tokens. Default: the values of its largest input. */
  size?: number;
  reduce?: Reduction;
  /** After it: how long it took, milliseconds, and how many runs happened at the same time, itself included. */
  onRan?(run: { ms: number; beside: number }): void;
  /** The caller can send it in smaller parts: RUNNER_OUT_OF_MEMORY is for the caller, and no reason to leave the device. */
  divisible?: boolean;
}

/** A graph as what runs beside it sees it. */
export interface RunnableGraph {
  provider(): RunnerProvider;
  atOnce(urgent: boolean): number;
  run(feeds: Feeds, options?: RunOptions): Promise<Record<string, Tensor>>;
}

export interface OpenedGraph extends RunnableGraph {
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  /** The provider that runs it now, and how the ladder was climbed down. */
  provider(): RunnerProvider;
  ladder(): readonly RunnerRung[];
  /** Runs that are worth having begun at the same time: those that happen beside each other, and the next one. */
  atOnce(urgent: boolean): number;
  /**
   * One run. Runs of all graphs take turns; `urgent` ones go first. A provider that fails is replaced by the CPU, and
   * the run repeated there.
   * @throws PilotlightError: RUNNER_STOPPED, RUNNER_STARTING, RUNNER_OUT_OF_MEMORY, RUNNER_BAD_GRAPH (wrong inputs, with
   * the reason), RUNNER_INPUT_REFUSED (it ended the process repeatedly)
   */
  run(feeds: Feeds, options?: RunOptions): Promise<Record<string, Tensor>>;
  close(): Promise<void>;
}

export type Trial = Feeds;
export type TrialMaker = (graph: Pick<OpenedGraph, 'inputs' | 'outputs'>) => Trial;

export interface GraphOptions {
  /**
   * Inputs with which the providers are timed and compared; its answers must be the same on each of them.
   * Left out: the graph stays on the CPU.
   */
  trial?: Trial | TrialMaker;
  /** The same with far fewer values, tried first: a very slow provider shows it soon. */
  fewTrial?: TrialMaker;
  /** SHA-256 of the model: what was found out about its providers is kept under it. Left out: tried each time. */
  hash?: string;
  /** How alike vectors must be, as a cosine. Default .9995; quantised weights need .95. */
  cosine?: number;
  signal?: AbortSignal;
}

export interface Sessions {
  /**
   * Work on one picture by graphs that were opened here, where they run. Takes turns with the runs of all graphs, and is
   * repeated like them.
   * @throws what `OpenedGraph.run` and the task throw; the signal's reason
   */
  perform<Task extends PictureTask>(
    task: Task,
    graphs: readonly OpenedGraph[],
    signal: AbortSignal,
  ): Promise<PictureResult<Task>>;
  /**
   * Turns a window of a recording into tokens where the graphs run: an encoder, a decoder without a memory, and one with
   * it. Runs of other graphs happen between its tokens. Repeated like them.
   * @throws what `OpenedGraph.run` throws; RUNNER_NAN; the signal's reason
   */
  hear(
    task: SpeechTask,
    graphs: readonly [encoder: OpenedGraph, first: OpenedGraph, next: OpenedGraph],
    signal: AbortSignal,
  ): Promise<HeardWindow>;
  /** @throws PilotlightError: RUNNER_BAD_GRAPH with the reason (newer opset, missing external data, not a graph) */
  open(file: string, options?: GraphOptions): Promise<OpenedGraph>;
}
