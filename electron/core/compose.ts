import type { Notice } from '../../shared/contract/streams.ts';
import { activityMethods } from './activity/methods.ts';
import { type ActivityService, createActivityService } from './activity/service.ts';
import { agentMethods } from './agents/methods.ts';
import type { AgentsService } from './agents/model.ts';
import { createAgentsService } from './agents/service.ts';
import { checkMethods } from './diagnosis/methods.ts';
import { type ChecksService, createChecksService } from './diagnosis/service.ts';
import { createAgentFacts } from './discovery/agent-facts.ts';
import { discoveryMethods } from './discovery/methods.ts';
import { createDiscoveryService, type DiscoveryService } from './discovery/service.ts';
import { createPowerHistory } from './energy/power-history.ts';
import { fleetMethods } from './fleet/methods.ts';
import { DEFAULT_LOCAL_SERVER, readOllamaHost } from './fleet/ollama-host.ts';
import { createFleetService, type FleetService } from './fleet/service.ts';
import { indexingMethods } from './indexing/methods.ts';
import { createIndexingService, type IndexingService } from './indexing/service.ts';
import { optimizerMethods, placementMethods } from './placement/methods.ts';
import { createOptimizer, type Optimizer } from './placement/optimizer.ts';
import { createPins } from './placement/pins.ts';
import { createPlacementService, type PlacementService } from './placement/service.ts';
import { createPolicies } from './policies/policies.ts';
import type { Ports } from './ports/all.ts';
import type { Handlers } from './runtime/handlers.ts';
import { createStreams, type Streams } from './runtime/streams.ts';
import { settingsMethods } from './settings/methods.ts';
import { createSettingsService, type SettingsService } from './settings/service.ts';
import { keepingMethods } from './shutdown/methods.ts';
import { createKeeping, type KeepingService } from './shutdown/service.ts';
import { createKeptStore, UNSAVED_NOTICE, unsavedNotice } from './state/kept-store.ts';
import { createStatusService, type StatusService, statusMethods } from './status/service.ts';
import { telemetryMethods } from './telemetry/methods.ts';
import { createTelemetryService, type TelemetryService } from './telemetry/service.ts';
import { createTransferService } from './transfer/service.ts';
import { powerMethods } from './wake/methods.ts';
import { createPowerService, type PowerService } from './wake/service.ts';

export interface CoreOptions {
  version: string;
  /** The value of OLLAMA_HOST, or null: a loopback one is looked at, any other is only offered. */
  ollamaHost: string | null;
  /** What went wrong before the core was there, such as a database that was kept aside. */
  notices?: readonly Problem[];
  /** Under which other panels see the leases of this one, where no name is set. Default: `this computer`. */
  computerName?: string;
  /** Takes up the index jobs that were not finished. Default true; a program that only asks something does not. */
  resumeJobs?: boolean;
}

export interface CoreServices {
  activity: ActivityService;
  settings: SettingsService;
  status: StatusService;
  fleet: FleetService;
  agents: AgentsService;
  power: PowerService;
  keeping: KeepingService;
  placement: PlacementService;
  optimizer: Optimizer;
  telemetry: TelemetryService;
  indexing: IndexingService;
  discovery: DiscoveryService;
  checks: ChecksService;
}

/** What went wrong without a person asking for anything, such as a file that was damaged. */
export interface Problem extends Notice {
  /** The machine that it concerns. */
  nodeId?: string | null;
}

export interface Core {
  /** One handler for each method of the contract. */
  handlers: Handlers;
  streams: Streams;
  services: CoreServices;
  /** Shows a notice, writes it down, and notifies the people who asked for that. */
  report(problem: Problem): void;
  /** Starts the loops and takes up unfinished jobs; resolves before the first look at any node. */
  start(): Promise<void>;
  /** The computer goes to sleep: looks, moves and samples stop until `resume`. Does nothing when paused already. */
  pause(): Promise<void>;
  /** Goes on where `pause` stopped, with a look at every node at once. */
  resume(): void;
  /** Aborts the loops, lets jobs stop where they can go on later, then closes the store. Idempotent. */
  stop(): Promise<void>;
}

