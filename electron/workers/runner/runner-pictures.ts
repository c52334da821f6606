/** What the runner does with pictures: the face model's kind, the routes of its clients, and Immich's door. */
import { availableParallelism } from 'node:os';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { RunnerStatus } from '../../../shared/models/runner.ts';
import type { Clock } from '../../core/ports/time.ts';
import { createFaceRoutes } from './doors/face-routes.ts';
import { createImmichRoutes } from './doors/immich-routes.ts';
import { createLocalPredictor } from './doors/local-predictor.ts';
import { createFaceKind, type LoadedFaces } from './faces/kind.ts';
import type { RunnerRoute } from './http/route.ts';
import type { ModelKind } from './models/kind.ts';
import type { Shelf } from './models/shelf.ts';
import { defaultPictureLimits as limits } from './pictures/picture.ts';
import { createPictures } from './pictures/pictures.ts';
import type { Sessions } from './sessions.ts';
import { createTextTokenizer } from './text/tokenizer.ts';

export interface RunnerPicturesOptions {
  clock: Clock;
  sessions: Sessions;
  /** Immich's model folder; null if none is set. */
  immichFolder: string | null;
  /** How long an unused model stays in memory, milliseconds; null keeps all. */
  idleMs: number | null;
  workerId: string;
  status(): RunnerStatus;
  onPictures(count: number): void;
}

export interface RunnerPictures {
  kind: ModelKind<LoadedFaces>;
  routes(shelf: Shelf): RunnerRoute[];
  stop(): Promise<void>;
}

export function createRunnerPictures(options: RunnerPicturesOptions): RunnerPictures {
  const { clock, sessions, idleMs, workerId, status, onPictures } = options;
  const cores = availableParallelism();
  const pictures = createPictures({ limits, atOnce: Math.min(8, cores) });
  const predictor = createLocalPredictor({
    clock,
    sessions,
    pictures,
    folder: options.immichFolder,
    makeTokenizer: createTextTokenizer,
    idleMs,
  });

  return {
    kind: createFaceKind({ sessions, pictures }),
    routes(shelf) {
      async function withFaces<Result>(
        work: (model: LoadedFaces['faces']) => Promise<Result>,
      ): Promise<Result> {
        if (shelf.usual('faces') === null) throw new PilotlightError('FACES_NO_MODEL');
        return shelf.use<LoadedFaces, Result>('faces', null, ({ faces }) => work(faces));
      }
      return [
        ...createFaceRoutes({
          clock,
          pictures,
          pictureBytes: limits.bytes,
          // One more than are decoded or detected, so that the next one is always ready.
          atOnce: Math.min(8, cores) + 2,
          workerId,
          withFaces,
          status,
          onPictures,
        }),
        ...createImmichRoutes({ predictor, pictureBytes: limits.bytes, onPictures }),
      ];
    },
    stop: () => predictor.close(),
  };
}
