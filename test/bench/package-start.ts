/**
 * Cold start of the packaged main program → its window: what a package contains, in a new data folder each time, so that
 * nothing was compiled before. Electron's own start is not in it: a stand-in takes its place.
 */
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { shrinkPrograms } from '../../build/lib/package/stage.mjs';
import { spawn } from '../fakes/children.ts';
import { atMost, type BenchmarkResult, reported } from './benchmark.ts';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const hooks = new URL('../fakes/window-hooks.mjs', import.meta.url).href;
const runs = 7;

interface Start {
  windowMs: number;
  readyMs: number;
}

async function startOnce(program: string, dataFolder: string): Promise<Start> {
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [
      ...['--disable-warning=ExperimentalWarning', '--import', hooks, program],
      ...['--gateway-port=off', '--data', dataFolder],
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, OLLAMA_HOST: '127.0.0.1:1', NODE_COMPILE_CACHE: undefined },
    },
  );
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let windowMs: number | null = null;
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (line === 'The window opens.') windowMs ??= performance.now() - began;
      if (line.startsWith('Pilotlight is ready at ') && windowMs !== null)
        return { windowMs, readyMs: performance.now() - began };
    }
    throw new Error(`The program ended before it was ready. ${complaints}`);
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
}

const median = (values: number[]) =>
  values.sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
const seconds = (ms: number) => Math.round(ms) / 1000;

async function run(): Promise<BenchmarkResult[]> {
  if (!existsSync(join(dist, 'main', 'main.mjs')))
    throw new Error('There is no build. Run npm run build first.');
  const work = mkdtempSync(join(tmpdir(), 'pilotlight-package-start-'));
  try {
    const packaged = join(work, 'dist');
    cpSync(dist, packaged, {
      recursive: true,
      filter: (source) => !source.endsWith('.map') && !basename(source).startsWith('.'),
    });
    shrinkPrograms(packaged);
    const starts: Start[] = [];
    for (let index = 0; index < runs; index += 1)
      starts.push(await startOnce(join(packaged, 'main', 'main.mjs'), join(work, `data-${index}`)));
    return [
      atMost('package-start', seconds(median(starts.map(({ windowMs }) => windowMs))), 's', 1.2),
      reported('package-start-ready', seconds(median(starts.map(({ readyMs }) => readyMs))), 's'),
    ];
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

export const benchmark = { names: ['package-start', 'package-start-ready'], run };
