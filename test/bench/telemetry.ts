/** A thousand agents in one process push a sample a second into the core in another, measured there alone. */

import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { bundleNode } from '../../build/lib/bundle-node.mjs';
import { type ChildProcess, spawn } from '../fakes/children.ts';
import { atLeast, atMost, type Benchmark, type BenchmarkResult } from './benchmark.ts';

const quiet = '--disable-warning=ExperimentalWarning';
/** As `npm start` runs the core, see build/start.mjs. */
const memoryFlags = ['--max-semi-space-size=8', '--heap-growing-percent=60'];
const agentsEntry = fileURLToPath(new URL('./telemetry-agents.ts', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

const count = 1000;
const warmUpMs = 30_000;
const measureMs = 60_000;

interface AgentPlace {
  url: string;
  token: string;
}

async function startAgents(signal: AbortSignal): Promise<{ child: ChildProcess; agents: AgentPlace[] }> {
  const child = spawn(process.execPath, [quiet, agentsEntry, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
  });
  // Ended by the signal, it has nothing more to say.
  child.on('error', () => {});
  if (!child.stdout) throw new Error('The agents have no output.');
  for await (const line of createInterface({ input: child.stdout })) {
    return { child, ...(JSON.parse(line) as { agents: AgentPlace[] }) };
  }
  throw new Error('The agents ended before they said where they are.');
}

async function measure(agents: AgentPlace[], signal: AbortSignal) {
  // Inside the repository, for what stays outside the bundle is found from there.
  const folder = mkdtempSync(join(root, 'node_modules', '.pilotlight-bench-'));
  try {
    const entry = {
      source: 'test/bench/telemetry-core.ts',
      output: 'bench/telemetry-core.mjs',
      format: 'esm' as const,
    };
    await bundleNode(root, folder, [entry]);
    const child = spawn(process.execPath, [quiet, ...memoryFlags, join(folder, entry.output)], {
      stdio: ['pipe', 'pipe', 'inherit'],
      signal,
    });
    child.on('error', () => {});
    child.stdin.end(JSON.stringify({ agents, warmUpMs, measureMs }));
    return JSON.parse(await text(child.stdout)) as {
      cpuShare: number;
      rssBytes: number;
      heard: number;
      kept: number;
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const benchmark: Benchmark = {
  name: 'telemetry-1000',
  async run({ signal, note }): Promise<BenchmarkResult[]> {
    note(`telemetry-1000: ${count} agents, ${(warmUpMs + measureMs) / 1000} s`);
    const { child, agents } = await startAgents(signal);
    try {
      const { cpuShare, rssBytes, heard, kept } = await measure(agents, signal);
      return [
        atMost('telemetry-1000: processor', Math.round(cpuShare * 10_000) / 100, '% of a core', 40),
        atMost('telemetry-1000: memory', Math.round(rssBytes / 1e6), 'MB', 300),
        // Agents that were lost are cheap, and worth nothing.
        atMost('telemetry-1000: agents not heard', count - heard, 'agents', 0),
        atLeast('telemetry-1000: samples kept of one', kept, 'samples', measureMs / 2000 - 2),
      ];
    } finally {
      child.kill();
    }
  },
};
