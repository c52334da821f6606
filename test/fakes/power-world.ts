/** Leases, going off and alerts over a fleet of fakes: the real services, on a clock that a test holds in its hand. */

import { createSqliteStore } from '../../electron/adapters/state/sqlite-store.ts';
import { createAgentsService } from '../../electron/core/agents/service.ts';
import { createPolicies } from '../../electron/core/policies/policies.ts';
import type { ConnectAgent } from '../../electron/core/ports/agents.ts';
import type { Http, HttpRequest } from '../../electron/core/ports/network.ts';
import type { Store } from '../../electron/core/ports/state.ts';
import { createStatusService } from '../../electron/core/status/service.ts';
import { createEmitter } from '../../shared/emitter.ts';
import type { NodeRecord } from '../../shared/models/fleet.ts';
import { createFakeAgents, createFakeAnnouncementListener } from './agent-link.ts';
import type { FakeClock } from './clock.ts';
import { createFakeFleetWorld } from './fleet-world.ts';
import { noStreams } from './http.ts';
import { asleep } from './inference-server.ts';
import { createPowerServices } from './power-services.ts';
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
  const links: {
    agents: ReturnType<typeof createAgentsService> | null;
    services: ReturnType<typeof createPowerServices> | null;
  } = { agents: null, services: null };
  const world = createFakeFleetWorld({
    ...(options.clock ? { clock: options.clock } : {}),
    ...(options.connect ? { connect: options.connect } : {}),
    ...(options.records ? { records: options.records } : {}),
    ...(options.secrets ? { secrets: options.secrets } : {}),
    agents: {
      probe: (nodeId, signal) =>
        links.agents?.probe(nodeId, signal) ?? Promise.reject(new Error('Too early.')),
      reading: (nodeId) => links.agents?.reading(nodeId) ?? null,
      gpuFound: (nodeId) => links.agents?.gpuFound(nodeId) ?? null,
      takePaired: () => null,
      pairedToken: () => null,
      tokenChanged: (nodeId) => links.agents?.tokenChanged(nodeId),
      leave: (nodeId) => links.services?.leave(nodeId),
    },
  });
  const { clock, log, settings, fleet, streams, power } = world;
  const agents = createAgentsService({
    clock,
    random: () => 0.5,
    log,
    fleet,
    connectAgent: options.connectAgent ?? fakes.connectAgent,
    announcementListener: createFakeAnnouncementListener(),
    settings,
    activity: world.activity,
    panelName: () => 'Pilotlight on laptop',
  });
  links.agents = agents;
  let lastId = 0;
  let webhook: string | null = null;
  const notices = createStatusService({
    clock,
    streams,
    version: '1.0.0',
    secrets: world.secrets.protection,
  });
  const sampled = createEmitter<[{ nodeId: string }]>({ name: 'telemetry', log });
  const policies = createPolicies({ store: store.power, log });
  const services = createPowerServices({
    clock,
    random: () => 0.5,
    ids: { next: (prefix) => `${prefix}_${++lastId}` },
    log,
    http,
    store: store.power,
    secrets: world.secrets,
    notices: { add: notices.addNotice, remove: notices.removeNotice, onDismissed: notices.onDismissed },
    connectAgent: options.connectAgent ?? fakes.connectAgent,
    streams,
    settings: { ...settings, secret: () => webhook },
    activity: {
      record(entry) {
        world.activity.record(entry);
        return { why: '', nodeId: null, notify: false, ...entry, at: clock.now(), id: 1 };
      },
    },
    fleet,
    agents,
    telemetry: { reading: agents.reading, onSample: sampled.on },
    wakes: power,
    policies,
    holder: () => 'Pilotlight on laptop',
    interfaces: () => [],
    inFlight: options.inFlight ?? (() => 0),
    ...(options.timeZone === undefined ? {} : { timeZone: options.timeZone }),
  });
  links.services = services;
  const { leases, shutdown, power: powerServices } = services;

  return {
    ...world,
    store,
    agents,
    leases,
    shutdown,
    powerServices,
    policies,
    notices,
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
