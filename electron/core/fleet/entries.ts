/** The nodes in memory, each with its probe loop, its observation and its last published view. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { isServing, type NodeRecord, type NodeView, type Trouble } from '../../../shared/models/fleet.ts';
import { fact } from '../../../shared/models/message.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import type { SimulatedMachine } from '../ports/simulated-fleet.ts';
import { describeChange } from './change-message.ts';
import type { FleetDependencies } from './dependencies.ts';
import { type Entry, newEntry, probedAgent, type Waking, wakePace } from './entry.ts';
import { describeGpuChange } from './gpu-change.ts';
import { isUnconfirmed } from './gpu-state.ts';
import { guardServer } from './guarded-server.ts';
import { createListings } from './listings.ts';
import { initialObservation } from './node-state.ts';
import { nextProbeMs } from './pace.ts';
import { NO_MODELS, type ProbeTarget, serverTarget } from './probe.ts';
import { startWatch, type Watch } from './probe-loop.ts';
import { createProber } from './prober.ts';
import { type ConnectionLoss, initialServerProcess, withLostConnection } from './server-process.ts';
import { createServerWatch } from './server-watch.ts';
import { sameView } from './view.ts';
import { createViews } from './views.ts';
import { createWakingNodes } from './waking.ts';

export interface Entries {
  get(nodeId: string): Entry | null;
  all(): Entry[];
  create(record: NodeRecord, simulated: SimulatedMachine | null): Entry;
  drop(nodeId: string): void;
  replaceRecord(entry: Entry, record: NodeRecord): void;
  /** Rebuilds the view, and notifies listeners if it has changed. */
  publish(entry: Entry): void;
  probeNow(entry: Entry): Promise<void>;
  /** Somebody waits for a change of the node, until disposed: it is probed more often. */
  waitFor(entry: Entry): Disposable;
  readPins(): void;
  setModelfileLayers(digest: string, layers: number): void;
  beginWaking(entry: Entry, waking: Waking): void;
  endWaking(entry: Entry, error?: Trouble | null): void;
  /** Sets how the GPUs of simulated machines are read. */
  setSimulated(read: (nodeId: string) => { gpus: readonly GpuReading[] } | null): void;
  /** Somebody is using the panel: nodes that are off are probed every 5 seconds for two minutes. */
  markActive(): void;
  reschedule(): void;
  start(): void;
  /** Suspends regular probes until `start`. */
  pause(): Promise<void>;
  stop(): Promise<void>;
}

export interface EntriesDependencies extends FleetDependencies {
  notify(node: NodeView | null, previous: NodeView | null): void;
  /** Its server was restarted while the node stayed up. Called before the change of the node. */
  restarted(nodeId: string): void;
}

/** First probes are spread out by this much per node, so that a large fleet does not start in one burst. */
const FIRST_PROBE_SPREAD_MS = 8;
const ACTIVE_FOR_MS = 120_000;

