/** Whether a process descends from another, according to Linux's /proc. */
import { readFileSync } from 'node:fs';

const DEEPEST = 16;

export function descendsFrom(pid: number, ancestor: number, parentOf = readParent): boolean {
  let current: number | null = pid;
  for (let depth = 0; depth < DEEPEST && current !== null && current > 1; depth += 1) {
    if (current === ancestor) return true;
    current = parentOf(current);
  }
  return false;
}

/** null for a process that has ended. */
export function readParent(pid: number): number | null {
  try {
    // The name in parentheses may contain spaces and parentheses; what follows the last one has a fixed format.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    return Number.isInteger(parent) ? parent : null;
  } catch {
    return null;
  }
}
