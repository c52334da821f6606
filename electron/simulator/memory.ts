/**
 * The memory of one machine: used by runners, by dead ones whose memory is not free yet, by those that outlived their
 * server, and by other programs.
 */
import type { GpuDefinition } from './model.ts';
import type { GpuState } from './placement.ts';
import { type Runner, systemBytes } from './runner.ts';

/** A program beside Ollama that uses VRAM; Ollama can neither see nor unload it. */
export interface OutsideProgram {
  pid: number;
  /** With its folder, as the driver's tool reports it. */
  name: string;
  gpu: number;
  bytes: number;
}

export interface Memory {
  /** Each GPU's total and free bytes, with every runner's full share counted. */
  gpuStates(): GpuState[];
  freeSystemBytes(): number;
  /** VRAM still held by processes that have ended, per GPU. */
  lingering(gpu: number): number;
  /** Keeps a dead runner's VRAM in use; call the returned function to free it. */
  linger(runner: Runner): () => void;
  /** A program takes VRAM, at most what is free; call the returned function when it ends. */
  hold(program: OutsideProgram): () => void;
  outside(): readonly OutsideProgram[];
  /** The server was killed: its runners go on without it, with their memory. */
  orphan(runners: Iterable<Runner>): void;
  endOrphans(): void;
  clear(): void;
}

/** The share of system memory that a loader may use. */
const USABLE_SYSTEM_SHARE = 0.9;
/** The process of a runner, as the driver's tool reports it. */
export const RUNNER_PATH = '/usr/local/lib/ollama/llama-server';

export function createMemory(setup: {
  gpus: readonly GpuDefinition[];
  systemMemoryBytes: number;
  runners: () => Iterable<Runner>;
}): Memory {
  const dying = new Set<Runner>();
  const programs = new Set<OutsideProgram>();
  let orphans: OutsideProgram[] = [];
  const outside = () => [...programs, ...orphans];
  const lingering = (gpu: number) => {
    let sum = 0;
    for (const runner of dying) sum += runner.allocation.perGpu[gpu] ?? 0;
    return sum;
  };
  const gpuStates = () =>
    setup.gpus.map((gpu, index) => {
      let used = gpu.baselineBytes + lingering(index);
      for (const program of outside()) if (program.gpu === index) used += program.bytes;
      for (const runner of setup.runners()) used += runner.allocation.perGpu[index] ?? 0;
      return { totalBytes: gpu.vramBytes, freeBytes: Math.max(0, gpu.vramBytes - used) };
    });
  return {
    gpuStates,
    freeSystemBytes: () => {
      let used = 0;
      for (const runner of setup.runners()) used += systemBytes(runner);
      return Math.max(0, Math.floor(setup.systemMemoryBytes * USABLE_SYSTEM_SHARE) - used);
    },
    lingering,
    hold: (program) => {
      const held = {
        ...program,
        bytes: Math.floor(Math.min(program.bytes, gpuStates()[program.gpu]?.freeBytes ?? 0)),
      };
      programs.add(held);
      return () => programs.delete(held);
    },
    outside,
    orphan(runners) {
      for (const { pid, allocation } of runners) {
        for (const [gpu, bytes] of allocation.perGpu.entries()) {
          if (bytes > 0) orphans.push({ pid, name: RUNNER_PATH, gpu, bytes });
        }
      }
    },
    endOrphans() {
      orphans = [];
    },
    linger: (runner) => {
      dying.add(runner);
      return () => dying.delete(runner);
    },
    clear: () => dying.clear(),
  };
}

/** Whether a process is a runner that outlived its server. */
export function isOrphan(memory: Pick<Memory, 'outside'>, pid: number): boolean {
  return memory.outside().some((program) => program.pid === pid && program.name === RUNNER_PATH);
}
