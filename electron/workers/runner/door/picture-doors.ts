/** Faces and CLIP: what the door needs for pictures. */
import { isPilotlightError, PilotlightError } from '../../../../shared/contract/errors.ts';
import type { RunnerStatus } from '../../../../shared/models/runner.ts';
import type { Clock } from '../../../core/ports/time.ts';
import { createFaceRoutes } from '../doors/face-routes.ts';
import { listGraphs } from '../doors/immich-folder.ts';
import { createImmichRoutes } from '../doors/immich-routes.ts';
import { createLocalPredictor } from '../doors/local-predictor.ts';
import type { LoadedFaces } from '../faces/face-kind.ts';
import type { RunnerRoute } from '../http/route.ts';
import type { Shelf } from '../models/shelf.ts';
import { picturesAtOnce } from '../pictures/at-once.ts';
import { defaultPictureLimits } from '../pictures/picture.ts';
import type { Sessions } from '../sessions.ts';
import { createTextTokenizer } from '../text/tokenizer.ts';

/** Immich adds a model rarely, and the state is asked for often. */
const LIST_EVERY_MS = 5000;

export interface PictureDoors {
  routes: RunnerRoute[];
  /** The graphs in Immich's model folder, as they were a few seconds ago at most. */
  immichGraphs(): Promise<string[]>;
  stop(): Promise<void>;
}

export function createPictureDoors(options: {
  sessions: Sessions;
  shelf: Shelf;
  clock: Clock;
  workerId: string;
  immichCache: string | null;
  idleMs: number | null;
  status(): RunnerStatus;
  onPictures(count: number): void;
}): PictureDoors {
  const { sessions, shelf, clock, workerId, immichCache, idleMs, status, onPictures } = options;
  const { bytes: pictureBytes } = defaultPictureLimits;
  const predictor = createLocalPredictor({
    clock,
    sessions,
    folder: immichCache,
    makeTokenizer: createTextTokenizer,
    idleMs,
  });
  let listed: { at: number; graphs: Promise<string[]> } | null = null;
  function immichGraphs(): Promise<string[]> {
    const now = clock.monotonic();
    if (listed === null || now - listed.at > LIST_EVERY_MS)
      listed = { at: now, graphs: listGraphs(immichCache) };
    return listed.graphs;
  }

  return {
    immichGraphs,
    routes: [
      ...createFaceRoutes({
        clock,
        pictureBytes,
        // More than are worked on, so that the next one is always ready.
        atOnce: picturesAtOnce + 2,
        workerId,
        withFaces: (work) =>
          shelf
            .use('faces', null, ({ faces }: LoadedFaces) => work(faces))
            .catch((error: unknown) => {
              throw isPilotlightError(error) && error.code === 'RUNNER_NO_MODEL'
                ? new PilotlightError('FACES_NO_MODEL')
                : error;
            }),
        status,
        onPictures,
      }),
      ...createImmichRoutes({ predictor, pictureBytes, onPictures }),
    ],
    stop: () => predictor.close(),
  };
}
