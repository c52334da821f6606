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
const FIRST_PID = 1841;

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
  let lastPid = FIRST_PID;
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
    return {
      key: request.model.blob,
      pid: ++lastPid,
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

  const unload = (runner: Runner) => {
    runner.state = 'unloading';
    clock.timer(speeds.unloadMs / speed, () => {
      if (!resident(runner)) return;
      runners.delete(runner.key);
      if (runner.allocation.perGpu.every((bytes) => bytes === 0)) {
        runner.released.resolve();
        return;
      }
      const releaseMs = speeds.vramReleaseMs / speed;
      clock.timer(releaseMs, memory.linger(runner));
      const pollMs = RECOVERY_POLL_MS / speed;
      const seenMs = Math.min(Math.ceil(releaseMs / pollMs) * pollMs, RECOVERY_LIMIT_MS / speed);
      clock.timer(seenMs, () => runner.released.resolve());
    });
  };

  return {
    begin,
    attach,
    end: (runner) => {
      if (runner.state !== 'ready') return;
      runner.sessionMs = 0;
      stopTimer(runner);
      if (runner.refCount <= 0) announceEnd(runner);
    },
    drop: (which) => {
      for (const runner of [...runners.values()]) {
        if (!which(runner)) continue;
        stopTimer(runner);
        runners.delete(runner.key);
        runner.released.resolve();
      }
    },
  };
}
