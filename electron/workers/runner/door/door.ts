/** The runner's door: HTTP, the models, the queues. It starts the inference process, and loads nothing of onnxruntime. */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setImmediate as pause } from 'node:timers/promises';
import type { RunnerStatus } from '../../../../shared/models/runner.ts';
import { createSystemClock } from '../../../adapters/clock.ts';
import { readBootId } from '../../../adapters/processes/link/endpoint.ts';
import {
  claimInstance,
  type RunnerEndpoint,
  releaseInstance,
  runnerFolder,
} from '../../../adapters/processes/runner/instance.ts';
import { lendModels } from '../../../adapters/processes/runner/lend-models.ts';
import type { RunnerConfig } from '../../../adapters/processes/runner/protocol.ts';
import type { WorkerHost } from '../../../adapters/processes/worker-host.ts';
import type { Log } from '../../../core/ports/log.ts';
import { createFaceKind } from '../faces/face-kind.ts';
import { type AnsweredRequest, createRunnerServer } from '../http/server.ts';
import { bestProvider, createInferenceSessions } from '../inference/sessions.ts';
import { rungsOf } from '../ladder/decide.ts';
import { deviceKey } from '../ladder/device.ts';
import { openLadderNotes } from '../ladder/notes.ts';
import { catalogue } from '../models/catalogue.ts';
import { openLibrary } from '../models/library.ts';
import { createPulls } from '../models/pull.ts';
import { modelRoutes } from '../models/routes.ts';
import { createShelf } from '../models/shelf.ts';
import { runnerRoutes } from '../runner-routes.ts';
import { createSpeechKind } from '../speech/speech-kind.ts';
import { createSpeechRoutes, SPEECH_PATH } from '../speech/speech-routes.ts';
import { createTextKind } from '../text/kind.ts';
import { createTextService } from '../text/service.ts';
import { keepPlaces } from './keep-places.ts';
import { listenAgain } from './listen.ts';
import { memoryOf } from './memory-of.ts';
import { createPictureDoors } from './picture-doors.ts';
import { doorRoutes } from './routes.ts';
import { createStatistics } from './statistics.ts';

export interface Door {
  endpoint: RunnerEndpoint;
  /** Another runner was there, and this one was closed again. */
  taken: boolean;
  stop(): Promise<void>;
}

export interface DoorOptions {
  config: RunnerConfig;
  /** Starts inference processes. */
  inferenceHost: WorkerHost;
  /** Another runner has taken its place, because this one hung. It has to end. */
  onLost(): void;
  /** It is about to listen. */
  onOpening(): void;
  log: Log;
}

/** Paths that are asked all the time say nothing of the work. */
const isWork = ({ method, path }: AnsweredRequest) =>
  !(method === 'GET' && path === '/') && !/^$|^\/(health|ping|info|metrics|gpu_info|runner\b.*)$/.test(path);
/** How long it takes to hear a recording depends on its length, and says nothing of the others. */
const isTimed = ({ path }: AnsweredRequest) => path !== SPEECH_PATH;
const CLOSE_MS = 300;
/** The first models are loaded by then, and the spare is not in their way. */
const SPARE_AFTER_MS = 2000;

