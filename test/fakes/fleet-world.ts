/** Fleet and power as the core puts them together, on a clock and a network that a test holds in its hand. */
import type { FleetDependencies } from '../../electron/core/fleet/dependencies.ts';
import { createFleetService } from '../../electron/core/fleet/service.ts';
import type { AgentLink, AgentMachine } from '../../electron/core/ports/agents.ts';
import type { Http, NetworkInterface, Udp } from '../../electron/core/ports/network.ts';
import type { Exec } from '../../electron/core/ports/processes.ts';
import type { StartSimulatedFleet } from '../../electron/core/ports/simulated-fleet.ts';
import type { Clock, Random } from '../../electron/core/ports/time.ts';
import { createStreams } from '../../electron/core/runtime/streams.ts';
import { createWakeService } from '../../electron/core/wake/service.ts';
import type { NewActivityEntry } from '../../shared/models/activity.ts';
import type { NodeRecord, NodeView } from '../../shared/models/fleet.ts';
import type { ListingRecord } from '../../shared/models/placement.ts';
import { defaultPowerPolicy, type PowerPolicy } from '../../shared/models/power.ts';
import { defaultSettings, type Settings, settingsSchema } from '../../shared/models/settings.ts';
import type { GpuReading } from '../../shared/models/telemetry.ts';
import { noAgents } from './agents.ts';
import { createFakeClock, type FakeClock } from './clock.ts';
import { noStreams } from './http.ts';
import { createFakeInferenceServer, type FakeInferenceServer } from './inference-server.ts';
import { createMemorySecrets, type MemorySecrets } from './secrets.ts';
import { createFakeUdp, type FakeUdp } from './udp.ts';

export interface FleetWorldOptions<UsedClock extends Clock, UsedUdp extends Udp> {
  clock: UsedClock;
  udp: UsedUdp;
  records: NodeRecord[];
  secrets: MemorySecrets;
  pins: { nodeId: string; model: string }[];
  /** Saved by an earlier run. */
  listings: ListingRecord[];
  localServerUrl: string | null;
  gpus: GpuReading[];
  connect: FleetDependencies['connectInferenceServer'];
  agents: FleetDependencies['agents'];
  startSimulatedFleet: StartSimulatedFleet;
  random: Random;
  http: Http;
  exec: Exec;
  agentLink(nodeId: string): AgentLink | null;
  agentMachine(nodeId: string): Pick<AgentMachine, 'interfaces'> | null;
}

/** A world of fakes: a server for each address, `server(url)`, and time that stands still. */
export function createFakeFleetWorld(
  options: Partial<FleetWorldOptions<FakeClock, FakeUdp>> & { interfaces?: NetworkInterface[] } = {},
) {
  const servers = new Map<string, FakeInferenceServer>();
  const server = (url: string): FakeInferenceServer => {
    const known = servers.get(url) ?? createFakeInferenceServer(url);
    servers.set(url, known);
    return known;
  };
  const world = createFleetWorld({
    clock: createFakeClock(),
    udp: createFakeUdp(options.interfaces ? { interfaces: options.interfaces } : {}),
    connect: server,
    ...options,
  });
  return { ...world, server };
}

