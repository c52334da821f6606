import { moveIndexToken, withIndexKey } from './access/index-token.ts';
import { createAccessService } from './access/service.ts';
import { createInFlight } from './acquire/in-flight.ts';
import { createAcquireService } from './acquire/service.ts';
import { createActivityService } from './activity/service.ts';
import { createAgentInstallService } from './agent-updates/install.ts';
import { createAgentUpdatesService } from './agent-updates/service.ts';
import { agentsForFleet } from './agents/for-fleet.ts';
import { createAgentsService } from './agents/service.ts';
import type { Core, CoreOptions, CoreServices, Problem } from './core.ts';
import { createPowerHistory } from './energy/power-history.ts';
import { DEFAULT_LOCAL_SERVER, readOllamaHost } from './fleet/ollama-host.ts';
import { createFleetService } from './fleet/service.ts';
import { createImmichService } from './immich/service.ts';
import { createIndexingService } from './indexing/service.ts';
import { createInspection } from './inspection.ts';
import { createLeasesService } from './leases/service.ts';
import { createLibraryService } from './library/service.ts';
import { createHandlers } from './methods.ts';
import { createNotificationsService } from './notifications/service.ts';
import { createOtherPrograms } from './other-programs.ts';
import { createOptimizer } from './placement/optimizer.ts';
import { createPins } from './placement/pins.ts';
import { createPlacementService } from './placement/service.ts';
import { createPolicies } from './policies/policies.ts';
import { createShutdownBy } from './policies/shutdown-by.ts';
import type { Ports } from './ports/all.ts';
import { closedPanelNetwork } from './ports/panel-network.ts';
import { createQueuedWork } from './queued-work.ts';
import { createRemoteIndexService } from './remote-index/service.ts';
import { createRunnersService } from './runner/service.ts';
import { RUNNER_NODE, speechNode } from './runner/speech-node.ts';
import { createLifecycle } from './runtime/lifecycle.ts';
import { createStreams } from './runtime/streams.ts';
import { createSettingsService } from './settings/service.ts';
import { createShutdownService } from './shutdown/service.ts';
import { createKeptStore, UNSAVED_NOTICE, unsavedNotice } from './state/kept-store.ts';
import { createStatusService } from './status/service.ts';
import { syncStatus } from './status/sync.ts';
import { createTelemetryService } from './telemetry/service.ts';
import { createTransferService } from './transfer/service.ts';
import { createUpdatesService } from './updates/service.ts';
import { createWakeService } from './wake/service.ts';
import { createWakeAttribution } from './wake/wake-attribution.ts';

export type { Core, CoreOptions, Problem } from './core.ts';

