/** The runner's door: HTTP, the models, the queues. It forks the inference process, and loads nothing of onnxruntime. */
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
import type { RunnerConfig } from '../../../adapters/processes/runner/protocol.ts';
import { createForkWorkerHost } from '../../../adapters/processes/worker-host.ts';
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
import { createTextKind } from '../text/kind.ts';
import { createTextService } from '../text/service.ts';
import { memoryOf } from './memory-of.ts';
import { createDoorPictures, createPictureDoors } from './picture-doors.ts';
import { doorRoutes } from './routes.ts';
import { createStatistics } from './statistics.ts';

export interface Door {
  endpoint: RunnerEndpoint;
  /** Another runner has this data folder, and this one was closed again. */
  taken: boolean;
  stop(): Promise<void>;
}

export interface DoorOptions {
  config: RunnerConfig;
  /** The program of the inference process. */
  inferenceEntry: string;
  log: Log;
}

/** Paths that are asked all the time say nothing of the work. */
const isWork = ({ method, path }: AnsweredRequest) =>
  !(method === 'GET' && path === '/') && !/^$|^\/(health|ping|info|metrics|gpu_info|runner\b.*)$/.test(path);
const CLOSE_MS = 300;

/** Rejects with the system's error if it cannot listen or write its file. */
export async function openDoor({ config, inferenceEntry, log }: DoorOptions): Promise<Door> {
  const clock = createSystemClock();
  const stopping = new AbortController();
  const startedAt = clock.monotonic();
  const folder = runnerFolder(config.dataFolder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const token = config.token ?? randomBytes(32).toString('base64url');
  const notes = openLadderNotes(folder);

  const inference = createInferenceSessions({
    host: createForkWorkerHost({ entry: inferenceEntry, log }),
    clock,
    log,
    notes,
    folder,
    deviceKey: deviceKey(),
    threads: config.threads,
    rungs: rungsOf(process.platform, config.provider),
  });
  const statistics = createStatistics(isWork);
  const provider = () =>
    bestProvider(
      inference.ladder(),
      shelf.loaded().map(({ model }) => model.provider()),
    );
  const textKind = createTextKind({
    sessions: inference,
    provider: () => bestProvider(inference.ladder(), []),
    notes,
    monotonic: clock.monotonic,
  });
  const pictures = createDoorPictures();
  const shelf = createShelf({
    library: openLibrary(folder),
    kinds: [textKind, createFaceKind({ sessions: inference, pictures })],
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
      memoryBytes: memoryOf([process.pid, inference.pid()]),
      totals: { ...statistics.totals(), runs, gpuRuns },
      latencyMs: statistics.latency(),
    };
  }

  const doors = createPictureDoors({
    sessions: inference,
    shelf,
    pictures,
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
    releaseInstance(config.dataFolder, token);
    stopping.abort();
    await Promise.all([server.close(CLOSE_MS), shelf.stop(), doors.stop()]);
    inference.stop();
  }

  try {
    ({ port } = await server.listen({ host: config.host, port: config.port }));
    const own = { pid: process.pid, bootId: readBootId(), port, token, version: config.version };
    const other = await claimInstance(config.dataFolder, own);
    if (other === null) {
      // Its first request should not have to wait for it.
      const usual = shelf.usual('text');
      if (usual !== null) shelf.load(usual).catch(() => {});
      return { endpoint: own, taken: false, stop };
    }
    await stop();
    return { endpoint: other, taken: true, stop: async () => {} };
  } catch (error) {
    await stop();
    throw error;
  }
}
