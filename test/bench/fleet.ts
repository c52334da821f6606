/**
 * What it costs to watch a fleet: simulated nodes in one process, the core in another, measured there alone
 * over a minute of looks every 5 s.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export interface BenchmarkResult {
  name: string;
  value: number;
  unit: string;
  goal: number | null;
  goalText: string;
  ok: boolean;
}

const quiet = '--disable-warning=ExperimentalWarning';
const simulatorEntry = fileURLToPath(new URL('../../electron/simulator/main.ts', import.meta.url));
const coreEntry = fileURLToPath(new URL('./fleet-core.ts', import.meta.url));

/** A thousand nodes are added one by one, and read once in full, before anything is measured. */
const warmUpMs = 20_000;
const measureMs = 60_000;

async function startNodes(count: number): Promise<{ child: ChildProcess; urls: string[] }> {
  const child = spawn(process.execPath, [quiet, simulatorEntry, '--nodes', String(count), '--json'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (!child.stdout) throw new Error('The simulator has no output.');
  for await (const line of createInterface({ input: child.stdout })) {
    const { nodes } = JSON.parse(line) as { nodes: { url: string }[] };
    return { child, urls: nodes.map((node) => node.url) };
  }
  throw new Error('The simulator ended before it said where its nodes are.');
}

async function measure(urls: string[]): Promise<{ cpuShare: number; rssBytes: number; serving: number }> {
  const child = spawn(process.execPath, [quiet, coreEntry], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify({ urls, warmUpMs, measureMs }));
  const output = await text(child.stdout);
  return JSON.parse(output);
}

async function watch(
  name: string,
  count: number,
  goals: { cpuPercent: number; rssMegabytes: number | null },
): Promise<BenchmarkResult[]> {
  const { child, urls } = await startNodes(count);
  try {
    const { cpuShare, rssBytes, serving } = await measure(urls);
    const cpuPercent = Math.round(cpuShare * 10_000) / 100;
    const rssMegabytes = Math.round(rssBytes / 1e6);
    // A watch that lost its nodes is cheap, and worth nothing.
    const complete = serving === count;
    return [
      {
        name: `${name} cpu`,
        value: cpuPercent,
        unit: '% of a core',
        goal: goals.cpuPercent,
        goalText: `≤ ${goals.cpuPercent}%`,
        ok: complete && cpuPercent <= goals.cpuPercent,
      },
      {
        name: `${name} memory`,
        value: rssMegabytes,
        unit: 'MB',
        goal: goals.rssMegabytes,
        goalText: goals.rssMegabytes === null ? 'reported' : `≤ ${goals.rssMegabytes} MB`,
        ok: complete && (goals.rssMegabytes === null || rssMegabytes <= goals.rssMegabytes),
      },
      {
        name: `${name} serving`,
        value: serving,
        unit: 'nodes',
        goal: count,
        goalText: `= ${count}`,
        ok: complete,
      },
    ];
  } finally {
    child.kill();
  }
}

export const fleet5 = {
  name: 'fleet-5',
  run: () => watch('fleet-5', 5, { cpuPercent: 0.5, rssMegabytes: null }),
};

export const fleet1000 = {
  name: 'fleet-1000',
  run: () => watch('fleet-1000', 1000, { cpuPercent: 20, rssMegabytes: 250 }),
};

export const benchmarks = [fleet5, fleet1000];
