/**
 * A core's fleet, agents and leases, and one machine for it: the real agent over a fake host whose power commands
 * stop its Ollama and its agent, as when a machine powers off. Everything uses real sockets; leases and idle times run
 * on one clock for both that runs faster than real time.
 */

import { createConnectAgent } from '../../../electron/adapters/agents/agent-link.ts';
import { createOllamaServer } from '../../../electron/adapters/inference/ollama.ts';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import { createSqliteStore } from '../../../electron/adapters/state/sqlite-store.ts';
import { createIds, createSystemClock } from '../../../electron/adapters/system.ts';
import type { Clock } from '../../../electron/core/ports/time.ts';
import type { NodePower } from '../../../shared/models/power.ts';
import { createFakeAgentHost, startTestAgent } from '../../fakes/agent-host.ts';
import { startHttpServer } from '../../fakes/bad-server.ts';
import { createFleetWorld } from '../../fakes/fleet-world.ts';
import { createAgentLinks, createPowerStack } from '../../fakes/power-stack.ts';
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

/** An Ollama with the answers that a probe asks for. */
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
  const { port, links } = createAgentLinks();
  const world = createFleetWorld({
    clock: createSystemClock(),
    udp: createFakeUdp(),
    connect: (url) => createOllamaServer({ http, url }),
    agents: port,
  });
  const { fleet, settings, streams } = world;
  settings.update({ fleet: { lookIntervalMs: 1000 } });
  const { store } = createSqliteStore({ path: ':memory:' });
  const wokenListeners: ((nodeId: string, woken: { wasSilent: boolean }) => void)[] = [];
  const stack = createPowerStack({
    world,
    links,
    store,
    clock,
    random: Math.random,
    ids: createIds(),
    http,
    connectAgent: createConnectAgent({ http }),
    wakes: {
      onWoken(listener) {
        wokenListeners.push(listener);
        return () => {};
      },
    },
    holder: name,
  });
  const { agents, powerServices } = stack;
  await fleet.start();
  await powerServices.start();
  agents.start();

  return {
    ...world,
    ...stack,
    store,
    /** As the wake service reports a successful wake. */
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
    /** Like a killed process: the agents are not notified. */
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
