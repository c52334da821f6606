/** The life of a runner, from its first request until its VRAM is free again. */
import { longTimer, type SimulatorClock } from './clock.ts';
import type { Faults } from './faults.ts';
import { FOREVER_MS } from './go-values.ts';
import type { Memory } from './memory.ts';
import type { Allocation, Environment, LoadOptions, ModelDefinition, Speeds } from './model.ts';
import { effectiveContext, effectiveParallel, predictedBytes } from './placement.ts';
import { createSlots, type Runner } from './runner.ts';

/** What determines how a runner is started. */
export interface LoadRequest {
  model: ModelDefinition;
  options: LoadOptions;
  /** `undefined` keeps a loaded runner's own keep_alive. */
  keepAliveMs: number | undefined;
}

/** A request's hold on a runner. */
export interface Lease {
  runner: Runner;
  /** Milliseconds from the request to a usable runner, queueing included. */
  waitedMs: number;
  release(): void;
}

export interface Lifecycle {
  /** Its process dies, and nobody notices before the next request. */
  die(runner: Runner): void;
  /** A runner that starts loading; `null` allocation = on the CPU. */
  begin(request: LoadRequest, allocation: Allocation | null): Runner;
  attach(runner: Runner, keepAliveMs: number | undefined, enqueuedAt: number): Lease;
  /** Ends the runner as soon as it is idle. */
  end(runner: Runner): void;
  /** The processes end at once. */
  drop(which: (runner: Runner) => boolean): void;
}

/** How often the server checks whether VRAM is free again, and when it stops checking. */
const RECOVERY_POLL_MS = 250;
const RECOVERY_LIMIT_MS = 5000;
const SLOW_LOAD_FACTOR = 20;
/** A model on the CPU is gone at once. */
const CPU_UNLOAD_MS = 1;
/** When the server looks at its GPUs after an unload, milliseconds after the model left ps, and how long that takes. */
const PROBES_MS = [300, 800];
const PROBE_MS = 200;
const FIRST_PID = 4000;
const FIRST_PORT = 36_000;

