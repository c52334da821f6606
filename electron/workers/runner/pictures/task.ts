/** Work on one picture that happens in the process that runs the graphs: its file crosses to it, and the result back. */
import type { AnalysedPicture, AnalyseOptions } from '../faces/analysed.ts';
import type { DetectorLayout } from '../faces/detector-layout.ts';
import type { EmbedderLayout } from '../faces/embedder-layout.ts';
import type { Normalisation } from '../faces/planes.ts';
import type { Kernel } from './pictures.ts';

/** How the two graphs of a face model are used; the same for all its pictures. */
export interface FacePlan {
  detector: { layout: DetectorLayout; batches: boolean; most: number; batch: number };
  embedder: { layout: EmbedderLayout; normalisation: Normalisation; batches: boolean; batch: number };
}

/** How a graph that makes one vector of a picture wants it: a square out of the middle. */
export interface VectorPlan {
  input: string;
  side: number;
  kernel: Kernel;
  normalisation: Normalisation;
}

export interface PictureVector {
  vector: Float32Array;
  /** Upright. */
  width: number;
  height: number;
}

/** `faces` needs a detector and an embedder, `vector` one graph. */
export type PictureTask = { bytes: Uint8Array } & (
  | { kind: 'faces'; plan: FacePlan; options: Omit<AnalyseOptions, 'signal'> }
  | { kind: 'vector'; plan: VectorPlan }
);

export type PictureResult<Task extends Pick<PictureTask, 'kind'>> = Task extends { kind: 'faces' }
  ? AnalysedPicture
  : PictureVector;
