/** The system's neighbour table. Reading it sends nothing. */
import { readFile } from 'node:fs/promises';
import { type Exec, execProgram } from '../hardware/exec.ts';
import { type Neighbour, parseArpA, parseIpNeigh, parseProcArp } from './neighbour-tables.ts';

const DEADLINE_MS = 3000;

/** Rejects if the table cannot be read. */
export async function readNeighbours(
  signal: AbortSignal,
  {
    platform = process.platform,
    exec = execProgram,
    read = (path) => readFile(path, { encoding: 'utf8', signal }),
  }: { platform?: NodeJS.Platform; exec?: Exec; read?: (path: string) => Promise<string> } = {},
): Promise<Neighbour[]> {
  const run = (file: string, ...args: string[]) => exec(file, args, { deadlineMs: DEADLINE_MS, signal });
  if (platform !== 'linux') return parseArpA(await run('arp', '-a'));
  try {
    return parseProcArp(await read('/proc/net/arp'));
  } catch {
    signal.throwIfAborted();
    return parseIpNeigh(await run('ip', '-4', 'neigh'));
  }
}
