/**
 * Runners that outlived their server: nothing unloads them, and a new server does not know them. An agent reports which
 * process started each runner. Without that, a runner that stays while the server lists no model was left behind, unless
 * it may be a load in progress.
 */
import type { LoadedModel } from '../../../shared/models/placement.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import type { Clock } from '../ports/time.ts';
import { isRunnerProcess, isServerProcess } from './runner-process.ts';

/** `name` is null if that process has ended. */
export type RunnerParent = { pid: number; name: string | null };

export interface LeftBehind {
  /** Call with each new reading of a node. `parentOf` is null if it is not reported. */
  observe(
    nodeId: string,
    gpus: readonly GpuReading[],
    loaded: readonly Pick<LoadedModel, 'vramBytes'>[],
    parentOf: (pid: number) => RunnerParent | null,
  ): void;
  /** The readings, with the processes marked that were left behind. The same list if there are none. */
  mark(nodeId: string, gpus: GpuReading[]): GpuReading[];
  pids(nodeId: string): ReadonlySet<number>;
  forget(nodeId: string): void;
}

interface Runner {
  /** It used the GPU while the server listed a model there. */
  served: boolean;
  /** Since when it has no server, or the server lists no model, monotonic; null while neither is so. */
  since: number | null;
  leftBehind: boolean;
}

/** A server that is stopped ends its runners within seconds. */
const PARENT_GONE_MS = 5000;
/** A model leaves the server's list after its VRAM is free, and the server probes a GPU with processes of its own. */
const UNLISTED_MS = 10_000;
/** A model is not listed while it loads, and a load may pause for five minutes. */
const LOADING_MS = 6 * 60_000;
/** A process that holds less frees nothing worth mentioning. */
const LEAST_BYTES = 64 * 1024 ** 2;

export function createLeftBehind({ clock }: { clock: Pick<Clock, 'monotonic'> }): LeftBehind {
  const nodes = new Map<string, Map<number, Runner>>();

  function isLeftBehind(runner: Runner, parent: RunnerParent | null, listed: boolean): boolean {
    const now = clock.monotonic();
    if (parent !== null) {
      if (isServerProcess(parent.name)) return false;
      return now - (runner.since ?? now) >= PARENT_GONE_MS;
    }
    // A new server may list a model while the runner of the one before is still there.
    if (runner.leftBehind) return true;
    return !listed && now - (runner.since ?? now) >= (runner.served ? UNLISTED_MS : LOADING_MS);
  }

  const pids = (nodeId: string): ReadonlySet<number> =>
    new Set([...(nodes.get(nodeId) ?? [])].flatMap(([pid, { leftBehind }]) => (leftBehind ? [pid] : [])));

  return {
    observe(nodeId, gpus, loaded, parentOf) {
      const before = nodes.get(nodeId);
      const runners = new Map<number, Runner>();
      const listed = loaded.some(({ vramBytes }) => vramBytes > 0);
      for (const { pid, name, vramUsedBytes } of gpus.flatMap(({ processes }) => processes ?? [])) {
        if (pid === undefined || !isRunnerProcess(name) || (vramUsedBytes ?? LEAST_BYTES) < LEAST_BYTES)
          continue;
        const known = before?.get(pid);
        const parent = parentOf(pid);
        const isFine = parent === null ? listed : isServerProcess(parent.name);
        const runner: Runner = {
          served: (known?.served ?? false) || listed,
          since: isFine ? null : (known?.since ?? clock.monotonic()),
          leftBehind: known?.leftBehind ?? false,
        };
        runner.leftBehind = isLeftBehind(runner, parent, listed);
        runners.set(pid, runner);
      }
      if (runners.size > 0) nodes.set(nodeId, runners);
      else nodes.delete(nodeId);
    },

    pids,

    mark(nodeId, gpus) {
      const left = pids(nodeId);
      if (left.size === 0) return gpus;
      return gpus.map((gpu) => {
        const { processes } = gpu;
        if (processes === undefined) return gpu;
        return {
          ...gpu,
          processes: processes.map((process) =>
            process.pid !== undefined && left.has(process.pid)
              ? { ...process, leftBehind: true as const }
              : process,
          ),
        };
      });
    },

    forget: (nodeId) => void nodes.delete(nodeId),
  };
}
