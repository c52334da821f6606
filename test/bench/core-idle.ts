/** The memory of a core that has nothing to do: the headless program, a minute after it was ready. Linux only. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { spawn } from '../fakes/children.ts';
import { atMost, type BenchmarkContext, type BenchmarkResult, reported } from './benchmark.ts';

const program = fileURLToPath(new URL('../../dist/headless/headless.mjs', import.meta.url));
const SETTLE_MS = 60_000;

const residentMb = (pid: number): number => {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1000;
};

/** What it has started, and those below them. */
function childrenOf(pid: number): number[] {
  const own = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
  return own.flatMap((child) => [child, ...childrenOf(child)]);
}

async function run({ signal, note }: BenchmarkContext): Promise<BenchmarkResult[]> {
  if (process.platform !== 'linux') {
    note('The memory of a process is read on Linux only.');
    return [];
  }
  if (!existsSync(program)) throw new Error('There is no build. Run npm run build first.');
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-idle-'));
  const child = spawn(
    process.execPath,
    [program, '--no-open', '--gateway-port', 'off', '--data', join(folder, 'data')],
    { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, OLLAMA_HOST: '127.0.0.1:1' } },
  );
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('Pilotlight is ready at ')) break;
    }
    note(`It is left alone for ${SETTLE_MS / 1000} s.`);
    await wait(SETTLE_MS, undefined, { signal });
    const pid = child.pid ?? 0;
    const workers = childrenOf(pid);
    const workersMb = workers.reduce((sum, one) => sum + residentMb(one), 0);
    return [
      atMost('core-idle', Math.round(residentMb(pid) * 10) / 10, 'MB', 120),
      reported(`core-idle-workers (${workers.length})`, Math.round(workersMb * 10) / 10, 'MB'),
    ];
  } finally {
    child.kill('SIGTERM');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  }
}

export const benchmark = { names: ['core-idle'], run };
