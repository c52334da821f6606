/** The built agent alone: its size, its memory and its idle CPU, and the lease renewals it takes over HTTP. */

import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { agentMostBytes } from '../../build/lib/entries.mjs';
import { spawn } from '../fakes/children.ts';
import { atLeast, atMost, type BenchmarkContext, type BenchmarkResult } from './benchmark.ts';

const program = fileURLToPath(new URL('../../dist/agent/agent.mjs', import.meta.url));
const settleMs = 5_000;
const idleMs = 30_000;
const renewMs = 5_000;
const connections = 16;

/** Resident kilobytes and CPU seconds of a process, by Linux's own count. */
function usage(pid: number): { megabytes: number; cpuSeconds: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]);
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  // User and system time, in hundredths of a second.
  return { megabytes: (kilobytes * 1024) / 1e6, cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100 };
}

function renew(agent: http.Agent, port: number, token: string, id: string): Promise<number> {
  const body = JSON.stringify({ holder: 'bench', purpose: 'renewals', ttlSeconds: 60 });
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        ...{ agent, port, host: '127.0.0.1', method: 'PUT', path: `/v1/leases/${id}` },
        headers: { authorization: `Bearer ${token}`, 'content-length': body.length },
      },
      (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

async function renewalsPerSecond(port: number, token: string): Promise<number> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const end = performance.now() + renewMs;
  const began = performance.now();
  let count = 0;
  const client = async (id: string) => {
    while (performance.now() < end) {
      const status = await renew(agent, port, token, id);
      if (status !== 200 && status !== 201) throw new Error(`A renewal was answered with ${status}.`);
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, (_, index) => client(`lease-${index}`)));
  agent.destroy();
  return Math.round((count * 1000) / (performance.now() - began));
}

/** Node alone, in megabytes: how much of its own file the system counts as resident differs from machine to machine. */
async function bareNode(signal: AbortSignal): Promise<number> {
  const child = spawn(process.execPath, ['-e', "setInterval(() => {}, 1000); console.log('ready')"], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    await once(child.stdout, 'data', { signal });
    return usage(child.pid ?? 0).megabytes;
  } finally {
    child.kill('SIGKILL');
  }
}

const rounded = (megabytes: number) => Math.round(megabytes * 10) / 10;

async function run({ note, signal }: BenchmarkContext): Promise<BenchmarkResult[]> {
  const bundle = Math.round(statSync(program).size / 100) / 10;
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-agent-bench-'));
  writeFileSync(join(folder, 'agent.json'), JSON.stringify({ commands: { inhibit: ['cat'] } }), {
    mode: 0o600,
  });
  const args = ['--role', 'relay,power,telemetry', '--port', '0', '--dry-run', '--data', folder];
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  const exited = once(child, 'exit');
  try {
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const port = Number(/:(\d+)$/.exec(line)?.[1]);
    const token = readFileSync(join(folder, 'token'), 'utf8').trim();
    const pid = child.pid ?? 0;
    note('The agent stands idle for half a minute.');
    await wait(settleMs, undefined, { signal });
    const before = usage(pid);
    await wait(idleMs, undefined, { signal });
    const after = usage(pid);
    const idlePercent = ((after.cpuSeconds - before.cpuSeconds) / (idleMs / 1000)) * 100;
    const renewals = await renewalsPerSecond(port, token);
    return [
      atMost('agent-rss', rounded(after.megabytes), 'MB', 75),
      atMost('agent-rss-own', rounded(after.megabytes - (await bareNode(signal))), 'MB', 15),
      atMost('agent-idle-cpu', Math.round(idlePercent * 1000) / 1000, '%', 0.2),
      atMost('agent-bundle', bundle, 'kB', agentMostBytes / 1000),
      atLeast('leases', renewals, '/s', 3000),
    ];
  } finally {
    child.kill('SIGTERM');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  }
}

export const benchmarks = [
  { names: ['agent-rss', 'agent-rss-own', 'agent-idle-cpu', 'agent-bundle', 'leases'], run },
];
