/** Opens the graphs of a face model, and finds faces with them. */
import type { FacePlan } from '../pictures/task.ts';
import type { OpenedGraph, Sessions, Tensor } from '../sessions.ts';
import type { AnalysedPicture, AnalyseOptions } from './analysed.ts';
import { noise } from './batch-check.ts';
import { detectorBatches } from './detector.ts';
import type { DetectorLayout } from './detector-layout.ts';
import { embedderBatches } from './embedder.ts';
import type { DetectorFile, EmbedderFile, FaceModelFiles } from './model-folder.ts';

export interface FaceModel {
  readonly kind: DetectorLayout['kind'];
  /** Of the vectors. */
  readonly dimensions: number;
  /** Whether several pictures, or faces, may share a run. */
  readonly batches: { pictures: boolean; faces: boolean };
  /** Its graphs, for what is said about providers. */
  readonly graphs: readonly [detector: OpenedGraph, embedder: OpenedGraph];
  /** Pictures that wait or are worked on. */
  waiting(): number;
  /** @throws what decoding, detecting and embedding throw; the signal's reason */
  analyse(bytes: Uint8Array, options: AnalyseOptions): Promise<AnalysedPicture>;
  close(): Promise<void>;
}

export interface FaceModelOptions {
  sessions: Sessions;
  /** Longest side at which a detector without a size of its own sees a picture. Default 1024. */
  mostSide?: number;
  /** SHA-256 of the model: what is found out about its providers is kept under it. */
  hash?: string;
  signal?: AbortSignal;
}

const MOST_SIDE = 1024;
const PICTURES_A_RUN = 8;
const FACES_A_RUN = 32;
/** Side at which the providers are compared for a detector without a size of its own. */
const TRIAL_SIDE = 640;

/** @throws FACES_WRONG_ANSWER, and what opening and running throw */
export async function openFaceModel(files: FaceModelFiles, options: FaceModelOptions): Promise<FaceModel> {
  await using opened = new AsyncDisposableStack();
  const detector = await openDetectorFile(files.detector, options);
  opened.defer(detector.close);
  const embedder = await openFirstGood(files.embedders, options);
  opened.defer(embedder.close);
  const kept = opened.move();
  const graphs = [detector.graph, embedder.graph] as const;
  const plan: FacePlan = { detector: detector.plan, embedder: embedder.plan };
  let waiting = 0;
  return {
    kind: plan.detector.layout.kind,
    dimensions: plan.embedder.layout.dimensions,
    batches: { pictures: plan.detector.batches, faces: plan.embedder.batches },
    graphs,
    waiting: () => waiting,
    async analyse(bytes, { signal, ...wanted }) {
      waiting += 1;
      try {
        return await options.sessions.perform(
          { kind: 'faces', bytes, plan, options: wanted },
          graphs,
          signal,
        );
      } finally {
        waiting -= 1;
      }
    },
    close: () => kept.disposeAsync(),
  };
}

export async function openDetectorFile({ file, layout }: DetectorFile, options: FaceModelOptions) {
  const { sessions, signal, hash, mostSide = MOST_SIDE } = options;
  const { width, height } = layout.size ?? { width: TRIAL_SIDE, height: TRIAL_SIDE };
  return guarded(
    await sessions.open(file, {
      trial: trialOf(layout.input, [1, 3, height, width], 127),
      ...(hash !== undefined && { hash: `${hash} detector` }),
      ...(signal && { signal }),
    }),
    async (graph) => ({
      plan: {
        layout,
        batches: await detectorBatches(graph, layout, signal),
        most: mostSide,
        batch: PICTURES_A_RUN,
      },
    }),
  );
}

export async function openEmbedderFile(
  { file, layout, normalisation }: EmbedderFile,
  options: FaceModelOptions,
) {
  const { sessions, signal, hash } = options;
  return guarded(
    await sessions.open(file, {
      trial: trialOf(layout.input, [1, 3, layout.side, layout.side], 1),
      ...(hash !== undefined && { hash: `${hash} embedder` }),
      ...(signal && { signal }),
    }),
    async (graph) => ({
      plan: {
        layout,
        normalisation,
        batches: await embedderBatches(graph, layout, signal),
        batch: FACES_A_RUN,
      },
    }),
  );
}

/** Where a folder has several embedders, one that keeps what it declares is preferred. */
async function openFirstGood(files: FaceModelFiles['embedders'], options: FaceModelOptions) {
  for (const file of files) {
    const opened = await openEmbedderFile(file, options);
    if (files.length === 1 || opened.plan.batches === file.layout.takesBatch) return opened;
    await opened.close();
  }
  return openEmbedderFile(files[0], options);
}

/** A graph whose use fails is closed. */
async function guarded<Made extends object>(
  graph: OpenedGraph,
  make: (graph: OpenedGraph) => Promise<Made>,
): Promise<Made & { graph: OpenedGraph; close(): Promise<void> }> {
  try {
    return { ...(await make(graph)), graph, close: () => graph.close() };
  } catch (error) {
    await graph.close();
    throw error;
  }
}

function trialOf(input: string, dims: readonly number[], scale: number): Record<string, Tensor> {
  const size = dims.reduce((product, dim) => product * dim, 1);
  const data = noise(size, 7).map((value) => (scale === 1 ? value : (value + 1) * scale));
  return { [input]: { type: 'float32', dims, data } };
}
