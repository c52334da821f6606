/** A simulated Ollama server: scheduler, library and HTTP interface, without a socket of its own. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SimulatorClock } from './clock.ts';
import { type Compute, createCompute } from './compute.ts';
import { createFaults, type Faults } from './faults.ts';
import { createLibrary, type Library } from './library.ts';
import {
  DEFAULT_ENVIRONMENT,
  DEFAULT_SPEEDS,
  type Environment,
  type GpuDefinition,
  type ModelDefinition,
  type Profile,
  type Speeds,
} from './model.ts';
import type { OpenAiProduct } from './openai-only.ts';
import { createScheduler, type Scheduler } from './scheduler.ts';
import { createOllamaServer, type RequestRecord } from './server.ts';
import type { ServerContext } from './server-context.ts';

export interface SimulatedOllamaSetup {
  profile: Profile;
  clock: SimulatorClock;
  models: readonly ModelDefinition[];
  /** Empty for a machine without a GPU. */
  gpus?: readonly GpuDefinition[];
  /** Default 32 GB. */
  systemMemoryBytes?: number;
  environment?: Partial<Environment>;
  speeds?: Partial<Speeds>;
  /** Divides the times for loading and computing. Default 1. */
  speed?: number;
  faults?: Faults;
  /** Models that `pull` can fetch. Default none. */
  registry?: readonly ModelDefinition[];
  /** Speaks only OpenAI's dialect, as this product does. Default: it is Ollama. */
  openAiOnly?: OpenAiProduct;
  /** Digests of files on disk that belong to no model. */
  blobs?: readonly string[];
  /** Default 50 MB/s. */
  pullBytesPerSecond?: number;
  /** The server's time zone. Default 60. */
  utcOffsetMinutes?: number;
  /** Called when a fault cuts the power in the middle of a request. */
  losePower?: () => void;
  /** Whether the process runs from the start. Default true. */
  started?: boolean;
}

export interface SimulatedOllama {
  /** For node:http's `createServer`. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  scheduler: Scheduler;
  compute: Compute;
  library: Library;
  faults: Faults;
  log(): readonly RequestRecord[];
  inFlight(): number;
  /** Requests received since the server was created. */
  requests(): number;
  running(): boolean;
  /** The process starts and discovers its GPUs. */
  start(options?: { gpusAlive: boolean }): void;
  /** The process ends: connections break, runners end. */
  stop(options?: { silently: boolean }): void;
  /** The process is killed: connections break, runners go on without it. */
  kill(): void;
  /** Ends every exchange in progress; runners stay, as when a machine suspends. */
  breakConnections(options?: { silently: boolean }): void;
}

export function createSimulatedOllama(setup: SimulatedOllamaSetup): SimulatedOllama {
  const faults = setup.faults ?? createFaults();
  const speed = setup.speed ?? 1;
  const speeds = { ...DEFAULT_SPEEDS, ...setup.speeds };
  const scheduler = createScheduler({
    profile: setup.profile,
    clock: setup.clock,
    gpus: setup.gpus ?? [],
    systemMemoryBytes: setup.systemMemoryBytes ?? 32_000_000_000,
    environment: { ...DEFAULT_ENVIRONMENT, ...setup.environment },
    speeds,
    speed,
    faults,
  });
  const compute = createCompute({
    clock: setup.clock,
    speeds,
    speed,
    faults,
    losePower: () => (setup.losePower ? setup.losePower() : stop()),
  });
  const library = createLibrary(setup.models, setup.blobs);
  const context: ServerContext = {
    profile: setup.profile,
    clock: setup.clock,
    scheduler,
    compute,
    library,
    registry: setup.registry ?? [],
    pullBytesPerSecond: (setup.pullBytesPerSecond ?? 50_000_000) * speed,
    faults,
    utcOffsetMinutes: setup.utcOffsetMinutes ?? 60,
    embedders: new Map(),
    openAiOnly: setup.openAiOnly ?? null,
    completions: 0,
  };
  const server = createOllamaServer(context);
  let running = false;

  const start = (options: { gpusAlive: boolean } = { gpusAlive: true }) => {
    scheduler.start(options.gpusAlive);
    running = true;
  };
  const stop = (options?: { silently: boolean }) => end(() => scheduler.stop(), options);
  const end = (endScheduler: () => void, options?: { silently: boolean }) => {
    running = false;
    server.abortAll(options);
    endScheduler();
    compute.reset();
    // A stuck scheduler recovers when its process restarts.
    faults.set('wedge', false);
  };
  if (setup.started ?? true) start();

  return {
    handle: server.handle,
    scheduler,
    compute,
    library,
    faults,
    log: server.log,
    inFlight: server.inFlight,
    requests: server.requests,
    running: () => running,
    start,
    stop,
    kill: () => end(() => scheduler.kill()),
    breakConnections: server.abortAll,
  };
}