/** Puts the core together out of its ports. Nothing runs until `start`. */
export function createCore({ ports, options }: { ports: Ports; options: CoreOptions }): Core {
  const { clock, random, ids, log, http, udp, hardware, folders, secrets, vectors } = ports;
  const streams = createStreams({ clock, epoch: ids.next('epoch'), log });
  const ollama = readOllamaHost(options.ollamaHost ?? undefined);

  const status = createStatusService({
    clock,
    streams,
    version: options.version,
    secrets: secrets.protection,
  });
  const store = createKeptStore({
    store: ports.store,
    clock,
    log,
    onTrouble: (error) => status.addNotice(unsavedNotice(error)),
    onSaved: () => status.removeNotice(UNSAVED_NOTICE),
  });
  const settings = createSettingsService({ store, secrets, streams, log });
  const activity = createActivityService({ clock, store, streams, log });
  const fleet = createFleetService({
    clock,
    random,
    ids,
    log,
    store,
    secrets,
    streams,
    settings,
    activity,
    hardware,
    connectInferenceServer: ports.connectInferenceServer,
    startSimulatedFleet: ports.startSimulatedFleet,
    // They follow the fleet, and it asks them: neither calls the other before both are there.
    agents: {
      probe: (nodeId, signal) => agents.probe(nodeId, signal),
      reading: (nodeId) => agents.reading(nodeId),
      gpuFound: (nodeId) => agents.gpuFound(nodeId),
      takePaired: (url) => agents.takePaired(url),
      pairedToken: (url) => agents.pairedToken(url),
      tokenChanged: (nodeId) => agents.tokenChanged(nodeId),
      leave: (nodeId) => keeping.leave(nodeId),
    },
    localServerUrl: ollama?.kind === 'loopback' ? ollama.url : DEFAULT_LOCAL_SERVER,
  });
  const policies = createPolicies({ store: store.power, log });
  const power = createPowerService({
    clock,
    log,
    streams,
    udp,
    http,
    exec: ports.exec,
    settings,
    activity,
    fleet,
    policies,
    agentLink: (nodeId) => agents.link(nodeId),
    agentMachine: (nodeId) => agents.machine(nodeId),
  });
  const holder = () =>
    settings.current().power.holder || `Pilotlight on ${options.computerName ?? 'this computer'}`;
  const agents = createAgentsService({
    clock,
    random,
    log,
    fleet,
    connectAgent: ports.connectAgent,
    helloListener: ports.helloListener,
    settings,
    activity,
    panelName: holder,
  });
  const telemetry = createTelemetryService({
    clock,
    random,
    log,
    hardware,
    store,
    streams,
    fleet,
    simulated: (nodeId) => (fleet.simulatedMachine(nodeId) ? fleet.simulation.telemetry(nodeId) : null),
    agents,
  });
  const placement = createPlacementService({
    clock,
    log,
    store,
    streams,
    settings,
    activity,
    fleet,
    pins: createPins({ store }),
    readGpus: telemetry.readGpus,
    reading: telemetry.reading,
  });
  const optimizer = createOptimizer({
    clock,
    random,
    log,
    http,
    streams,
    settings,
    activity,
    fleet,
    placement,
  });
  const keeping = createKeeping({
    clock,
    random,
    ids,
    log,
    http,
    store: store.power,
    secrets,
    streams,
    settings,
    activity,
    notices: { add: status.addNotice, remove: status.removeNotice, onDismissed: status.onDismissed },
    connectAgent: ports.connectAgent,
    fleet,
    agents,
    telemetry,
    wakes: power,
    policies,
    holder,
    interfaces: udp.interfaces,
    inFlight: (node) => node.loaded.reduce((sum, model) => sum + placement.inFlight(node.id, model.name), 0),
  });
  const indexing = createIndexingService({
    clock,
    random,
    ids,
    log,
    store,
    vectors,
    folders,
    http,
    fleet,
    leases: keeping.ledger,
    power,
    placement,
    telemetry,
    settings,
    activity,
    streams,
  });

  const discovery = createDiscoveryService({
    clock,
    log,
    http,
    udp,
    surroundings: ports.surroundings,
    streams,
    fleet,
    agentMachine: createAgentFacts({
      connectAgent: ports.connectAgent,
      pairedToken: agents.pairedToken,
      fleet,
    }),
  });

  const checks = createChecksService({
    clock,
    log,
    http,
    udp,
    surroundings: ports.surroundings,
    streams,
    fleet,
    connectAgent: ports.connectAgent,
    connectInferenceServer: ports.connectInferenceServer,
    power,
    hardware: ports.hardware,
    powersOff: { off: keeping.off, cancel: keeping.cancelOff },
    powerOf: keeping.get,
    lastMachine: agents.machine,
  });

  const history = createPowerHistory({
    clock,
    log,
    store: store.power,
    fleet,
    policies,
    telemetry,
  });

  const transfer = createTransferService({
    clock,
    ids,
    folders,
    store,
    secrets,
    policies,
    settings,
    fleet,
    indexing,
    activity,
  });

  function report({ nodeId, ...notice }: Problem): void {
    status.addNotice(notice);
    activity.record({
      kind: 'system',
      severity: 'warning',
      message: notice.message,
      why: notice.next,
      nodeId: nodeId ?? null,
      notify: true,
    });
  }
  for (const notice of options.notices ?? []) report(notice);
  if (settings.notice) report(settings.notice);
  if (ollama?.kind === 'offer') status.setOffers([{ url: ollama.url, source: ollama.source }]);
  status.setSimulated(settings.current().fleet.simulated);
  settings.onChange((next) => status.setSimulated(next.fleet.simulated));
  // An offer that became a node is no offer any more.
  fleet.onChange((node) => {
    const offers = status.current().offers;
    const left = offers.filter((offer) => offer.url !== node?.url);
    if (left.length < offers.length) status.setOffers(left);
  });

  let stopping: Promise<void> | null = null;
  let paused: Promise<void> | null = null;

  return {
    streams,
    report,
    services: {
      activity,
      settings,
      status,
      fleet,
      agents,
      power,
      keeping,
      placement,
      optimizer,
      telemetry,
      indexing,
      discovery,
      checks,
    },
    handlers: {
      ...statusMethods({ status }),
      ...fleetMethods({ service: fleet }),
      ...agentMethods({ agents }),
      ...powerMethods({ service: power, history }),
      ...keepingMethods({ keeping }),
      ...placementMethods({ placement }),
      ...optimizerMethods({ optimizer, placement }),
      ...indexingMethods({ indexing }),
      ...telemetryMethods({ telemetry }),
      ...discoveryMethods({ discovery }),
      ...checkMethods({ checks }),
      ...activityMethods({ activity }),
      ...settingsMethods({ settings, transfer }),
    },
    async start() {
      placement.start();
      history.start();
      await fleet.start();
      keeping.start();
      // After those who listen to what they reach.
      agents.start();
      telemetry.start();
      optimizer.start();
      indexing.start({ resume: options.resumeJobs ?? true });
    },
    async pause() {
      if (stopping) return;
      discovery.cancel();
      power.pause();
      history.pause();
      paused ??= Promise.all([
        optimizer.pause(),
        telemetry.stop(),
        keeping.pause(),
        agents.pause(),
        fleet.pause(),
      ]).then(() => {});
      await paused;
    },
    resume() {
      if (!paused || stopping) return;
      const ended = paused;
      paused = null;
      // A resume may come before the last run has heard of the pause.
      void ended.then(() => {
        if (paused || stopping) return;
        fleet.resume();
        power.resume();
        history.resume();
        agents.resume();
        keeping.resume();
        telemetry.start();
        optimizer.resume();
      });
    },
    stop() {
      stopping ??= (async () => {
        const results: PromiseSettledResult<unknown>[] = [];
        const settle = async (step: () => unknown) => {
          results.push(...(await Promise.allSettled([Promise.resolve().then(step)])));
        };
        await settle(() => discovery.stop());
        await settle(() => checks.stop());
        await settle(() => indexing.stop());
        await settle(() => optimizer.stop());
        await settle(() => power.stop());
        await settle(() => keeping.stop());
        await settle(() => telemetry.stop());
        await settle(() => placement.stop());
        await settle(() => agents.stop());
        await settle(() => fleet.stop());
        await settle(() => history.stop());
        await settle(() => vectors.close());
        await settle(() => store.close());
        for (const result of results) {
          if (result.status === 'rejected')
            log.error('A part did not stop cleanly.', { error: String(result.reason) });
        }
      })();
      return stopping;
    },
  };
}
