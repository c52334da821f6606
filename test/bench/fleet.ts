/**
 * What it costs to watch a fleet: simulated nodes in one process, the core in another, measured there alone
 * over a minute of looks every 5 s.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { bundleNode } from '../../build/lib/bundle-node.mjs';
import { type ChildProcess, spawn } from '../fakes/children.ts';
import {
  atMost,
  type Benchmark,
  type BenchmarkContext,
  type BenchmarkResult,
  reported,
} from './benchmark.ts';

const quiet = '--disable-warning=ExperimentalWarning';
/** As `npm start` runs the core, see build/start.mjs. */
const memoryFlags = ['--max-semi-space-size=8', '--heap-growing-percent=60'];
const simulatorEntry = fileURLToPath(new URL('../../electron/simulator/main.ts', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

/** A thousand nodes are added one by one, and read once in full, before anything is measured. */
const warmUpMs = 20_000;
const measureMs = 60_000;

async function startNodes(
  count: number,
  signal: AbortSignal,
): Promise<{ child: ChildProcess; urls: string[] }> {
  const child = spawn(process.execPath, [quiet, simulatorEntry, '--nodes', String(count), '--json'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    signal,
  });
  // Ended by the signal, it has nothing more to say.
  child.on('error', () => {});
  if (!child.stdout) throw new Error('The simulator has no output.');
  for await (const line of createInterface({ input: child.stdout })) {
    const { nodes } = JSON.parse(line) as { nodes: { url: string }[] };
    return { child, urls: nodes.map((node) => node.url) };
  }
  throw new Error('The simulator ended before it said where its nodes are.');
}

/** The core is bundled first, as the product is: reading TypeScript at each start costs 40 MB by itself. */
async function measure(
  urls: string[],
  signal: AbortSignal,
): Promise<{ cpuShare: number; rssBytes: number; serving: number }> {
  // Inside the repository, for what stays outside the bundle is found from there.
  const folder = mkdtempSync(join(root, 'node_modules', '.pilotlight-bench-'));
  try {
    const entry = {
      source: 'test/bench/fleet-core.ts',
      output: 'bench/fleet-core.mjs',
      format: 'esm' as const,
    };
    await bundleNode(root, folder, [entry]);
    const child = spawn(process.execPath, [quiet, ...memoryFlags, join(folder, entry.output)], {
      stdio: ['pipe', 'pipe', 'inherit'],
      signal,
    });
    child.on('error', () => {});
    child.stdin.end(JSON.stringify({ urls, warmUpMs, measureMs }));
    return JSON.parse(await text(child.stdout));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function watch(
  name: string,
  count: number,
  goals: { cpuPercent: number; rssMegabytes: number | null },
  { signal, note }: BenchmarkContext,
): Promise<BenchmarkResult[]> {
  note(`${name}: ${count} nodes, ${(warmUpMs + measureMs) / 1000} s`);
  const { child, urls } = await startNodes(count, signal);
  try {
    const { cpuShare, rssBytes, serving } = await measure(urls, signal);
    const cpuPercent = Math.round(cpuShare * 10_000) / 100;
    const rssMegabytes = Math.round(rssBytes / 1e6);
    const cpu = atMost(`${name}: processor`, cpuPercent, '% of a core', goals.cpuPercent);
    const memory =
      goals.rssMegabytes === null
        ? reported(`${name}: memory`, rssMegabytes, 'MB')
        : atMost(`${name}: memory`, rssMegabytes, 'MB', goals.rssMegabytes);
    // A watch that lost its nodes is cheap, and worth nothing.
    const lost = atMost(`${name}: nodes not seen`, count - serving, 'nodes', 0);
    return [cpu, memory, lost];
  } finally {
    child.kill();
  }
}

const fleet5: Benchmark = {
  name: 'fleet-5',
  run: (context) => watch('fleet-5', 5, { cpuPercent: 0.5, rssMegabytes: null }, context),
};

const fleet1000: Benchmark = {
  name: 'fleet-1000',
  run: (context) => watch('fleet-1000', 1000, { cpuPercent: 20, rssMegabytes: 250 }, context),
};

export const benchmarks = [fleet5, fleet1000];