/** Rejects with the system's error if it cannot listen or write its file. */
export async function openDoor({
  config,
  inferenceHost,
  onLost,
  onOpening,
  log,
}: DoorOptions): Promise<Door> {
  const clock = createSystemClock();
  const stopping = new AbortController();
  const startedAt = clock.monotonic();
  const folder = runnerFolder(config.dataFolder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const token = config.token ?? randomBytes(32).toString('base64url');
  const notes = openLadderNotes(folder);

  const inference = createInferenceSessions({
    host: inferenceHost,
    clock,
    log,
    notes,
    folder,
    spareAfterMs: SPARE_AFTER_MS,
    deviceKey: deviceKey(),
    threads: config.threads,
    rungs: rungsOf(process.platform, config.provider),
  });
  const statistics = createStatistics(isWork, isTimed);
  const provider = () =>
    bestProvider(
      inference.ladder(),
      shelf.loaded().map(({ model }) => model.provider()),
    );
  const device = () => bestProvider(inference.ladder(), []);
  const shelf = createShelf({
    library: openLibrary(folder),
    kinds: [
      createTextKind({ sessions: inference, provider: device, notes }),
      createSpeechKind({ sessions: inference, provider: device }),
      createFaceKind({ sessions: inference }),
    ],
    idleMs: config.idleMs,
    clock,
    log,
  });
  const texts = createTextService({
    shelf,
    pause: () => pause(),
    monotonic: clock.monotonic,
    onTexts: statistics.texts,
  });

  let port = 0;
  const immich: { graphs: string[] } = { graphs: [] };
  function status(): RunnerStatus {
    const { all: runs, gpu: gpuRuns } = inference.runs();
    const queue = { queries: 0, bulk: 0, pictures: 0 };
    for (const { model } of shelf.loaded()) {
      const waiting = model.waiting?.();
      queue.queries += waiting?.queries ?? 0;
      queue.bulk += waiting?.bulk ?? 0;
      queue.pictures += waiting?.pictures ?? 0;
    }
    return {
      version: config.version,
      provider: provider(),
      ladder: [...inference.ladder()],
      models: shelf.list(),
      immich: immich.graphs,
      ready: inference.isReady(),
      uptimeSeconds: Math.round((clock.monotonic() - startedAt) / 1000),
      restarts: inference.restarts(),
      queue,
      memoryBytes: memoryOf([process.pid, ...inference.pids()]),
      totals: { ...statistics.totals(), runs, gpuRuns },
      latencyMs: statistics.latency(),
    };
  }

  const doors = createPictureDoors({
    sessions: inference,
    shelf,
    clock,
    workerId: `${hostname()}-${process.pid}`,
    immichCache: config.immichCache ?? process.env.PILOTLIGHT_IMMICH_MODELS ?? null,
    idleMs: config.idleMs,
    status,
    onPictures: statistics.pictures,
  });
  const pulls = createPulls({
    shelf,
    entries: catalogue,
    folder: config.modelsFolder ?? join(folder, 'models'),
    source: config.catalogueUrl,
  });
  const server = createRunnerServer({
    routes: runnerRoutes({
      shelf,
      texts,
      version: config.version,
      pause: () => pause(),
      others: [
        ...doors.routes,
        ...createSpeechRoutes({ shelf, onSpeech: statistics.speech, pause: () => pause() }),
        ...modelRoutes({ shelf, pulls, monotonic: clock.monotonic }),
        ...doorRoutes({
          token,
          port: () => port,
          async status() {
            immich.graphs = await doors.immichGraphs();
            return status();
          },
          check: () => inference.check(),
          settled: () => inference.settled(),
        }),
      ],
    }),
    token,
    isRemote: !/^(127\.|::1$|localhost$)/.test(config.host),
    signal: stopping.signal,
    log,
    onAnswered: statistics.answered,
  });

  async function stop(): Promise<void> {
    releaseInstance(config, token);
    stopping.abort();
    await Promise.all([server.close(CLOSE_MS), shelf.stop(), doors.stop()]);
    inference.stop();
  }

  try {
    onOpening();
    const { host, port: wanted } = config;
    const at = { host, port: wanted, clock, signal: stopping.signal };
    ({ port } = await listenAgain({ ...at, listen: server.listen }));
    const { dataFolder, version } = config;
    const own = { pid: process.pid, bootId: readBootId(), port, token, version, dataFolder };
    const other = await claimInstance(config, own);
    if (other === null) {
      keepPlaces({ clock, signal: stopping.signal, claim: () => claimInstance(config, own), onLost, log });
      // Its first request should not have to wait for it.
      const usual = shelf.usual('text');
      if (usual !== null) shelf.load(usual).catch(() => {});
      return { endpoint: own, taken: false, stop };
    }
    await stop();
    await lendModels({ dataFolder, to: other, log });
    return { endpoint: other, taken: true, stop: async () => {} };
  } catch (error) {
    await stop();
    throw error;
  }
}
