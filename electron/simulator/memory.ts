/**
 * The memory of one machine: used by runners, by dead ones whose memory is not free yet, by those that outlived their
 * server, and by other programs.
 */
import type { GpuDefinition, Profile } from './model.ts';
import { type GpuState, processBytes } from './placement.ts';
import { type Runner, systemBytes } from './runner.ts';

/** A process that uses VRAM; Ollama can neither see nor unload it. */
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
  /** VRAM of a runner's process on a GPU; 0 once it is freed. */
  processBytes(runner: Runner, gpu: number): number;
  /** VRAM still held by processes that have ended, per GPU. */
  lingering(gpu: number): number;
  /** Keeps a dead runner's VRAM in use; call the returned function to free it. */
  linger(runner: Runner): () => void;
  /** The server was killed: its runners go on without it, with their memory. */
  orphan(runners: Iterable<Runner>): void;
  endOrphans(): void;
  /** VRAM that the server's own look at the GPUs takes for a moment. */
  probing(gpu: number): number;
  /** The server starts or ends a look at the GPUs. */
  setProbing(on: boolean): void;
  /** A program takes VRAM, at most what is free; call the returned function when it ends. */
  hold(program: OutsideProgram): () => void;
  /** Orphans too. */
  outside(): readonly OutsideProgram[];
  clear(): void;
}

/** The share of system memory that a loader may use. */
const USABLE_SYSTEM_SHARE = 0.9;
/** What a llama-server without a model holds, which the server starts to see what a GPU has. */
const PROBE_BYTES = 527 * 1024 ** 2;

/** The process of a runner, as the driver's tool reports it. */
export const RUNNER_PATH = '/usr/local/lib/ollama/llama-server';

export function createMemory(setup: {
  profile: Profile;
  gpus: readonly GpuDefinition[];
  systemMemoryBytes: number;
  runners: () => Iterable<Runner>;
}): Memory {
  const dying = new Set<Runner>();
  const programs = new Set<OutsideProgram>();
  let orphans: { programs: OutsideProgram[]; systemBytes: number }[] = [];
  let probing = false;

  const held = (runner: Runner, gpu: number) =>
    runner.dead || runner.vramFreed ? 0 : processBytes(setup.profile, runner.allocation.perGpu[gpu] ?? 0);
  const lingering = (gpu: number) => {
    let sum = 0;
    for (const runner of dying) sum += held(runner, gpu);
    return sum;
  };
  const outside = () => [...programs, ...orphans.flatMap((orphan) => orphan.programs)];
  const gpuStates = () =>
    setup.gpus.map((gpu, index) => {
      let used = gpu.baselineBytes + lingering(index);
      for (const program of outside()) if (program.gpu === index) used += program.bytes;
      for (const runner of setup.runners()) used += held(runner, index);
      return { totalBytes: gpu.vramBytes, freeBytes: Math.max(0, gpu.vramBytes - used) };
    });
  return {
    gpuStates,
    freeSystemBytes: () => {
      let used = 0;
      for (const runner of setup.runners()) if (!runner.dead) used += systemBytes(runner);
      for (const orphan of orphans) used += orphan.systemBytes;
      return Math.max(0, Math.floor(setup.systemMemoryBytes * USABLE_SYSTEM_SHARE) - used);
    },
    processBytes: held,
    lingering,
    hold: (program) => {
      const taken = {
        ...program,
        bytes: Math.floor(Math.min(program.bytes, gpuStates()[program.gpu]?.freeBytes ?? 0)),
      };
      programs.add(taken);
      return () => programs.delete(taken);
    },
    outside,
    linger: (runner) => {
      dying.add(runner);
      return () => dying.delete(runner);
    },
    orphan: (runners) => {
      for (const runner of runners) {
        if (runner.dead) continue;
        orphans.push({
          systemBytes: systemBytes(runner),
          programs: setup.gpus.flatMap((_, gpu) => {
            const bytes = held(runner, gpu);
            return bytes > 0 ? [{ pid: runner.pid, name: RUNNER_PATH, gpu, bytes }] : [];
          }),
        });
      }
    },
    endOrphans: () => {
      orphans = [];
    },
    probing: (gpu) => (probing && gpu < setup.gpus.length ? PROBE_BYTES : 0),
    setProbing: (on) => {
      probing = on;
    },
    clear: () => {
      dying.clear();
      probing = false;
    },
  };
}

/** Whether a process is a runner that outlived its server. */
export function isOrphan(memory: Pick<Memory, 'outside'>, pid: number): boolean {
  return memory.outside().some((program) => program.pid === pid && program.name === RUNNER_PATH);
}
