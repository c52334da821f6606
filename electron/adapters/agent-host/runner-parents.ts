/** Which process started a runner of Ollama that uses a GPU: one whose parent has ended was left behind. */
import { readFileSync } from 'node:fs';
import { readParent } from './ancestry.ts';
import type { AgentGpu, GpuProcess, HostPlatform, ParentProcess } from './types.ts';

/** A runner as Windows lists it. */
export interface ListedRunner {
  name: string;
  parent: ParentProcess;
}

/** Adds the parents of runners. Other programs are left as they are. */
export function withParents(
  gpus: readonly AgentGpu[],
  platform: HostPlatform,
  /** By process id. */
  listed: ReadonlyMap<number, ListedRunner>,
  read: (process: GpuProcess) => ParentProcess | null = readRunnerParent,
): AgentGpu[] {
  return gpus.map((gpu) => ({
    ...gpu,
    processes: gpu.processes.map((process) => {
      const runner = listed.get(process.pid);
      // The performance counters do not name processes.
      if (runner) return { ...process, name: process.name || runner.name, parent: runner.parent };
      const parent = platform === 'linux' ? read(process) : null;
      return parent === null ? process : { ...process, parent };
    }),
  }));
}

const isRunner = (program: string, command: string) =>
  /^llama[-_]server/i.test(program) ||
  (/^ollama/i.test(program) && /\0(runner|llama-server)\0/.test(command));

/** null for other programs, and for a process that cannot be read: it may run in another container. */
export function readRunnerParent({ pid, name }: GpuProcess): ParentProcess | null {
  const program = name.split(/[\\/]/).at(-1) ?? '';
  if (!/^(ollama|llama[-_]server)/i.test(program)) return null;
  const command = readText(`/proc/${pid}/cmdline`);
  // The same number in another container is another process.
  const own = (command.split('\0')[0] ?? '').split('/').at(-1) ?? '';
  if (own !== program || !isRunner(program, command)) return null;
  const parent = readParent(pid);
  if (parent === null) return null;
  return { pid: parent, name: readText(`/proc/${parent}/comm`).trim() || null };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