/** Builds the core from its ports. Nothing runs until `start`. */
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
  const activity = createActivityService({ clock, store, streams, log });
  const access = createAccessService({ clock, ids, log, store, streams, activity });
  moveIndexToken({ secrets, access, activity, log });
  const settings = createSettingsService({ store, secrets: withIndexKey(secrets, access), streams, log });
  access.onKnownChange(settings.secretsChanged);
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
    holdConnection: ports.holdConnection,
    startSimulatedFleet: ports.startSimulatedFleet,
    agents: agentsForFleet(
      () => agents,
      (nodeId) => {
        leases.leave(nodeId);
        shutdown.agentLeft(nodeId);
      },
    ),
    localServerUrl: ollama?.kind === 'loopback' ? ollama.url : DEFAULT_LOCAL_SERVER,
  });
  const policies = createPolicies({ store: store.power, log });
  const wake = createWakeService({
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
    ...{ clock, random, log, fleet },
    connectAgent: ports.connectAgent,
    announcementListener: ports.announcementListener,
    settings,
    activity,
    panelName: holder,
  });
  const telemetry = createTelemetryService({
    ...{ clock, random, log, hardware, store, streams, fleet },
    simulated: (nodeId) => (fleet.simulatedMachine(nodeId) ? fleet.simulation.telemetry(nodeId) : null),
    agents,
  });
  const inFlight = createInFlight({ clock, onUse: (nodeId, model) => leases.used(nodeId, model) });
  const placement = createPlacementService({
    clock,
    log,
    store,
    streams,
    settings,
    activity,
    fleet,
    pins: createPins({ store }),
    inFlight,
    readGpus: telemetry.readGpus,
    reading: telemetry.reading,
    usedByOthers: (nodeId) => leases.usedByOthers(nodeId),
    requests: () => requests.list({ limit: 1500 }),
    // The gateway is created later; nothing moves before it exists.
    holdBack: (nodeId, models) => gateway.holdBack(nodeId, models),
  });
  const optimizer = createOptimizer({
    ...{ clock, random, log, http, streams, settings, activity, fleet, placement },
  });
  const shutdownBy = createShutdownBy({ fleet, agents });
  const attribution = createWakeAttribution({ clock, log, store: store.power, fleet, wakes: wake });
  const leases = createLeasesService({
    clock,
    random,
    ids,
    log,
    store: store.power,
    secrets,
    settings,
    activity,
    notices: { add: status.addNotice, remove: status.removeNotice, onDismissed: status.onDismissed },
    connectAgent: ports.connectAgent,
    fleet,
    agents,
    policies,
    shutdownBy,
    attribution,
    wakes: wake,
    holder,
    isInUse: (nodeId, model) => inFlight.count(nodeId, model) > 0,
    interfaces: udp.interfaces,
  });
  const shutdown = createShutdownService({
    clock,
    random,
    log,
    http,
    streams,
    settings,
    activity,
    fleet,
    agents,
    telemetry,
    wakes: wake,
    policies,
    shutdownBy,
    leases,
    attribution,
    holder,
    inFlight: (node) => inFlight.onNode(node.id),
    holdBack: (nodeId, models) => gateway.holdBack(nodeId, models),
    drain: inFlight.drainNode,
  });
  const acquire = createAcquireService({
    ...{ clock, log, fleet, leases: leases.ledger, wakes: wake, placement, inFlight },
  });
  const library = createLibraryService({
    ...{ clock, streams, activity, fleet, leases: leases.ledger, wakes: wake, placement },
  });
  const { gateway, requests } = createOtherPrograms({
    clock,
    log,
    store,
    streams,
    settings,
    fleet,
    telemetry,
    access,
    inFlight,
    ...{ leases: leases.ledger, acquire, activity },
    silent: placement.observeRequests,
    loaded: placement.observeLoad,
    own: { id: RUNNER_NODE, node: () => speechNode(runners.tracked()) },
    link: options.gateway?.link ?? null,
    port: options.gateway?.port ?? null,
  });
  const runners = createRunnersService({
    ...ports,
    ...{ store, streams, settings, activity, fleet, agents, inFlight },
    leases: leases.ledger,
    wakes: wake,
  });
  runners.fleet.onChange(gateway.follow);
  const immich = createImmichService({
    ...{ clock, log, streams, settings, activity, runners, fleet, agents, inFlight },
    ...{ wakes: wake, leases: leases.ledger, interfaces: udp.interfaces, openDoor: ports.openImmichDoor },
  });
  const indexing = createIndexingService({
    ...{ clock, random, ids, log, store, secrets, vectors, folders, http },
    ...{ fleet, acquire, runners, telemetry, settings, activity, streams },
    ingestedText: (name) => tasks.ingestedText(name),
  });
  const remoteIndexes = createRemoteIndexService({
    ...{ clock, random, ids, log, http, store, secrets, streams, activity, fleet },
    ...{ leases: leases.ledger, wakes: wake },
  });
  const { tasks, storage } = createQueuedWork({
    ...{ ports, store, streams, settings, activity, fleet },
    ...{ agents, indexing, telemetry, wake, leases, status, access, gateway, runners },
  });

  const { discovery, checks } = createInspection({
    ...{ ports, streams, fleet, agents, wake, shutdown, telemetry },
  });

  const agentUpdates = createAgentUpdatesService({
    ...{ clock, log, streams, activity, fleet, agents, panelName: holder },
    leases: leases.ledger.list,
    onLeaseChange: leases.ledger.onChange,
    isWaking: (nodeId) => wake.progress(nodeId) !== null,
    releases: ports.agentReleases,
  });

  const history = createPowerHistory({ clock, log, store: store.power, fleet, policies, telemetry });
  const notifications = createNotificationsService({
    ...{ clock, settings, activity, fleet, sendNotices: ports.sendNotices },
  });
  const transfer = createTransferService({
    ...{ clock, ids, folders, store, secrets, policies, settings, fleet, indexing, activity },
  });

  const updates = createUpdatesService({
    ...{ clock, random, log, streams, settings, activity },
    ...{ version: options.version, updates: ports.updates },
  });

  function report({ nodeId = null, ...notice }: Problem): void {
    status.addNotice(notice);
    const { message, next: why } = notice;
    activity.record({ kind: 'system', severity: 'warning', message, why, nodeId, notify: true });
  }
  for (const notice of options.notices ?? []) report(notice);
  if (settings.notice) report(settings.notice);
  syncStatus({ status, settings, fleet, ollama });

  const { panelNetwork = closedPanelNetwork } = options;
  const agentInstall = createAgentInstallService({ ports, access, settings, network: panelNetwork });
  const handled = {
    ...{ agentUpdates, library, history, notifications, transfer, updates, storage, clock, panelNetwork },
  };
  const lifecycle = createLifecycle(
    {
      store: { stop: store.close },
      access: { stop: access.stop },
      vectors: { stop: vectors.close },
      history,
      fleet,
      agents,
      placement,
      telemetry,
      attribution,
      leases,
      shutdown,
      wake,
      optimizer,
      acquire,
      library: { stop: library.stop },
      gateway: { stop: gateway.stop },
      runners,
      immich,
      requests: { start: requests.start, stop: requests.stop },
      notifications: { stop: notifications.stop },
      indexing: {
        start: () => indexing.start({ resume: options.resumeJobs ?? true }),
        stop: indexing.stop,
      },
      remoteIndexes: {
        start: () => remoteIndexes.start({ resume: options.resumeJobs ?? true }),
        stop: remoteIndexes.stop,
      },
      tasks: options.resumeJobs === false ? { stop: tasks.stop } : tasks,
      storage: options.resumeJobs === false ? {} : storage,
      updates: options.resumeJobs === false ? { stop: updates.stop } : updates,
      checks,
      discovery: { pause: discovery.cancel, stop: discovery.stop },
      agentUpdates: { stop: agentUpdates.stop },
    },
    log,
  );
  const services: CoreServices = {
    access,
    activity,
    settings,
    status,
    fleet,
    agents,
    agentInstall,
    wake,
    leases,
    shutdown,
    placement,
    acquire,
    inFlight,
    gateway,
    immich,
    runners,
    requests,
    optimizer,
    telemetry,
    indexing,
    remoteIndexes,
    tasks,
    discovery,
    checks,
  };

  return {
    streams,
    report,
    services,
    handlers: createHandlers({ ...services, ...handled }),
    ...lifecycle,
  };
}
