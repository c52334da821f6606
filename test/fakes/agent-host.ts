/** The real agent in this process, over a machine that a test makes up. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  AgentHost,
  AgentSample,
  Clock,
  MachineFacts,
  PowerBlocker,
} from '../../electron/adapters/agent-host/types.ts';
import { createSystemClock } from '../../electron/adapters/system.ts';
import { startAgent } from '../../electron/agent/agent.ts';
import { readConfig } from '../../electron/agent/config.ts';

export function aMachine(changes: Partial<MachineFacts> = {}): MachineFacts {
  return {
    hostname: 'tower',
    platform: 'linux',
    bootId: 'boot-1',
    interfaces: [
      {
        name: 'eth0',
        mac: '02:00:00:00:00:01',
        address: '192.0.2.7',
        netmask: '255.255.255.0',
        broadcast: '192.0.2.255',
        wakeArmed: true,
      },
    ],
    ollama: { answers: true, version: '0.33.0', startedAt: null, gpuFound: true },
    ...changes,
  };
}

export function aSample(changes: Partial<AgentSample> = {}): AgentSample {
  return {
    at: 1_000,
    host: {
      cpuPercent: 12,
      memoryTotalBytes: 32e9,
      memoryUsedBytes: 8e9,
      swapTotalBytes: null,
      swapUsedBytes: null,
      uptimeSeconds: 60,
    },
    gpus: [
      {
        id: 'GPU-1',
        vendor: 'nvidia',
        name: 'RTX 4090',
        vramTotalBytes: 24e9,
        vramUsedBytes: 6e9,
        utilisationPercent: 40,
        temperatureCelsius: 55,
        powerWatts: 180,
        processes: [{ pid: 7, name: 'ollama', vramUsedBytes: 6e9 }],
      },
    ],
    gpusRead: 'all',
    problems: [],
    ...changes,
  };
}

export interface FakeAgentHost extends AgentHost {
  facts: MachineFacts;
  sample: AgentSample;
  /** Commands that it was told to run, in order. */
  readonly ran: (readonly string[])[];
  gpuPercent: number | null;
  /** Programs that block power actions. */
  programs: PowerBlocker[];
  /** Why a lock against sleep can't be taken; null where it can. */
  inhibitorProblem: string | null;
}

export function createFakeAgentHost(): FakeAgentHost {
  const ran: (readonly string[])[] = [];
  const host: FakeAgentHost = {
    facts: aMachine(),
    sample: aSample(),
    ran,
    gpuPercent: 0,
    programs: [],
    inhibitorProblem: null,
    platform: 'linux',
    bootId: async () => host.facts.bootId,
    uptimeSeconds: () => performance.now() / 1000,
    users: async () => ({ names: [], problem: null }),
    gpuLoad: async () => ({ percent: host.gpuPercent, problem: null }),
    async run(command) {
      ran.push(command);
    },
    notify: async () => {},
    abilities: async () => ({ shutdown: 'yes', sleep: 'yes', hibernate: 'yes', restart: 'yes' }),
    blockers: async () => host.programs,
    createInhibitor(_, changed) {
      let wanted = false;
      const held = () => wanted && host.inhibitorProblem === null;
      const problem = () => (wanted ? host.inhibitorProblem : null);
      return {
        hold: () => {
          wanted = true;
          changed();
        },
        release: async () => {
          wanted = false;
          changed();
        },
        state: () => ({
          held: held(),
          problem: problem(),
          locks: [{ what: 'sleep', held: held(), problem: problem() }],
        }),
      };
    },
    openTelemetry: () => ({
      read: async () => host.sample,
      machine: async () => host.facts,
      close: () => {},
    }),
  };
  return host;
}

/** Listens on a free port of loopback; its commands reach `host` and no program. */
export async function startTestAgent(
  options: {
    host?: FakeAgentHost;
    config?: Record<string, unknown>;
    folder?: string;
    clock?: Clock;
    post?: Parameters<typeof startAgent>[0]['post'];
    update?: Parameters<typeof startAgent>[0]['update'];
    /** Starts the process of the role `runner`. */
    runnerHost?: Parameters<typeof startAgent>[0]['runnerHost'];
  } = {},
) {
  const { host = createFakeAgentHost(), config = {} } = options;
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'pilotlight-agent-'));
  const said: string[] = [];
  const content = { port: 0, bind: '127.0.0.1', ...config };
  const agent = await startAgent({
    config: readConfig({ flags: {}, environment: {}, file: { path: 'test', content, privately: true } }),
    folder,
    clock: options.clock ?? createSystemClock(),
    host,
    udp: { send: async () => {}, magicPacket: () => new Uint8Array(102) },
    interfaces: () => [{ name: 'eth0', address: '192.0.2.7', netmask: '255.255.255.0', internal: false }],
    reachable: async () => true,
    // Hellos reach nobody, unless a test lets them.
    post: options.post ?? (async () => 204),
    version: '1.2.3',
    runnerHost: options.runnerHost ?? null,
    ...(options.update && { update: options.update }),
    log: (line) => said.push(line),
  });
  const url = `http://127.0.0.1:${agent.listening[0]?.port}`;
  const token = readFileSync(join(folder, 'token'), 'utf8').trim();
  return {
    url,
    token,
    host,
    said,
    folder,
    /** As `agent.mjs pair` on that machine: the code and the lines to paste. */
    async openPairing(): Promise<{ code: string; lines: string[] }> {
      const headers = { authorization: `Bearer ${token}` };
      const reply = await fetch(`${url}/v1/pairing`, { method: 'POST', headers });
      return (await reply.json()) as { code: string; lines: string[] };
    },
    stop: agent.stop,
    async [Symbol.asyncDispose]() {
      await agent.stop();
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}