export function createFleetWorld<UsedClock extends Clock, UsedUdp extends Udp>(
  options: Partial<FleetWorldOptions<UsedClock, UsedUdp>> &
    Pick<FleetWorldOptions<UsedClock, UsedUdp>, 'clock' | 'udp' | 'connect'>,
) {
  const { clock, udp, connect, pins = [], gpus = [] } = options;
  const saved = new Map((options.records ?? []).map((record) => [record.id, record]));
  const bootTimes = new Map<string, number[]>();
  const listings = new Map((options.listings ?? []).map((listing) => [listing.nodeId, listing]));
  const activity: NewActivityEntry[] = [];
  const logged: { level: string; message: string; fields: unknown }[] = [];
  const views: NodeView[] = [];
  const say = (level: string) => (message: string, fields?: Record<string, unknown>) => {
    logged.push({ level, message, fields });
  };
  let settings = defaultSettings;
  const settingsListeners = new Set<(current: Settings, previous: Settings) => void>();
  let ids = 0;
  const common = {
    clock,
    log: { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') },
    settings: {
      current: () => settings,
      update(patch: { [Part in keyof Settings]?: object }) {
        const previous = settings;
        settings = settingsSchema.parse({
          ...settings,
          fleet: { ...settings.fleet, ...patch.fleet },
          power: { ...settings.power, ...patch.power },
          optimizer: { ...settings.optimizer, ...patch.optimizer },
        });
        for (const listener of settingsListeners) listener(settings, previous);
        return settings;
      },
      onChange(listener: (current: Settings, previous: Settings) => void) {
        settingsListeners.add(listener);
        return () => settingsListeners.delete(listener);
      },
    },
    activity: { record: (entry: NewActivityEntry) => void activity.push(entry) },
  };
  const streams = createStreams({ clock, epoch: 'run-1' });
  const secrets = options.secrets ?? createMemorySecrets();
  const fleet = createFleetService({
    ...common,
    random: options.random ?? (() => 0.5),
    ids: { next: (prefix) => `${prefix}_${++ids}` },
    secrets,
    streams,
    store: {
      nodes: {
        list: () => [...saved.values()],
        put: (record) => void saved.set(record.id, record),
        remove: (id) => void saved.delete(id),
      },
      bootTimes: {
        add: (nodeId, _at, durationMs) =>
          void bootTimes.set(nodeId, [durationMs, ...(bootTimes.get(nodeId) ?? [])]),
        recent: (nodeId, limit) => (bootTimes.get(nodeId) ?? []).slice(0, limit),
      },
      pins: { list: () => pins, set: () => {} },
      listings: {
        list: () => [...listings.values()],
        put: (listing) => void listings.set(listing.nodeId, listing),
      },
    },
    hardware: {
      readGpus: async () => gpus,
      readHost: () => ({ cpuPercent: 5, memoryTotalBytes: 16e9, memoryUsedBytes: 8e9 }),
    },
    agents: options.agents ?? noAgents,
    connectInferenceServer: connect,
    startSimulatedFleet:
      options.startSimulatedFleet ?? (() => Promise.reject(new Error('No simulated fleet in this test.'))),
    localServerUrl: options.localServerUrl ?? null,
  });
  fleet.onChange((node) => {
    if (node) views.push(node);
  });
  const policies = new Map<string, PowerPolicy>();
  const power = createWakeService({
    ...common,
    streams,
    udp,
    http: options.http ?? unexpected,
    exec: options.exec ?? unexpected,
    fleet,
    agentLink: options.agentLink ?? (() => null),
    agentMachine: options.agentMachine ?? (() => null),
    policies: { get: (nodeId) => policies.get(nodeId) ?? defaultPowerPolicy },
  });
  return {
    ...common,
    clock,
    udp,
    fleet,
    power,
    streams,
    secrets,
    saved,
    bootTimes,
    listings,
    setPolicy: (nodeId: string, policy: Partial<PowerPolicy>) =>
      void policies.set(nodeId, { ...defaultPowerPolicy, ...policy }),
    /** What was written down for people. */
    entries: activity,
    logged,
    /** Every view that was told, in order. */
    views,
    states: (nodeId: string) => [
      ...new Set(views.filter((view) => view.id === nodeId).map((view) => view.state)),
    ],
    async stop() {
      await power.stop();
      await fleet.stop();
    },
  };
}

/** A world where nobody is asked over HTTP and no program is run, unless the test says so. */
const unexpected: Http & Exec = {
  ...noStreams,
  request: ({ url }) => Promise.reject(new Error(`Nobody was to ask ${url}.`)),
  run: (command) => Promise.reject(new Error(`Nobody was to run ${command.join(' ')}.`)),
};
