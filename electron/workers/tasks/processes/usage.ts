/** What processes use, from the system's own records: a process that is blocked cannot say it. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { powershell } from '../../../adapters/hardware/powershell.ts';

/** CPU time in milliseconds since its start, and resident memory. */
export interface ProcessUse {
  cpuMs: number;
  memoryBytes: number;
}

export type ReadUse = (pids: readonly number[]) => Promise<Map<number, ProcessUse>>;

export type Load = { cpu: number; memoryBytes: number };

/** The share of one processor core since the last call, and the memory now; null if it cannot be read. */
export function createLoadReader({
  read = readUse,
  monotonic,
}: {
  read?: ReadUse;
  monotonic(): number;
}): (pids: readonly number[]) => Promise<Load | null> {
  let before: { at: number; use: Map<number, ProcessUse> } | null = null;
  return async (pids) => {
    const use = await read(pids);
    // Not one of them could be read: that is not known to be nothing.
    if (pids.length > 0 && use.size === 0) return null;
    const at = monotonic();
    const memoryBytes = [...use.values()].reduce((sum, one) => sum + one.memoryBytes, 0);
    const earlier = before;
    before = { at, use };
    if (earlier === null || at <= earlier.at) return { cpu: 0, memoryBytes };
    let cpuMs = 0;
    for (const [pid, { cpuMs: now }] of use) cpuMs += Math.max(0, now - (earlier.use.get(pid)?.cpuMs ?? 0));
    return { cpu: cpuMs / (at - earlier.at), memoryBytes };
  };
}

const readUse: ReadUse =
  process.platform === 'linux' ? readProc : process.platform === 'win32' ? readWindows : readPs;

/** Linux has counted in hundredths of a second for user space on every platform. */
const TICK_MS = 10;

async function readProc(pids: readonly number[]): Promise<Map<number, ProcessUse>> {
  const found = new Map<number, ProcessUse>();
  for (const pid of pids) {
    const [stat, status] = await Promise.all(
      ['stat', 'status'].map((name) => readFile(`/proc/${pid}/${name}`, 'latin1').catch(() => '')),
    );
    const use = parseProc(stat ?? '', status ?? '');
    if (use !== null) found.set(pid, use);
  }
  return found;
}

/** null for a process that has ended. */
export function parseProc(stat: string, status: string): ProcessUse | null {
  // The name of the program, in brackets, may contain anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kilobytes === undefined || !Number.isFinite(ticks)) return null;
  return { cpuMs: ticks * TICK_MS, memoryBytes: Number(kilobytes) * 1024 };
}

function readPs(pids: readonly number[]): Promise<Map<number, ProcessUse>> {
  if (pids.length === 0) return Promise.resolve(new Map());
  return new Promise((resolve) => {
    const args = ['-o', 'pid=,rss=,time=', '-p', pids.join(',')];
    // It reports failure if one of them has ended.
    execFile('ps', args, { timeout: 5000 }, (_error, output) => resolve(parsePs(output)));
  });
}

export function parsePs(output: string): Map<number, ProcessUse> {
  const found = new Map<number, ProcessUse>();
  for (const line of output.split('\n')) {
    const [, pid, kilobytes, time] = /^\s*(\d+)\s+(\d+)\s+([\d:.-]+)\s*$/.exec(line) ?? [];
    if (time === undefined) continue;
    const [days, clock] = time.includes('-') ? time.split('-') : ['0', time];
    const seconds = (clock ?? '').split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
    const cpuMs = Math.round((Number(days) * 86_400 + seconds) * 1000);
    found.set(Number(pid), { cpuMs, memoryBytes: Number(kilobytes) * 1024 });
  }
  return found;
}

/** Whole numbers, because others would be printed as the language of the system writes them. */
export const windowsUse = (pids: readonly number[]) =>
  powershell(
    `Get-Process -Id ${pids.join(',')} -ErrorAction SilentlyContinue | ForEach-Object { ` +
      `'{0} {1} {2}' -f $_.Id, [long]$_.TotalProcessorTime.TotalMilliseconds, $_.WorkingSet64 }`,
  );

function readWindows(pids: readonly number[]): Promise<Map<number, ProcessUse>> {
  if (pids.length === 0) return Promise.resolve(new Map());
  return new Promise((resolve) => {
    const [program, ...args] = windowsUse(pids);
    execFile(program, args, { timeout: 5000, windowsHide: true }, (_error, output) =>
      resolve(parseWindows(output)),
    );
  });
}

export function parseWindows(output: string): Map<number, ProcessUse> {
  const found = new Map<number, ProcessUse>();
  for (const line of output.split('\n')) {
    const [, pid, cpuMs, memoryBytes] = /^\s*(\d+) (\d+) (\d+)\s*$/.exec(line) ?? [];
    if (pid !== undefined) found.set(Number(pid), { cpuMs: Number(cpuMs), memoryBytes: Number(memoryBytes) });
  }
  return found;
}
