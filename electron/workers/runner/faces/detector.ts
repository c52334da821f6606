/** A face detector on an opened graph, in the process that runs it. */
import { type Picture, releasePicture } from '../pictures/picture.ts';
import type { Pictures } from '../pictures/pictures.ts';
import type { OpenedGraph, PictureFeed, RunnableGraph, Tensor } from '../sessions.ts';
import { keepsPicturesApart } from './batch-check.ts';
import { CANDIDATES } from './candidates.ts';
import { defaultMinScore, readFaces } from './detector-answers.ts';
import type { DetectorLayout } from './detector-layout.ts';
import type { Face, Point } from './face.ts';
import { createGatherer } from './gatherer.ts';
import { asIs, evenly, type Normalisation } from './planes.ts';
import { type Fit, fitOf, type Sizing } from './sizing.ts';

export interface DetectOptions {
  signal: AbortSignal;
  /** Default: the detector's own, 0.6 or 0.5. */
  minScore?: number;
  /** Default: that of the graph, or the picture's own size up to `most`. */
  sizing?: Sizing;
}

export interface FaceDetector {
  /**
   * Best score first.
   * @throws FACES_WRONG_ANSWER, and what a run throws
   */
  detect(picture: Picture, options: DetectOptions): Promise<Face[]>;
}

export interface DetectorOptions {
  graph: RunnableGraph;
  layout: DetectorLayout;
  /** Whether several pictures may share a run; see `detectorBatches`. */
  batches: boolean;
  pictures: Pick<Pictures, 'resize'>;
  /** Longest side at which a graph without a size of its own sees a picture. */
  most: number;
  /** Pictures of one run on a GPU. On a CPU each has its own: more at once are not faster there. */
  batch: number;
}

const normalisations: Readonly<Record<DetectorLayout['kind'], Normalisation>> = {
  yunet: asIs('bgr'),
  scrfd: evenly(127.5, 128),
};

/** The unit of a run's size, by which the runner learns how long it takes. */
export const PIXELS_A_UNIT = 1024;

/** Side of the pictures with which batches are tried if the graph has no size of its own. */
const TRIAL_SIDE = 64;

interface Job {
  picture: Picture;
  fit: Fit;
  minScore: number;
}

/** Whether several pictures may share a run, which is tried. */
export async function detectorBatches(
  graph: Pick<OpenedGraph, 'run'>,
  layout: DetectorLayout,
  signal?: AbortSignal,
): Promise<boolean> {
  if (!layout.takesBatch) return false;
  const { width, height } = layout.size ?? { width: TRIAL_SIDE, height: TRIAL_SIDE };
  return keepsPicturesApart(graph, layout.input, [3, height, width], signal);
}

export function createDetector({
  graph,
  layout,
  batches,
  pictures,
  most,
  batch,
}: DetectorOptions): FaceDetector {
  const gatherer = createGatherer<Job, Face[]>({
    most: () => (batches && graph.provider() !== 'cpu' ? batch : 1),
    atOnce: () => graph.atOnce(false),
    alike: (a, b) => a.fit.paddedWidth === b.fit.paddedWidth && a.fit.paddedHeight === b.fit.paddedHeight,
    async run(jobs, stop) {
      const [first] = jobs;
      if (first === undefined) return [];
      const size = { width: first.fit.paddedWidth, height: first.fit.paddedHeight };
      const answer = await graph.run(
        { [layout.input]: inputOf(layout, jobs, size) },
        {
          signal: stop,
          size: (jobs.length * size.width * size.height) / PIXELS_A_UNIT,
          reduce: {
            kind: 'candidates',
            layout,
            count: jobs.length,
            size,
            minScore: Math.min(...jobs.map(({ minScore }) => minScore)),
          },
        },
      );
      const found = answer[CANDIDATES] as Tensor;
      return jobs.map(({ minScore }, at) => readFaces(layout, found, { at, width: size.width, minScore }));
    },
  });

  const sizeOf = (wanted: Sizing | undefined): Sizing =>
    layout.size === null
      ? (wanted ?? { kind: 'own', most })
      : { kind: 'fixed', ...layout.size, enlarge: wanted?.kind === 'fixed' && wanted.enlarge };

  return {
    async detect(picture, { signal, minScore = defaultMinScore[layout.kind], sizing }) {
      const fit = fitOf(picture, sizeOf(sizing));
      const isResized = fit.width !== picture.width || fit.height !== picture.height;
      const seen = isResized
        ? await pictures.resize(picture, { width: fit.width, height: fit.height, kernel: 'linear' }, signal)
        : picture;
      const faces = await gatherer.add({ picture: seen, fit, minScore }, signal);
      if (!isResized) return faces;
      releasePicture(seen);
      return faces.map((face) => enlarge(face, picture, fit));
    },
  };
}

function inputOf(
  layout: DetectorLayout,
  jobs: readonly Job[],
  { width, height }: { width: number; height: number },
): PictureFeed {
  return {
    type: 'pictures',
    dims: [jobs.length, 3, height, width],
    data: jobs.map(({ picture }) => picture),
    normalisation: normalisations[layout.kind],
  };
}

/** From the size that the detector saw to that of the picture. */
function enlarge({ box, score, landmarks }: Face, picture: Picture, fit: Fit): Face {
  const across = picture.width / fit.width;
  const down = picture.height / fit.height;
  const point = ({ x, y }: Point): Point => ({ x: x * across, y: y * down });
  return {
    box: { x1: box.x1 * across, y1: box.y1 * down, x2: box.x2 * across, y2: box.y2 * down },
    score,
    landmarks: landmarks?.map(point) ?? null,
  };
}
