/** Cores that may run threads of a graph: two threads on one core slow each other down. */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

const SYSTEM = '/sys/devices/system/cpu';

/**
 * null where the system does not say which processors share a core. Never more than this process may use.
 * @param folder one folder for each processor, as Linux lists them
 */
export function physicalCores(folder = SYSTEM, most = availableParallelism()): number | null {
  try {
    const cores = readdirSync(folder)
      .filter((name) => /^cpu\d+$/.test(name))
      .flatMap((name) => siblingsOf(join(folder, name, 'topology/thread_siblings_list')));
    return cores.length === 0 ? null : Math.min(new Set(cores).size, most);
  } catch {
    return null;
  }
}

/** Threads of a run where nothing else is said; half of the processors where the system does not name its cores. */
export function usualThreads(cores = physicalCores(), most = availableParallelism()): number {
  return cores ?? Math.max(1, most >> 1);
}

/** A processor that is switched off has no such file. */
function siblingsOf(file: string): string[] {
  try {
    return [readFileSync(file, 'utf8').trim()];
  } catch {
    return [];
  }
}
