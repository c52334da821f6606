/**
 * The id of a worker that was started by hand: the same after a restart, so that Pilotlight shows it once, and another one
 * while a worker of the same name still runs here.
 */
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRunning } from '../../../adapters/processes/is-running.ts';
import { systemCode } from '../../../adapters/system-code.ts';

const MOST_ALIKE = 100;

export function takeWorkerId(
  { hostname, name }: { hostname: string; name: string },
  { folder = tmpdir(), pid = process.pid, runs = isRunning } = {},
): string {
  const digest = createHash('sha256').update(`${hostname}\n${name}`).digest('hex').slice(0, 12);
  for (let number = 1; number <= MOST_ALIKE; number += 1) {
    const id = `worker-${digest}${number === 1 ? '' : `-${number}`}`;
    if (take(join(folder, `pilotlight-${id}.pid`), pid, runs)) return id;
  }
  return `worker-${digest}-${pid}`;
}

/** A file that cannot be written costs only that two workers of the same name could be mixed up. */
function take(path: string, pid: number, runs: (pid: number) => boolean): boolean {
  for (;;) {
    try {
      writeFileSync(path, String(pid), { flag: 'wx', mode: 0o600 });
      return true;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') return true;
    }
    const holder = Number(readOr(path, ''));
    if (holder === pid) return true;
    if (runs(holder)) return false;
    try {
      rmSync(path);
    } catch (error) {
      // That of another user.
      if (systemCode(error) !== 'ENOENT') return false;
    }
  }
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}
