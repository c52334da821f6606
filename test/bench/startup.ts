/** Process start → ready, of the built headless program: the first start fills caches, the others count. */

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { spawn } from '../fakes/children.ts';
import type { BenchmarkResult } from './benchmark.ts';

const program = fileURLToPath(new URL('../../dist/headless/headless.mjs', import.meta.url));
const runs = 7;
const goalMs = 1500;

async function startOnce(folder: string): Promise<number> {
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [program, '--no-open', '--gateway-port', 'off', '--data', join(folder, 'data')],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        NODE_COMPILE_CACHE: join(folder, 'compile-cache'),
        ...process.env,
        // The measure is of this program, not of a server that this computer may have.
        OLLAMA_HOST: '127.0.0.1:1',
      },
    },
  );
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('Pilotlight is ready at ')) return performance.now() - began;
    }
    throw new Error(`The program ended before it was ready. ${complaints}`);
  } finally {
    // SIGTERM lets Node write its compile cache, which SIGKILL would not.
    child.kill('SIGTERM');
    await exited;
  }
}

async function run(): Promise<BenchmarkResult[]> {
  if (!existsSync(program)) throw new Error('There is no build. Run npm run build first.');
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-startup-'));
  try {
    await startOnce(folder);
    const times: number[] = [];
    for (let index = 0; index < runs; index += 1) times.push(await startOnce(folder));
    const median = times.sort((one, other) => one - other)[Math.floor(runs / 2)] ?? Number.NaN;
    const seconds = Math.round(median) / 1000;
    return [
      {
        name: 'startup-headless',
        value: seconds,
        unit: 's',
        goal: goalMs / 1000,
        goalText: `≤ ${goalMs / 1000} s`,
        ok: median <= goalMs,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const benchmarks = [{ name: 'startup-headless', run }];
