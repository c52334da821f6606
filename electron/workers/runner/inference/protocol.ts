/** Between the runner's door and its inference process. */

import type { RunnerProvider } from '../../../../shared/models/runner.ts';
import type { WorkerContract } from '../../../adapters/processes/worker-protocol.ts';
import type { AnalysedPicture } from '../faces/analysed.ts';
import type { PictureTask, PictureVector } from '../pictures/task.ts';
import type { Feeds, GraphValue, Reduction, Tensor } from '../sessions.ts';
import type { HeardWindow, SpeechTask } from '../speech/task.ts';

export type { Feeds } from '../sessions.ts';

export type Answers = Record<string, Tensor>;

export interface OpenParams {
  /** The door's number for the graph. */
  graph: number;
  /** A path, or the bytes of a small graph. */
  file: string | Uint8Array;
  provider: RunnerProvider;
}

export interface OpenResult {
  inputs: GraphValue[];
  outputs: GraphValue[];
  /** Runs of it that may happen at the same time. */
  lanes: number;
  rss: number;
}

export interface RunParams {
  graph: number;
  feeds: Feeds;
  reduce: Reduction | null;
  /** What its time grows with, such as padded tokens. */
  size: number;
  /** Before others that wait in the process. */
  urgent: boolean;
}

export interface RunResult {
  answers: Answers;
  ms: number;
  /** Runs that happened at the same time, this one included. */
  beside: number;
  rss: number;
}

export interface PictureParams {
  task: PictureTask;
  /** Its graphs, in its order. */
  graphs: number[];
}

export interface PictureDone {
  result: AnalysedPicture | PictureVector;
  /** From its arrival on, divided by the pictures that were worked on meanwhile. */
  ms: number;
  rss: number;
}

export interface SpeechParams {
  task: SpeechTask;
  /** An encoder and two decoders, which may be the same. */
  graphs: [number, number, number];
}

export interface SpeechDone {
  result: HeardWindow;
  rss: number;
}

export interface TrialParams {
  file: string | Uint8Array;
  provider: RunnerProvider;
  feeds: Feeds;
  /** Runs that are timed. */
  times: number;
  /** A folder for the profile. */
  folder: string;
}

export interface TrialResult {
  /** Shortest run, milliseconds. */
  ms: number;
  answers: Answers;
  /** Part of the nodes that ran on the provider, 0 to 1; null if it is not known. */
  share: number | null;
}

export interface InferenceContract extends WorkerContract {
  config: {
    /** Threads of one run; null for one per core. */
    threads: number | null;
  };
  calls: {
    /** Loads onnxruntime. Throws RUNNER_NOT_INSTALLED. */
    describe: { params: null; result: { version: string; providers: RunnerProvider[] } };
    /** Throws RUNNER_BAD_GRAPH. */
    open: { params: OpenParams; result: OpenResult };
    /**
     * Runs that are sent together take turns, or happen beside each other. Throws RUNNER_BAD_GRAPH (wrong inputs), RUNNER_OUT_OF_MEMORY, PROVIDER_LOST
     * in `details.kind`, and RUNNER_STARTING for a graph that was closed meanwhile.
     */
    run: { params: RunParams; result: RunResult };
    /**
     * Decodes a picture, and runs graphs on it. Several that are sent together happen beside each other. Throws what a
     * run does, with the graph's number in `details.graph`, FACES_WRONG_ANSWER, and what decoding throws.
     */
    picture: { params: PictureParams; result: PictureDone };
    /** Reports each token, because it may take long. Throws what a run does, with the graph's number in `details.graph`, and RUNNER_NAN. */
    hear: { params: SpeechParams; result: SpeechDone };
    close: { params: { graph: number }; result: null };
    /** Opens, runs, compares nothing, closes. In a process that may die of it. */
    trial: { params: TrialParams; result: TrialResult };
  };
  /** A call is getting on: its deadline begins again. */
  progress: 'working';
  event: never;
}
