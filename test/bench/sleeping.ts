/**
 * A hundred machines that sleep for a day, half of them with an agent, and the panel in the background: how often each
 * is called, and what is said of it. The whole core and its database; a made-up network, and a clock moved by hand.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCore } from '../../electron/core/compose.ts';
import type { AgentLink } from '../../electron/core/ports/agents.ts';
import type { Log } from '../../electron/core/ports/log.ts';
import { createRealPorts } from '../../electron/host/ports.ts';
import { PilotlightError } from '../../shared/contract/errors.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { asleep, createFakeInferenceServer } from '../fakes/inference-server.ts';
import { createFakeUdp } from '../fakes/udp.ts';
import { atMost, type Benchmark, reported } from './benchmark.ts';

const NODES = 100;
const MINUTES = 24 * 60;
const GOAL_A_MINUTE = 1;

/** Calls by the host that was called. */
type Calls = Map<string, number>;

function createSleepingNetwork() {
  const calls: Calls = new Map();
  const count = (url: string) =>
    calls.set(new URL(url).hostname, (calls.get(new URL(url).hostname) ?? 0) + 1);
  return {
    calls,
    connectInferenceServer(url: string) {
      const server = createFakeInferenceServer(url);
      server.answer = asleep();
      const { loaded, version, installed } = server;
      const counted =
        <Args extends unknown[], Result>(call: (...args: Args) => Result) =>
        (...args: Args): Result => {
          count(url);
          return call(...args);
        };
      return { ...server, loaded: counted(loaded), version: counted(version), installed: counted(installed) };
    },
    /** An agent whose machine sleeps: whatever is asked, nothing answers. */
    connectAgent({ url }: { url: string }): AgentLink {
      const silent = () => {
        count(url);
        return Promise.reject(new PilotlightError('HOST_UNREACHABLE', { details: { reason: 'no-route' } }));
      };
      return new Proxy({ url } as AgentLink, { get: (_, key) => (key === 'url' ? url : silent) });
    },
  };
}

export const benchmark: Benchmark = {
  name: 'sleeping',
  async run({ note, signal }) {
    note(`sleeping: ${NODES} nodes, a day of simulated time`);
    const dataFolder = mkdtempSync(join(tmpdir(), 'pilotlight-bench-'));
    let lines = 0;
    const line = () => {
      lines += 1;
    };
    const log: Log = { debug: () => {}, info: () => {}, warn: line, error: line };
    const clock = createFakeClock();
    const network = createSleepingNetwork();
    const { ports, attach } = await createRealPorts({ dataFolder, log });
    const core = createCore({
      ports: {
        ...ports,
        clock,
        udp: createFakeUdp(),
        hardware: {
          readGpus: async () => [],
          readHost: () => ({ cpuPercent: 5, memoryTotalBytes: 16e9, memoryUsedBytes: 8e9 }),
        },
        connectInferenceServer: network.connectInferenceServer,
        connectAgent: network.connectAgent,
      },
      options: { version: 'bench', ollamaHost: null },
    });
    const { fleet, settings, status, activity } = core.services;
    attach({ settings: settings.current, report: status.addNotice });
    const hosts = Array.from({ length: NODES }, (_, index) => `10.1.0.${index + 1}`);
    for (const [index, host] of hosts.entries()) {
      const agent =
        index % 2 === 0 ? { agentUrl: `http://${host}:8765`, agentToken: 'a-token-of-the-bench' } : {};
      fleet.add({ url: `http://${host}:11434`, mac: '02:00:00:00:00:01', ...agent });
    }
    try {
      await core.start();
      const said = activity.list({ limit: 500 }).length;
      const before = process.cpuUsage();
      const calls = () => hosts.map((host) => network.calls.get(host) ?? 0);
      let mostInAnHour = 0;
      for (let hour = 0; hour < MINUTES / 60; hour += 1) {
        signal.throwIfAborted();
        const start = calls();
        await clock.advance(3_600_000);
        mostInAnHour = Math.max(mostInAnHour, ...calls().map((count, index) => count - (start[index] ?? 0)));
      }
      const used = process.cpuUsage(before);
      const perMinute = (count: number, minutes: number) => Math.round((count / minutes) * 1000) / 1000;
      const notAsleep = fleet.list().filter((node) => node.kind === 'remote' && node.state !== 'off').length;
      return [
        atMost(
          'sleeping: calls to each, the most',
          perMinute(Math.max(...calls()), MINUTES),
          'a minute',
          GOAL_A_MINUTE,
        ),
        atMost(
          'sleeping: the same, in the busiest hour',
          perMinute(mostInAnHour, 60),
          'a minute',
          GOAL_A_MINUTE,
        ),
        // A day in which nobody is looked at costs nothing, and is worth nothing.
        atMost('sleeping: nodes not seen asleep', notAsleep, 'nodes', 0),
        atMost('sleeping: entries in Activity', activity.list({ limit: 500 }).length - said, '', 0),
        atMost('sleeping: warnings and errors in the log', lines, '', 0),
        reported('sleeping: processor for the day', Math.round((used.user + used.system) / 1000), 'ms'),
      ];
    } finally {
      await core.stop();
      rmSync(dataFolder, { recursive: true, force: true });
    }
  },
};
