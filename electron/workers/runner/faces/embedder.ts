/** Makes vectors of aligned faces on an opened graph, in the process that runs it. */
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { OpenedGraph, RunnableGraph, Tensor } from '../sessions.ts';
import { keepsPicturesApart } from './batch-check.ts';
import { PIXELS_A_UNIT } from './detector.ts';
import type { EmbedderLayout } from './embedder-layout.ts';
import { createGatherer } from './gatherer.ts';
import { floats, shapeText } from './graph-shapes.ts';
import { type Normalisation, normalisePlanes } from './planes.ts';

export interface FaceEmbedder {
  /** Side of the aligned faces, pixels. */
  readonly side: number;
  /**
   * A vector of length 1.
   * @param planes an aligned face: red, green and blue planes, 0 to 255
   * @throws FACES_WRONG_ANSWER, and what a run throws
   */
  embed(planes: Float32Array, signal: AbortSignal): Promise<Float32Array>;
}

export interface EmbedderOptions {
  graph: RunnableGraph;
  layout: EmbedderLayout;
  normalisation: Normalisation;
  /** Whether several faces may share a run; see `embedderBatches`. */
  batches: boolean;
  /** Most faces of one run. */
  batch: number;
}

/** Whether several faces may share a run, which is tried. */
export async function embedderBatches(
  graph: Pick<OpenedGraph, 'run'>,
  { input, side, takesBatch }: EmbedderLayout,
  signal?: AbortSignal,
): Promise<boolean> {
  return takesBatch && keepsPicturesApart(graph, input, [3, side, side], signal);
}

export function createEmbedder({
  graph,
  layout,
  normalisation,
  batches,
  batch,
}: EmbedderOptions): FaceEmbedder {
  const { input, output, side, dimensions } = layout;

  const gatherer = createGatherer<Float32Array, Float32Array>({
    most: () => (batches ? batch : 1),
    atOnce: () => graph.atOnce(false),
    alike: () => true,
    async run(faces, stop) {
      const each = 3 * side * side;
      const data = new Float32Array(faces.length * each);
      for (const [at, planes] of faces.entries()) normalisePlanes(planes, data, at * each, normalisation);
      const feed: Tensor = { type: 'float32', dims: [faces.length, 3, side, side], data };
      const answer = (
        await graph.run(
          { [input]: feed },
          { signal: stop, size: (faces.length * side * side) / PIXELS_A_UNIT },
        )
      )[output];
      return faces.map((_, at) => unitVector(answer, output, { at, count: faces.length, dimensions }));
    },
  });

  return {
    side,
    embed: (planes, signal) => gatherer.add(planes, signal),
  };
}

function unitVector(
  answer: Tensor | undefined,
  name: string,
  { at, count, dimensions }: { at: number; count: number; dimensions: number },
): Float32Array {
  const values = answer === undefined ? null : floats(answer);
  if (answer === undefined || values === null || answer.dims[0] !== count || answer.dims[1] !== dimensions) {
    throw new PilotlightError('FACES_WRONG_ANSWER', {
      message: fact('GRAPH_NO_VECTOR', { shape: answer === undefined ? '[]' : shapeText(answer) }),
    });
  }
  const row = values.subarray(at * dimensions, (at + 1) * dimensions);
  const length = Math.hypot(...row);
  if (!Number.isFinite(length) || length === 0) {
    throw new PilotlightError('FACES_WRONG_ANSWER', { message: fact('GRAPH_BAD_VALUES', { name }) });
  }
  return row.map((value) => value / length);
}