export function createLifecycle(setup: {
  clock: SimulatorClock;
  environment: Environment;
  speeds: Speeds;
  speed: number;
  gpuCount: number;
  faults: Faults;
  runners: Map<string, Runner>;
  memory: Memory;
}): Lifecycle {
  const { clock, environment, faults, memory, runners, speed, speeds } = setup;
  let started = 0;
  const resident = (runner: Runner) => runners.get(runner.key) === runner;

  const begin = (request: LoadRequest, allocation: Allocation | null): Runner => {
    const parallel = effectiveParallel(request.model, environment.numParallel);
    const sizeBytes = predictedBytes(request.model, request.options, parallel);
    const onCpu: Allocation = {
      sizeBytes,
      perGpu: Array.from({ length: setup.gpuCount }, () => 0),
      layers: 0,
    };
    const falseGpu = faults.is('false-gpu');
    const held = falseGpu ? onCpu : (allocation ?? onCpu);
    const slow = faults.is('slow-load') ? SLOW_LOAD_FACTOR : 1;
    started += 1;
    return {
      key: request.model.blob,
      pid: FIRST_PID + started,
      port: FIRST_PORT + (started % 20_000),
      model: request.model,
      options: request.options,
      parallel,
      contextLength: effectiveContext(request.model, request.options),
      allocation: held,
      reported: falseGpu
        ? { sizeBytes: request.model.sizeBytes, sizeVramBytes: request.model.sizeBytes }
        : { sizeBytes, sizeVramBytes: held.perGpu.reduce((sum, bytes) => sum + bytes, 0) },
      loadStartedAt: clock.monotonic(),
      loadMs: (slow * (speeds.loadBaseMs + (1000 * sizeBytes) / speeds.loadBytesPerSecond)) / speed,
      state: 'loading',
      dead: false,
      vramFreed: false,
      refCount: 0,
      sessionMs: request.keepAliveMs ?? environment.keepAliveMs,
      expiresAt: null,
      expiryTimer: null,
      ending: 'no',
      released: Promise.withResolvers<void>(),
      slots: createSlots(parallel),
    };
  };

  const stopTimer = (runner: Runner) => {
    runner.expiryTimer?.cancel();
    runner.expiryTimer = null;
  };

  const attach = (runner: Runner, keepAliveMs: number | undefined, enqueuedAt: number): Lease => {
    runner.refCount += 1;
    stopTimer(runner);
    if (keepAliveMs !== undefined) runner.sessionMs = keepAliveMs;
    let released = false;
    return {
      runner,
      waitedMs: clock.monotonic() - enqueuedAt,
      release: () => {
        if (released) return;
        released = true;
        finish(runner);
      },
    };
  };

  const finish = (runner: Runner) => {
    runner.refCount -= 1;
    if (runner.refCount > 0 || !resident(runner)) return;
    if (runner.ending === 'due') unload(runner);
    else if (runner.ending === 'announced') return;
    else if (runner.sessionMs <= 0) announceEnd(runner);
    else {
      runner.expiresAt = clock.now() + Math.min(runner.sessionMs, FOREVER_MS);
      runner.expiryTimer = longTimer(clock, runner.sessionMs, () => announceEnd(runner));
    }
  };

  /** From here on the runner will end, even if requests attach meanwhile; only requests in flight delay it. */
  const announceEnd = (runner: Runner) => {
    if (runner.ending !== 'no') return;
    runner.ending = 'announced';
    stopTimer(runner);
    clock.timer(speeds.expiryLatencyMs / speed, () => {
      if (!resident(runner)) return;
      runner.ending = 'due';
      if (runner.refCount <= 0) unload(runner);
    });
  };

  /** The VRAM is free after one time, and ps shows it after another, usually later. */
  const unload = (runner: Runner) => {
    runner.state = 'unloading';
    const onGpu = runner.allocation.perGpu.some((bytes) => bytes > 0);
    const gigabytes = runner.allocation.sizeBytes / 1e9;
    const unloadMs = onGpu ? (speeds.unloadMs + speeds.unloadMsPerGb * gigabytes) / speed : CPU_UNLOAD_MS;
    const freedMs = onGpu ? (speeds.vramReleaseMs + speeds.vramReleaseMsPerGb * gigabytes) / speed : 0;
    let freed = () => {};
    clock.timer(freedMs, () => {
      freed();
      runner.vramFreed = true;
    });
    clock.timer(unloadMs, () => {
      if (!resident(runner)) return;
      runners.delete(runner.key);
      if (!runner.vramFreed) freed = memory.linger(runner);
      if (onGpu) probeLater();
      const lateMs = Math.max(0, freedMs - unloadMs);
      const pollMs = RECOVERY_POLL_MS / speed;
      const seenMs = Math.min(Math.ceil(lateMs / pollMs) * pollMs, RECOVERY_LIMIT_MS / speed);
      if (seenMs === 0) runner.released.resolve();
      else clock.timer(seenMs, () => runner.released.resolve());
    });
  };

  /** It starts a llama-server only to see what its GPUs have. */
  const probeLater = () => {
    for (const afterMs of PROBES_MS) {
      clock.timer(afterMs / speed, () => memory.setProbing(true));
      clock.timer((afterMs + PROBE_MS) / speed, () => memory.setProbing(false));
    }
  };

  const dropNow = (runner: Runner) => {
    stopTimer(runner);
    runners.delete(runner.key);
    runner.released.resolve();
  };

  return {
    begin,
    attach,
    die: (runner) => {
      runner.dead = true;
    },
    end: (runner) => {
      if (runner.dead) {
        if (resident(runner)) dropNow(runner);
        return;
      }
      if (runner.state !== 'ready') return;
      runner.sessionMs = 0;
      stopTimer(runner);
      if (runner.refCount <= 0) announceEnd(runner);
    },
    drop: (which) => {
      for (const runner of [...runners.values()]) {
        if (which(runner)) dropNow(runner);
      }
    },
  };
}
