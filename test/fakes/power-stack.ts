/** The services of power over a fleet of a test, put together as the core does it. */
import { createAgentsService } from '../../electron/core/agents/service.ts';
import type { FleetDependencies } from '../../electron/core/fleet/dependencies.ts';
import { createPolicies } from '../../electron/core/policies/policies.ts';
import type { Store } from '../../electron/core/ports/state.ts';
import { createStatusService } from '../../electron/core/status/service.ts';
import { createFakeAnnouncementListener } from './agent-link.ts';
import type { createFleetWorld } from './fleet-world.ts';
import { createPowerServices, type PowerServicesDependencies } from './power-services.ts';

type Agents = ReturnType<typeof createAgentsService>;
type PowerServices = ReturnType<typeof createPowerServices>;

/** What a fleet asks of its agents, before the agents exist: they need the fleet themselves. */
export function createAgentLinks() {
  const links: { agents: Agents | null; services: PowerServices | null } = { agents: null, services: null };
  const port: FleetDependencies['agents'] = {
    probe: (nodeId, signal) =>
      links.agents?.probe(nodeId, signal) ?? Promise.reject(new Error('The agents are not linked yet.')),
    reading: (nodeId) => links.agents?.reading(nodeId) ?? null,
    gpuFound: (nodeId) => links.agents?.gpuFound(nodeId) ?? null,
    gpuTools: (nodeId) => links.agents?.gpuTools(nodeId) ?? { kind: 'unknown' },
    serverReport: (nodeId) => links.agents?.serverReport(nodeId) ?? null,
    mayRestartOllama: (nodeId) => links.agents?.mayRestartOllama(nodeId) ?? false,
    takePaired: () => null,
    pairedToken: () => null,
    tokenChanged: (nodeId) => links.agents?.tokenChanged(nodeId),
    leave: (nodeId) => links.services?.leave(nodeId),
  };
  return { port, links };
}

type Given = Pick<PowerServicesDependencies, 'clock' | 'random' | 'ids' | 'http' | 'connectAgent' | 'wakes'> &
  Partial<Pick<PowerServicesDependencies, 'interfaces' | 'inFlight' | 'holdBack' | 'timeZone' | 'telemetry'>>;

export interface PowerStackOptions extends Given {
  world: Pick<
    ReturnType<typeof createFleetWorld>,
    'clock' | 'log' | 'fleet' | 'streams' | 'settings' | 'activity' | 'secrets'
  >;
  links: ReturnType<typeof createAgentLinks>['links'];
  store: Store;
  /** What the leases of this panel are known as. */
  holder: string;
  /** Address that alerts are posted to. Default: none. */
  webhook?: () => string | null;
}

export function createPowerStack(options: PowerStackOptions) {
  const { world, links, store, holder, webhook = () => null, ...given } = options;
  const { clock, random, connectAgent } = given;
  const { log, fleet, streams, settings, activity, secrets } = world;
  const agents = createAgentsService({
    clock: world.clock,
    random,
    log,
    fleet,
    connectAgent,
    announcementListener: createFakeAnnouncementListener(),
    settings,
    activity,
    panelName: () => holder,
  });
  links.agents = agents;
  const status = createStatusService({
    clock: world.clock,
    streams,
    version: '1.0.0',
    secrets: secrets.protection,
  });
  const policies = createPolicies({ store: store.power, log });
  const services = createPowerServices({
    telemetry: { reading: agents.reading, onSample: () => () => {} },
    interfaces: () => [],
    inFlight: () => 0,
    ...given,
    log,
    store: store.power,
    secrets,
    notices: { add: status.addNotice, remove: status.removeNotice, onDismissed: status.onDismissed },
    streams,
    settings: { ...settings, secret: webhook },
    activity: {
      record(entry) {
        activity.record(entry);
        return { why: '', nodeId: null, notify: false, ...entry, at: clock.now(), id: 1 };
      },
    },
    fleet,
    agents,
    policies,
    holder: () => holder,
  });
  links.services = services;
  const { leases, shutdown, power } = services;
  return { agents, status, policies, leases, shutdown, powerServices: power };
}
