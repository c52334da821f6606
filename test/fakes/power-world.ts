/** Leases, going off and alerts over a fleet of fakes: the real services, on a clock that a test holds in its hand. */

import { createSqliteStore } from '../../electron/adapters/state/sqlite-store.ts';
import type { ConnectAgent } from '../../electron/core/ports/agents.ts';
import type { Http, HttpRequest } from '../../electron/core/ports/network.ts';
import type { Store } from '../../electron/core/ports/state.ts';
import { createEmitter } from '../../shared/emitter.ts';
import type { NodeRecord } from '../../shared/models/fleet.ts';
import { createFakeAgents } from './agent-link.ts';
import type { FakeClock } from './clock.ts';
import { createFakeFleetWorld } from './fleet-world.ts';
import { noStreams } from './http.ts';
import { asleep } from './inference-server.ts';
import { createAgentLinks, createPowerStack, type PowerStackOptions } from './power-stack.ts';
import type { MemorySecrets } from './secrets.ts';

export const towerUrl = 'http://192.168.7.20:11434';
export const agentUrl = 'http://192.168.7.20:8765';
export const shutdownUrl = 'http://192.168.7.20:8766';
export const webhookUrl = 'http://192.168.7.1/hook';

export interface PowerWorldOptions {
  clock?: FakeClock;
  store?: Store;
  /** What a core before this one has saved. */
  records?: NodeRecord[];
  secrets?: MemorySecrets;
  /** The agents of a world before this one; they outlive a core. */
  agents?: ReturnType<typeof createFakeAgents>;
  connectAgent?: ConnectAgent;
  /** Answers of the existing shutdown server. */
  answer?: (request: HttpRequest) => Promise<{ status: number; text: string }>;
  connect?: Parameters<typeof createFakeFleetWorld>[0] extends infer Options
    ? Options extends { connect?: infer Connect }
      ? Connect
      : never
    : never;
  http?: Http;
  inFlight?: () => number;
  holdBack?: PowerStackOptions['holdBack'];
  timeZone?: string;
}

export function createPowerWorld(options: PowerWorldOptions = {}) {
  const store = options.store ?? createSqliteStore({ path: ':memory:' }).store;
  const fakes = options.agents ?? createFakeAgents();
  const requests: HttpRequest[] = [];
  const answer = options.answer ?? (async () => ({ status: 200, text: '{"success":true}' }));
  const http: Http = options.http ?? {
    ...noStreams,
    async request(request) {
      requests.push(request);
      return {
        headers: {},
        ...(request.url === webhookUrl ? { status: 200, text: '' } : await answer(request)),
      };
    },
  };
  const { port, links } = createAgentLinks();
  const world = createFakeFleetWorld({
    ...(options.clock ? { clock: options.clock } : {}),
    ...(options.connect ? { connect: options.connect } : {}),
    ...(options.records ? { records: options.records } : {}),
    ...(options.secrets ? { secrets: options.secrets } : {}),
    agents: port,
  });
  const { clock, log, fleet, power } = world;
  let lastId = 0;
  let webhook: string | null = null;
  const sampled = createEmitter<[{ nodeId: string }]>({ name: 'telemetry', log });
  const stack = createPowerStack({
    world,
    links,
    store,
    clock,
    random: () => 0.5,
    ids: { next: (prefix) => `${prefix}_${++lastId}` },
    http,
    connectAgent: options.connectAgent ?? fakes.connectAgent,
    wakes: power,
    telemetry: { reading: (nodeId) => links.agents?.reading(nodeId) ?? null, onSample: sampled.on },
    holder: 'Pilotlight on laptop',
    webhook: () => webhook,
    ...(options.inFlight ? { inFlight: options.inFlight } : {}),
    ...(options.holdBack ? { holdBack: options.holdBack } : {}),
    ...(options.timeZone === undefined ? {} : { timeZone: options.timeZone }),
  });
  const { agents, powerServices } = stack;

  return {
    ...world,
    ...stack,
    notices: stack.status,
    store,
    /** Telemetry took a sample of a node. */
    sampled: (nodeId: string) => sampled.emit({ nodeId }),
    agentsThere: fakes,
    requests,
    agent: fakes.agent(agentUrl),
    /** What was posted to the webhook. */
    alerts: () =>
      requests.flatMap(({ url, body, texts }) =>
        url === webhookUrl ? [{ ...(body as Record<string, unknown>), ...texts }] : [],
      ),
    shutdowns: () => requests.filter(({ url }) => url.endsWith('/shutdown')),
    setWebhook: () => {
      webhook = webhookUrl;
    },
    async start() {
      await fleet.start();
      await powerServices.start();
      agents.start();
    },
    /** A node that serves, without an agent: only a shutdown server. */
    async addServed(input: Partial<Parameters<typeof fleet.add>[0]> = {}) {
      const { id } = fleet.add({
        url: towerUrl,
        name: 'tower',
        shutdownUrl,
        shutdownSecret: 's3cret',
        ...input,
      });
      await clock.advance(1000);
      return id;
    },
    /** A node that serves, with an agent that is reached. */
    async addWithAgent() {
      const { id } = fleet.add({ url: towerUrl, name: 'tower', agentUrl, agentToken: 'right-token' });
      await clock.advance(1000);
      return id;
    },
    goOff() {
      world.server(towerUrl).answer = asleep();
    },
    async stop() {
      await powerServices.stop();
      await agents.stop();
      await world.stop();
    },
  };
}
