/**
 * Ollama's scheduler: one loop that loads, reloads and evicts, one step at a time; requests for a loaded model bypass
 * it. Nothing here knows HTTP, and all time comes from the clock.
 */
import type { SimulatorClock } from './clock.ts';
import type { Faults } from './faults.ts';
import { createLifecycle, type Lease, type LoadRequest } from './lifecycle.ts';
import { createMemory, type Memory } from './memory.ts';
import {
  type Environment,
  type GpuDefinition,
  type LoadOptions,
  type ModelDefinition,
  OllamaError,
  type Profile,
  type RunnerView,
  type Speeds,
} from './model.ts';
import { defaultContext, needsReload } from './options.ts';
import {
  decidePlacement,
  effectiveParallel,
  outOfMemory,
  type PlacementAnswer,
  predictedBytes,
} from './placement.ts';
import { chooseVictim, expiryShown, maxLoadedModels, type Runner, viewOf } from './runner.ts';

export interface SchedulerSetup {
  profile: Profile;
  clock: SimulatorClock;
  gpus: readonly GpuDefinition[];
  systemMemoryBytes: number;
  environment: Environment;
  speeds: Speeds;
  /** Divides load and unload times. */
  speed: number;
  faults: Faults;
}

export interface AcquireRequest extends LoadRequest {
  /** The client's connection. Aborted while waiting: 499, and a load in progress is abandoned. */
  signal: AbortSignal;
}

export interface Scheduler {
  /** Rejects with OllamaError 499, 500 or 503. */
  acquire(request: AcquireRequest): Promise<Lease>;
  /** What `keep_alive: 0` without a prompt does; returns at once, the unload follows. */
  expire(blob: string): void;
  /** As ps lists them: latest expiry first. */
  loaded(): RunnerView[];
  /** Every runner, including hidden ones, for tests and telemetry. */
  runners(): readonly Runner[];
  memory: Memory;
  /** Number of requests in the queue, without the one being handled. */
  queued(): number;
  defaultContext(): number;
  /** Puts a model in memory at once, as if loaded before the simulation began. */
  preload(model: ModelDefinition, options: LoadOptions, keepAliveMs: number): void;
  /** The server process starts: GPUs are discovered now, and never again in its life. */
  start(gpusAlive: boolean): void;
  /** The server process ends, and its runners with it. */
  stop(): void;
  /** The server process is killed: its runners go on without it, and a new one does not know them. */
  kill(): void;
  /** The process of a runner dies. */
  die(runner: Runner): void;
  /** The GPUs disappear under the running server. */
  loseGpus(): void;
  /** Discovered at the start of the process, and still present. */
  gpusUsable(): boolean;
  gpusAlive(): boolean;
}

interface Pending extends AcquireRequest {
  enqueuedAt: number;
  settled: boolean;
  resolve(lease: Lease): void;
  reject(error: unknown): void;
}

/** A load that runs out of memory dies after this share of its time. */
const FAILING_LOAD_SHARE = 0.4;

/** Why the weights cannot be read; null if they can. */
function brokenWeights({ broken, blob }: ModelDefinition): string | null {
  if (broken === undefined) return null;
  if (broken === 'lost') return `open sha256-${blob}: no such file or directory`;
  const { tensor, endBytes, fileBytes } = broken;
  return `tensor "${tensor}" offset+size (${endBytes}) exceeds file size (${fileBytes})`;
}

const canceled = () => new OllamaError(499, 'request canceled');

