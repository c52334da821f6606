/** Memory of processes, bytes: what the runner costs. */
import { readFileSync } from 'node:fs';

/** Of all of them together, shared pages by their share; null if one is not known. */
export function memoryOf(pids: readonly (number | null)[]): number | null {
  let sum = 0;
  for (const pid of pids) {
    const bytes = pid === null ? 0 : proportionalBytes(pid);
    if (bytes === null) return null;
    sum += bytes;
  }
  return sum;
}

/** Linux only. */
function proportionalBytes(pid: number): number | null {
  try {
    const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}
