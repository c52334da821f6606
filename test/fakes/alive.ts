import { readFileSync } from 'node:fs';

/**
 * Whether a process runs. One that has ended, and whose parent has not asked for it yet, is still in the system's table;
 * where nothing asks for orphans, as in some containers, it stays there.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    // It has ended just now, or the system has no such files.
    return process.platform !== 'linux';
  }
}
