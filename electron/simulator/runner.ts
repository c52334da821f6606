/** One loaded model in its own process, and the pure decisions about a set of them. */
import type { SimulatorClock, SimulatorTimer } from './clock.ts';
import { FOREVER_MS } from './go-values.ts';
import type { Allocation, Environment, LoadOptions, ModelDefinition, RunnerView } from './model.ts';

export interface Runner {
  readonly key: string;
  /** Of its llama-server. */
  readonly pid: number;
  /** Where its llama-server listens, as errors about it say. */
  readonly port: number;
  readonly model: ModelDefinition;
  readonly options: LoadOptions;
  readonly parallel: number;
  readonly contextLength: number;
  /** What the process really uses. */
  readonly allocation: Allocation;
  /** What ps reports. */
  readonly reported: { sizeBytes: number; sizeVramBytes: number };
  readonly loadStartedAt: number;
  readonly loadMs: number;
  state: 'loading' | 'ready' | 'unloading';
  /** Its process has died. Nobody notices before the next request: ps still shows it. */
  dead: boolean;
  /** Its VRAM is free again, although ps may still show it. */
  vramFreed: boolean;
  refCount: number;
  sessionMs: number;
  /** `null` until the first request has ended. */
  expiresAt: number | null;
  expiryTimer: SimulatorTimer | null;
  /** `announced`: its end has been decided; in 0.24 that ends requests that attach now too. `due`: it ends when idle. */
  ending: 'no' | 'announced' | 'due';
  /** Resolves when the process has ended and its VRAM was seen to be free again. */
  readonly released: PromiseWithResolvers<void>;
  readonly slots: Slots;
}

/** Requests beyond OLLAMA_NUM_PARALLEL wait inside the runner, in order. */
export interface Slots {
  acquire(signal: AbortSignal): Promise<() => void>;
}

export function createSlots(count: number): Slots {
  let free = count;
  const waiting: { start: () => void }[] = [];
  const release = () => {
    const next = waiting.shift();
    if (next) next.start();
    else free += 1;
  };
  const once = (): (() => void) => {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      release();
    };
  };
  return {
    acquire: (signal) => {
      if (signal.aborted) return Promise.reject(signal.reason);
      if (free > 0) {
        free -= 1;
        return Promise.resolve(once());
      }
      return new Promise((resolve, reject) => {
        const entry = {
          start: () => {
            signal.removeEventListener('abort', onAbort);
            resolve(once());
          },
        };
        const onAbort = () => {
          const index = waiting.indexOf(entry);
          if (index >= 0) waiting.splice(index, 1);
          reject(signal.reason);
        };
        waiting.push(entry);
        signal.addEventListener('abort', onAbort, { once: true });
      });
    },
  };
}

/** Bytes of VRAM that the model takes, over all GPUs. */
export function vramBytes(runner: Runner): number {
  return runner.allocation.perGpu.reduce((sum, bytes) => sum + bytes, 0);
}

export function systemBytes(runner: Runner): number {
  return runner.allocation.sizeBytes - vramBytes(runner);
}

/** Idle first, then the shortest keep_alive, then the path. One kept indefinitely comes last, but is not exempt. */
export function chooseVictim(runners: readonly Runner[]): Runner | null {
  const order = [...runners].sort(
    (a, b) =>
      Number(a.refCount > 0) - Number(b.refCount > 0) ||
      compare(a.sessionMs, b.sessionMs) ||
      (a.key < b.key ? -1 : 1),
  );
  return order[0] ?? null;
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** OLLAMA_MAX_LOADED_MODELS, or three per GPU. */
export function maxLoadedModels(environment: Environment, gpuCount: number): number {
  return environment.maxLoadedModels > 0 ? environment.maxLoadedModels : 3 * Math.max(1, gpuCount);
}

/** When `ps` says that a runner ends; before its first request has ended, the present time. */
export function expiryShown(runner: Runner, clock: SimulatorClock): number {
  return runner.expiresAt ?? clock.now() + Math.min(runner.sessionMs, FOREVER_MS);
}

export function viewOf(runner: Runner, clock: SimulatorClock): RunnerView {
  return {
    model: runner.model,
    state: runner.state,
    sizeBytes: runner.reported.sizeBytes,
    sizeVramBytes: runner.reported.sizeVramBytes,
    actualVramBytes: vramBytes(runner),
    expiresAt: expiryShown(runner, clock),
    contextLength: runner.contextLength,
    inFlight: runner.refCount,
    options: runner.options,
  };
}
