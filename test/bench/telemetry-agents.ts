/**
 * Real agents in one process, over machines that are made up: each tells new numbers at every reading. Prints one line
 * with their addresses and tokens, and runs until it is ended.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentHost, AgentSample, MachineFacts } from '../../electron/adapters/agent-host/types.ts';
import { createSystemClock } from '../../electron/adapters/system.ts';
import { startEmbeddedAgent } from '../../electron/agent/embedded.ts';

const count = Number(process.argv[2]);
const clock = createSystemClock();
const root = mkdtempSync(join(tmpdir(), 'pilotlight-agents-'));
process.on('exit', () => rmSync(root, { recursive: true, force: true }));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));

const gigabyte = 1e9;
const between = (from: number, to: number) => from + Math.random() * (to - from);

function readSample(index: number): AgentSample {
  const used = Math.round(between(4, 20) * gigabyte);
  return {
    at: Date.now(),
    host: {
      cpuPercent: Math.round(between(1, 90)),
      memoryTotalBytes: 64 * gigabyte,
      memoryUsedBytes: Math.round(between(8, 40) * gigabyte),
      swapTotalBytes: 8 * gigabyte,
      swapUsedBytes: 0,
      uptimeSeconds: Math.round(process.uptime()),
    },
    gpus: [
      {
        id: `GPU-${index}`,
        vendor: 'nvidia',
        name: 'NVIDIA GeForce RTX 4090',
        vramTotalBytes: 24 * gigabyte,
        vramUsedBytes: used,
        utilisationPercent: Math.round(between(0, 100)),
        temperatureCelsius: Math.round(between(35, 80)),
        powerWatts: Math.round(between(20, 400)),
        processes: [
          { pid: 1000, name: '/usr/local/bin/ollama', vramUsedBytes: Math.round(used * 0.8) },
          { pid: 2000, name: '/usr/lib/xorg/Xorg', vramUsedBytes: Math.round(used * 0.2) },
        ],
      },
    ],
    gpusRead: 'all',
    problems: [],
  };
}

function makeHost(index: number): AgentHost {
  const facts: MachineFacts = {
    hostname: `machine-${index}`,
    platform: 'linux',
    bootId: `boot-${index}`,
    interfaces: [],
    ollama: { answers: false, version: null, startedAt: null, gpuFound: null },
  };
  return {
    platform: 'linux',
    bootId: async () => facts.bootId,
    uptimeSeconds: () => process.uptime(),
    users: async () => ({ names: [], problem: null }),
    gpuLoad: async () => ({ percent: 0, problem: null }),
    run: async () => {},
    notify: async () => {},
    abilities: async () => ({}),
    blockers: async () => [],
    createInhibitor: () => ({
      hold: () => {},
      release: async () => {},
      state: () => ({ held: false, problem: null, locks: [] }),
    }),
    openTelemetry: () => ({
      read: async () => readSample(index),
      machine: async () => facts,
      close: () => {},
    }),
  };
}

const agents: { url: string; token: string }[] = [];
for (let index = 0; index < count; index += 1) {
  const folder = join(root, String(index));
  const agent = await startEmbeddedAgent({
    config: { role: ['power', 'telemetry'], bind: '127.0.0.1', port: 0 },
    folder,
    clock,
    host: makeHost(index),
    interfaces: () => [],
    reachable: async () => false,
    version: 'bench',
    log: () => {},
  });
  const token = readFileSync(join(folder, 'token'), 'utf8').trim();
  agents.push({ url: `http://127.0.0.1:${agent.listening[0]?.port}`, token });
}
console.log(JSON.stringify({ agents }));