export function createEntries(dependencies: EntriesDependencies): Entries {
  const { clock, random, log, store, streams, settings, activity, notify, localServerUrl } = dependencies;
  const entries = new Map<string, Entry>();
  const stopping = new AbortController();
  let simulated: Parameters<Entries['setSimulated']>[0] = () => null;
  let started = false;
  /** Until when the panel counts as in use, monotonic. */
  let activeUntil = Number.NEGATIVE_INFINITY;

  const views = createViews({ ...dependencies, find: (nodeId) => entries.get(nodeId) });
  const waking = createWakingNodes({ clock, log, store, publish });
  const listings = createListings({ clock, log, store });
  const serverWatch = createServerWatch({
    clock,
    hold: dependencies.holdConnection,
    onRefused: (entry) => lostConnection(entry, 'refused'),
  });
  const probe = createProber({
    ...dependencies,
    stopping: stopping.signal,
    isCurrent: (entry) => entries.get(entry.record.id) === entry,
    publish,
    learnBoot: waking.learnBoot,
    simulated: (nodeId) => simulated(nodeId),
    restarted: (entry) => dependencies.restarted(entry.record.id),
    listed(entry) {
      const { record, server, installed, cloudModels } = entry;
      if (entry.simulated === null && server)
        listings.save(record.id, server.url, [...installed, ...cloudModels]);
    },
    cardsRead({ record, cards, simulated: machine }) {
      if (machine === null && record.agentUrl !== null && cards !== null)
        listings.saveCards(record.id, record.agentUrl, cards);
    },
  });

  /** The server may have been restarted. A machine that is off has no server to restart. */
  function lostConnection(entry: Entry, loss: ConnectionLoss): void {
    if (entries.get(entry.record.id) !== entry) return;
    const { state } = entry.observation;
    if (!isServing(state) && state !== 'trouble') return;
    entry.process = withLostConnection(entry.process, loss);
    void entry.watch?.probeNow();
  }

  function connect(entry: Omit<Entry, 'view'>): Pick<Entry, 'server' | 'guarded' | 'target'> {
    const { record } = entry;
    const url = record.url ?? (record.kind === 'this-computer' ? localServerUrl : null);
    const server = url === null ? null : dependencies.connectInferenceServer(url);
    return {
      server,
      guarded:
        server &&
        guardServer(server, {
          unreachable: () => entry.unreachable.signal,
          // Found again by its id, because the entry may not be complete yet.
          onLost(loss) {
            const known = entries.get(record.id);
            if (known?.server === server) lostConnection(known, loss);
          },
          onUnload: (model) => void entry.unloaded.add(model),
        }),
      target: server ? serverTarget(server) : agentTarget(record),
    };
  }

  function agentTarget(record: NodeRecord): ProbeTarget | null {
    const url = probedAgent(record);
    if (url === null) return null;
    return {
      kind: 'agent',
      url,
      async loaded(signal) {
        await dependencies.agents.probe(record.id, signal);
        return NO_MODELS;
      },
    };
  }

  /** Publishes the nodes that this node's agent wakes, because whether it can may have changed. */
  function publishWokenBy(nodeId: string): void {
    for (const entry of entries.values()) {
      if (entry.record.wakeWays.some((way) => way.kind === 'agent' && way.nodeId === nodeId)) publish(entry);
    }
  }

  function publish(entry: Entry): void {
    if (entries.get(entry.record.id) !== entry) return;
    const previous = entry.view;
    const view = views.of(entry);
    if (started) serverWatch.follow(entry);
    if (sameView(previous, view)) {
      // Only the time has changed: kept for the next read, without notifying anybody.
      if (previous.lastSeenAt !== view.lastSeenAt) entry.view = { ...previous, lastSeenAt: view.lastSeenAt };
      return;
    }
    entry.view = view;
    // Somebody may be watching the wake.
    const soon = entry.waking !== null && previous.state !== view.state;
    streams.fleet.set(view.id, view, { soon });
    const news = entry.shuttingDown ? null : describeChange(previous, view, entry.observation.offReason);
    if (news) activity.record(news);
    const gpuNews = describeGpuChange(previous, view);
    if (gpuNews) activity.record(gpuNews);
    notify(view, previous);
  }

  function watch(entry: Entry): Watch {
    return startWatch({
      clock,
      random,
      probe: (signal) =>
        probe(entry, signal).catch((error) => {
          log.error('A probe could not be finished.', { nodeId: entry.record.id, error: String(error) });
        }),
      nextProbeMs: () =>
        nextProbeMs(entry.observation, {
          probeIntervalMs: settings.current().fleet.lookIntervalMs,
          wake: isServing(entry.observation.state) ? null : wakePace(entry, clock.now()),
          active: clock.monotonic() < activeUntil,
          waitedFor: entry.waiting > 0 || isUnconfirmed(entry.observation.gpu),
          sinceSeenMs:
            entry.observation.lastSeenAt === null ? null : clock.now() - entry.observation.lastSeenAt,
        }),
      firstDelayMs: random() * FIRST_PROBE_SPREAD_MS * entries.size,
    });
  }

  const lastListed = ({ record, server }: Omit<Entry, 'view'>) => listings.of(record.id, server?.url ?? null);

  function create(record: NodeRecord, machine: SimulatedMachine | null): Entry {
    const draft = newEntry(record, machine, clock);
    waking.readBoot(draft);
    Object.assign(draft, connect(draft));
    Object.assign(draft, lastListed(draft));
    if (record.kind === 'remote') draft.cards = listings.cardsOf(record.id, record.agentUrl);
    const entry: Entry = Object.assign(draft, { view: views.of(draft) });
    entries.set(record.id, entry);
    streams.fleet.set(record.id, entry.view);
    notify(entry.view, null);
    publishWokenBy(record.id);
    if (started) entry.watch = watch(entry);
    return entry;
  }

  function drop(nodeId: string): void {
    const entry = entries.get(nodeId);
    if (!entry) return;
    entries.delete(nodeId);
    listings.forget(nodeId);
    serverWatch.end(entry);
    void entry.watch?.stop();
    entry.unreachable.abort(
      new PilotlightError('HOST_UNREACHABLE', { message: fact('NODE_REMOVED', { node: entry.record.name }) }),
    );
    streams.fleet.delete(nodeId);
    notify(null, entry.view);
    publishWokenBy(nodeId);
  }

  function replaceRecord(entry: Entry, record: NodeRecord): void {
    const moved = record.url !== entry.record.url || probedAgent(record) !== probedAgent(entry.record);
    if (record.agentUrl !== entry.record.agentUrl) Object.assign(entry, { cards: null, seesNoGpu: false });
    entry.record = record;
    if (moved) {
      entry.unreachable.abort(
        new PilotlightError('HOST_UNREACHABLE', {
          message: fact('NODE_HAS_NEW_ADDRESS', { node: record.name }),
        }),
      );
      Object.assign(entry, {
        unreachable: new AbortController(),
        observation: initialObservation(clock.now()),
        version: null,
        process: initialServerProcess,
        loaded: [],
        installed: [],
        detailsAt: null,
      } satisfies Partial<Entry>);
      Object.assign(entry, connect(entry));
      Object.assign(entry, lastListed(entry));
    }
    publish(entry);
    publishWokenBy(record.id);
    if (moved) void probeNow(entry);
  }

  function probeNow(entry: Entry): Promise<void> {
    return entry.watch?.probeNow() ?? probe(entry, stopping.signal);
  }

  return {
    get: (nodeId) => entries.get(nodeId) ?? null,
    all: () => [...entries.values()],
    create,
    drop,
    replaceRecord,
    publish,
    probeNow,
    waitFor(entry) {
      entry.waiting += 1;
      if (entry.waiting === 1) entry.watch?.reschedule();
      let ended = false;
      return {
        [Symbol.dispose]() {
          if (!ended) entry.waiting -= 1;
          ended = true;
        },
      };
    },
    readPins: views.readPins,
    setModelfileLayers: views.setModelfileLayers,
    beginWaking: waking.begin,
    endWaking: waking.end,
    setSimulated(read) {
      simulated = read;
    },
    markActive() {
      const wasActive = clock.monotonic() < activeUntil;
      activeUntil = clock.monotonic() + ACTIVE_FOR_MS;
      // Leaving and returning causes no more probes than staying.
      if (wasActive) return;
      for (const entry of entries.values()) {
        if (entry.observation.state === 'off') void entry.watch?.probeNow();
      }
    },
    reschedule() {
      for (const entry of entries.values()) entry.watch?.reschedule();
    },
    start() {
      started = true;
      for (const entry of entries.values()) entry.watch ??= watch(entry);
    },
    async pause() {
      started = false;
      serverWatch.stop();
      const watches = [...entries.values()].map((entry) => entry.watch);
      for (const entry of entries.values()) entry.watch = null;
      await Promise.all(watches.map((ending) => ending?.stop()));
    },
    async stop() {
      started = false;
      stopping.abort(new DOMException('The fleet is stopping.', 'AbortError'));
      serverWatch.stop();
      await Promise.all([...entries.values()].map((entry) => entry.watch?.stop()));
    },
  };
}
