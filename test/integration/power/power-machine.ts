/**
 * A core's fleet, agents and leases, and one machine for it: the real agent over a made-up host whose power commands
 * end its Ollama and its agent, as a machine that goes off. Everything speaks over real sockets; leases and idle
 * times run on a clock that flies, the same for both, so that a minute is short.
 */

import { createConnectAgent } from '../../../electron/adapters/agents/agent-link.ts';
import { createOllamaServer } from '../../../electron/adapters/inference/ollama.ts';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import { createSqliteStore } from '../../../electron/adapters/state/sqlite-store.ts';
import { createIds, createSystemClock } from '../../../electron/adapters/system.ts';
import { createAgentsService } from '../../../electron/core/agents/service.ts';
import { createPolicies } from '../../../electron/core/policies/policies.ts';
import type { Clock } from '../../../electron/core/ports/time.ts';
import { createStatusService } from '../../../electron/core/status/service.ts';
import type { NodePower } from '../../../shared/models/power.ts';
import { createFakeAgentHost, startTestAgent } from '../../fakes/agent-host.ts';
import { createFakeAnnouncementListener } from '../../fakes/agent-link.ts';
import { startHttpServer } from '../../fakes/bad-server.ts';
import { createFleetWorld } from '../../fakes/fleet-world.ts';
import { createPowerServices } from '../../fakes/power-services.ts';
import { createFakeUdp } from '../../fakes/udp.ts';

/** A clock that runs so many times as fast. */
export function createFlyingClock(pace: number): Clock {
  const real = createSystemClock();
  const start = real.monotonic();
  const base = real.now();
  const monotonic = () => (real.monotonic() - start) * pace;
  return {
    monotonic,
    now: () => Math.round(base + monotonic()),
    sleep: (ms, signal) => real.sleep(ms / pace, signal),
    timer: (ms, fn) => real.timer(ms / pace, fn),
  };
}

const answers: Record<string, object> = {
  '/api/version': { version: '0.33.0' },
  '/api/ps': { models: [] },
  '/api/tags': { models: [] },
};

/** Ollama as far as a look asks it. */
export const startOllama = () =>
  startHttpServer((request, response) => {
    const answer = answers[request.url ?? ''];
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? {}));
  });

/** The machine. `went` resolves with what its system was asked for: `PowerOff`, `Suspend`. */
export async function startMachine(clock: Clock) {
  const ollama = await startOllama();
  const host = createFakeAgentHost();
  host.uptimeSeconds = () => clock.monotonic() / 1000;
  const agent = await startTestAgent({ host, clock, config: { role: ['power', 'telemetry'] } });
  const gone = Promise.withResolvers<string>();
  let going: Promise<unknown> | null = null;
  const goOff = () => {
    going ??= Promise.all([agent[Symbol.asyncDispose](), ollama[Symbol.asyncDispose]()]);
    return going;
  };
  host.run = async (command) => {
    gone.resolve(/PowerOff|Reboot|Suspend|Hibernate/.exec(command.join(' '))?.[0] ?? command.join(' '));
    void goOff();
  };
  return { ollamaUrl: ollama.url, agent, host, went: gone.promise, goOff };
}

/** A panel. Its leases are known as `name`'s. */
export async function startPanel({ clock, name = 'Pilotlight on laptop' }: { clock: Clock; name?: string }) {
  const http = createNodeHttp();
  const links: {
    agents: ReturnType<typeof createAgentsService> | null;
    services: ReturnType<typeof createPowerServices> | null;
  } = { agents: null, services: null };
  const world = createFleetWorld({
    clock: createSystemClock(),
    udp: createFakeUdp(),
    connect: (url) => createOllamaServer({ http, url }),
    agents: {
      probe: (nodeId, signal) =>
        links.agents?.probe(nodeId, signal) ?? Promise.reject(new Error('Too early.')),
      reading: (nodeId) => links.agents?.reading(nodeId) ?? null,
      gpuFound: (nodeId) => links.agents?.gpuFound(nodeId) ?? null,
      takePaired: () => null,
      pairedToken: () => null,
      tokenChanged: () => {},
      leave: (nodeId) => links.services?.leave(nodeId),
    },
  });
  const { fleet, log, settings, streams } = world;
  settings.update({ fleet: { lookIntervalMs: 1000 } });
  const connectAgent = createConnectAgent({ http });
  const agents = createAgentsService({
    clock: world.clock,
    random: Math.random,
    log,
    fleet,
    connectAgent,
    announcementListener: createFakeAnnouncementListener(),
    settings,
    activity: world.activity,
    panelName: () => name,
  });
  links.agents = agents;
  const { store } = createSqliteStore({ path: ':memory:' });
  const status = createStatusService({
    clock: world.clock,
    streams,
    version: '1.0.0',
    secrets: world.secrets.protection,
  });
  const wokenListeners: ((nodeId: string, woken: { wasSilent: boolean }) => void)[] = [];
  const services = createPowerServices({
    clock,
    random: Math.random,
    ids: createIds(),
    log,
    http,
    store: store.power,
    secrets: world.secrets,
    notices: { add: status.addNotice, remove: status.removeNotice, onDismissed: status.onDismissed },
    connectAgent,
    streams,
    settings: { ...settings, secret: () => null },
    activity: {
      record(entry) {
        world.activity.record(entry);
        return { why: '', nodeId: null, notify: false, ...entry, at: clock.now(), id: 1 };
      },
    },
    fleet,
    agents,
    telemetry: { reading: agents.reading, onSample: () => () => {} },
    wakes: {
      onWoken(listener) {
        wokenListeners.push(listener);
        return () => {};
      },
    },
    policies: createPolicies({ store: store.power, log }),
    holder: () => name,
    interfaces: () => [],
    inFlight: () => 0,
  });
  links.services = services;
  const { leases, shutdown, power: powerServices } = services;
  await fleet.start();
  await powerServices.start();
  agents.start();

  return {
    ...world,
    agents,
    leases,
    shutdown,
    powerServices,
    store,
    /** As waking tells when a wake has ended well. */
    woke(nodeId: string) {
      for (const listener of wokenListeners) listener(nodeId, { wasSilent: true });
    },
    /** The first state of a node's power that fits, now or later. */
    until(nodeId: string, fits: (power: NodePower) => boolean, what: string): Promise<NodePower> {
      return new Promise((resolve, reject) => {
        const limit = AbortSignal.timeout(40_000);
        const subscription = streams.power.subscribe(null, (frame) => {
          for (const [key, value] of frame.set) {
            if (key === nodeId && fits(value as NodePower)) {
              queueMicrotask(() => subscription.end());
              resolve(value as NodePower);
            }
          }
          return true;
        });
        limit.addEventListener('abort', () => {
          subscription.end();
          const now = JSON.stringify(streams.power.get(nodeId));
          reject(new Error(`Never came: ${what}. It is ${now}`));
        });
      });
    },
    /** As a process that is killed: nothing is ended at the agents. */
    async kill() {
      await agents.stop();
      await fleet.stop();
      await http.close();
    },
    async stop() {
      await powerServices.stop();
      await agents.stop();
      await world.stop();
      store.close();
      await http.close();
    },
  };
}
