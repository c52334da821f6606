/** What a process uses, as Linux counts it. */
import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** Resident memory, bytes. */
export function rssOf(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1024;
}

/** Ticks of 10 ms: the unit of /proc, whatever the kernel's own is. */
const TICK_SECONDS = 0.01;

/** Processor time of a process and all of its threads until now, seconds. */
export function processorSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Its name may contain spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_SECONDS;
}

/** The longest block since the last time, milliseconds; see block-probe.mjs. */
export async function longestBlock(pid: number, file: string, signal: AbortSignal): Promise<number> {
  rmSync(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  for (;;) {
    signal.throwIfAborted();
    try {
      return Number(readFileSync(file, 'utf8'));
    } catch {
      await wait(20);
    }
  }
}