export function createScheduler(setup: SchedulerSetup): Scheduler {
  const { clock, environment, faults, profile } = setup;
  const runners = new Map<string, Runner>();
  const memory = createMemory({ ...setup, runners: () => runners.values() });
  const lifecycle = createLifecycle({ ...setup, gpuCount: setup.gpus.length, runners, memory });
  let pending: Pending[] = [];
  let looping = false;
  /** Counts server processes, so that leftovers of an earlier one are dropped. */
  let process = 0;
  let discovered = false;
  let alive = false;
  let startContext = defaultContext(environment, 0);

  const gpusUsable = () => discovered && alive && setup.gpus.length > 0;
  const usableGpus = () => (gpusUsable() ? setup.gpus : []);

  const acquire = (request: AcquireRequest): Promise<Lease> => {
    if (request.signal.aborted) return Promise.reject(canceled());
    const enqueuedAt = clock.monotonic();
    const runner = runners.get(request.model.blob);
    if (runner && serves(runner, request))
      return Promise.resolve(lifecycle.attach(runner, request.keepAliveMs, enqueuedAt));
    if (pending.length >= environment.maxQueue) {
      return Promise.reject(
        new OllamaError(503, 'server busy, please try again.  maximum pending requests exceeded'),
      );
    }
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        if (item.settled) return;
        item.settled = true;
        request.signal.removeEventListener('abort', onAbort);
        act();
      };
      const item: Pending = {
        ...request,
        enqueuedAt,
        settled: false,
        resolve: (lease) => settle(() => resolve(lease)),
        reject: (error) => settle(() => reject(error)),
      };
      // An abandoned request keeps its place in the queue until the loop reaches it, as in Ollama.
      const onAbort = () => item.reject(canceled());
      request.signal.addEventListener('abort', onAbort, { once: true });
      pending.push(item);
      if (!looping) void loop(process);
    });
  };

  /** Since 0.30 a request that comes while a runner ends waits for a new one; before, it went down with the old one. */
  const serves = (runner: Runner, request: LoadRequest) =>
    runner.state === 'ready' &&
    !runner.dead &&
    (runner.ending === 'no' || profile === '0.24') &&
    !needsReload(runner.options, request.options);

  const loop = async (born: number) => {
    looping = true;
    for (;;) {
      const item = pending.shift();
      if (!item) break;
      if (!item.settled) await schedule(item, born);
      if (born !== process) return;
    }
    looping = false;
  };

  const schedule = async (item: Pending, born: number) => {
    while (born === process && !item.settled) {
      if (faults.is('wedge')) {
        await wedgeEnds();
        continue;
      }
      const runner = runners.get(item.model.blob);
      let victim: Runner | null = null;
      if (runner) {
        if (serves(runner, item)) {
          item.resolve(lifecycle.attach(runner, item.keepAliveMs, item.enqueuedAt));
          return;
        }
        victim = runner;
      } else if (runners.size >= maxLoadedModels(environment, usableGpus().length)) {
        victim = chooseVictim([...runners.values()]);
      } else {
        const answer = place(item);
        if (answer.kind !== 'evict') {
          await load(item, answer, born);
          return;
        }
        victim = chooseVictim([...runners.values()]);
      }
      if (!victim) return;
      lifecycle.end(victim);
      await victim.released.promise;
    }
  };

  const wedgeEnds = () =>
    new Promise<void>((resolve) => {
      const stop = faults.onChange((name, on) => {
        if (name !== 'wedge' || on) return;
        stop();
        resolve();
      });
    });

  const place = (item: LoadRequest): PlacementAnswer => {
    const parallel = effectiveParallel(item.model, environment.numParallel);
    const gpus = gpusUsable() && !faults.is('load-on-cpu') ? memory.gpuStates() : [];
    const question = {
      profile,
      model: item.model,
      options: item.options,
      parallel,
      gpus,
      freeSystemBytes: memory.freeSystemBytes(),
      othersLoaded: runners.size > 0,
      spread: environment.schedSpread,
      overheadBytes: environment.gpuOverheadBytes,
    };
    if (faults.is('oom-on-explicit-layers') && item.options.numGpu > 0 && gpus.length > 0) {
      // The real server makes room first, and only then finds out.
      if (question.othersLoaded) return { kind: 'evict' };
      return outOfMemory(question, predictedBytes(item.model, item.options, parallel), 0);
    }
    return decidePlacement(question);
  };

  const load = async (item: Pending, answer: Exclude<PlacementAnswer, { kind: 'evict' }>, born: number) => {
    const broken = brokenWeights(item.model);
    if (broken !== null || (answer.kind === 'fail' && !answer.atLoad)) {
      item.reject(new OllamaError(500, broken ?? (answer.kind === 'fail' ? answer.message : '')));
      return;
    }
    const runner = lifecycle.begin(item, answer.kind === 'load' ? answer.allocation : null);
    runners.set(runner.key, runner);
    try {
      if (faults.is('stalled-load')) {
        await clock.sleep(environment.loadTimeoutMs, item.signal);
        throw new OllamaError(
          500,
          profile === '0.24'
            ? 'timed out waiting for llama runner to start - progress 0.00 - '
            : 'timed out waiting for llama-server to start',
        );
      }
      if (answer.kind === 'fail') {
        await clock.sleep(runner.loadMs * FAILING_LOAD_SHARE, item.signal);
        throw new OllamaError(500, answer.message);
      }
      await clock.sleep(runner.loadMs, item.signal);
    } catch (error) {
      if (born !== process) return;
      runners.delete(runner.key);
      runner.released.resolve();
      item.reject(error instanceof OllamaError ? error : canceled());
      return;
    }
    // The GPU may have been lost while the weights were read; the process has then ended already.
    if (born !== process) return;
    if (runners.get(runner.key) !== runner) {
      item.reject(new OllamaError(500, 'llama-server process has terminated: CUDA error: unknown error'));
      return;
    }
    runner.state = 'ready';
    item.resolve(lifecycle.attach(runner, item.keepAliveMs, item.enqueuedAt));
  };

  const end = () => {
    process += 1;
    looping = false;
    const left = pending;
    pending = [];
    for (const item of left) item.reject(canceled());
    memory.clear();
  };

  return {
    acquire,
    memory,
    gpusUsable,
    gpusAlive: () => alive,
    runners: () => [...runners.values()],
    queued: () => pending.length,
    defaultContext: () => startContext,
    loaded: () =>
      [...runners.values()]
        .filter((runner) => profile === '0.24' || runner.state !== 'loading')
        .sort((a, b) => Math.floor(expiryShown(b, clock) / 1000) - Math.floor(expiryShown(a, clock) / 1000))
        .map((runner) => viewOf(runner, clock)),
    expire: (blob) => {
      const runner = runners.get(blob);
      if (!runner || runner.state === 'unloading') return;
      runner.expiresAt = clock.now();
      lifecycle.end(runner);
    },
    preload: (model, options, keepAliveMs) => {
      const item = { model, options, keepAliveMs };
      const answer = place(item);
      if (answer.kind !== 'load') throw new Error(`${model.name} does not fit`);
      const runner = lifecycle.begin(item, answer.allocation);
      runners.set(runner.key, runner);
      runner.state = 'ready';
      lifecycle.attach(runner, keepAliveMs, clock.monotonic()).release();
    },
    start: (gpusAlive) => {
      process += 1;
      alive = gpusAlive;
      discovered = gpusAlive && setup.gpus.length > 0 && !faults.is('no-gpu-discovered');
      startContext = defaultContext(
        environment,
        usableGpus().reduce((sum, gpu) => sum + gpu.vramBytes, 0),
      );
    },
    stop: () => {
      end();
      lifecycle.drop(() => true);
    },
    kill: () => {
      memory.orphan(runners.values());
      end();
      lifecycle.drop(() => true);
    },
    die: lifecycle.die,
    loseGpus: () => {
      alive = false;
      lifecycle.drop((runner) => runner.allocation.perGpu.some((bytes) => bytes > 0));
      memory.clear();
    },
  };
}
