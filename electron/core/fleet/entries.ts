/** The nodes in memory: each with its watch, what was seen of it, and the view that was published last. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { isServing, type NodeRecord, type NodeView } from '../../../shared/models/fleet.ts';
import type { LoadedModel } from '../../../shared/models/placement.ts';
import {
  agentTokenSecret,
  relayTokenSecret,
  secureOnSecret,
  shutdownSecret,
} from '../../../shared/models/secrets.ts';
import type { SimulatedMachine } from '../ports/simulation.ts';
import { BOOTS_REMEMBERED, usualBootMs } from './boot.ts';
import { describeChange } from './change-message.ts';
import type { FleetDependencies } from './dependencies.ts';
import { type Entry, newEntry, probedAgent, wakePace } from './entry.ts';
import { guardServer } from './guarded-server.ts';
import { initialObservation } from './node-state.ts';
import { nextProbeMs } from './pace.ts';
import type { ProbeTarget } from './probe.ts';
import { startWatch, type Watch } from './probe-loop.ts';
import { createProber } from './prober.ts';
import { type NodeKnowledge, sameView, toNodeView } from './view.ts';
import { canWake } from './wakeable.ts';

export interface Entries {
  get(nodeId: string): Entry | null;
  all(): Entry[];
  create(record: NodeRecord, simulated: SimulatedMachine | null): Entry;
  drop(nodeId: string): void;
  replaceRecord(entry: Entry, record: NodeRecord): void;
  /** Makes the view anew, and tells when people would see a difference. */
  publish(entry: Entry): void;
  probeNow(entry: Entry): Promise<void>;
  readPins(): void;
  readBoot(entry: Entry): void;
  setTelemetry(read: (nodeId: string) => Pick<NodeKnowledge, 'gpus' | 'host'> | null): void;
  /** Somebody looks at the panel: for two minutes nodes that are off are looked at each 5 seconds. */
  markActive(): void;
  reschedule(): void;
  start(): void;
  /** Ends the looks that come by themselves, until `start`. */
  pause(): Promise<void>;
  stop(): Promise<void>;
}

export interface EntriesDependencies extends FleetDependencies {
  tell(node: NodeView | null, previous: NodeView | null): void;
}

/** First looks are spread by this much a node, so that a large fleet does not start in one burst. */
const FIRST_PROBE_SPREAD_MS = 8;
const ACTIVE_FOR_MS = 120_000;

export function createEntries(dependencies: EntriesDependencies): Entries {
  const { clock, random, log, store, streams, settings, activity, tell, localServerUrl } = dependencies;
  const entries = new Map<string, Entry>();
  const pins = new Map<string, Set<string>>();
  const stopping = new AbortController();
  let telemetry: (nodeId: string) => Pick<NodeKnowledge, 'gpus' | 'host'> | null = () => null;
  let started = false;
  /** Until when the panel is believed to be looked at, monotonic. */
  let activeUntil = Number.NEGATIVE_INFINITY;

  const probe = createProber({
    ...dependencies,
    stopping: stopping.signal,
    isHere: (entry) => entries.get(entry.record.id) === entry,
    publish,
    simulated: (nodeId) => telemetry(nodeId),
  });

  function connect(entry: Pick<Entry, 'record' | 'gone'>): Pick<Entry, 'server' | 'guarded' | 'target'> {
    const { record } = entry;
    const url = record.url ?? (record.kind === 'this-computer' ? localServerUrl : null);
    const server = url === null ? null : dependencies.connectInferenceServer(url);
    const guarded = server && guardServer(server, () => entry.gone.signal);
    return {
      server,
      guarded,
      target: server ? { kind: 'server', url: server.url, loaded: server.loaded } : agentTarget(record),
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

  function viewOf(entry: Omit<Entry, 'view'>): NodeView {
    const { record, simulated, server, observation } = entry;
    const answersOrSaved =
      record.url !== null || isServing(observation.state) || observation.state === 'trouble';
    return toNodeView(
      {
        ...entry,
        url: answersOrSaved ? (server?.url ?? null) : null,
        canWake: canWake(record, hasAgent),
        secrets: secretsOf(record.id, simulated),
        simulatedVramBytes: simulated?.vramBytes ?? null,
        uses: [...entry.uses.values()],
      },
      {
        priorityModels: settings.current().optimizer.priorityModels,
        pinned: pins.get(record.id) ?? NO_PINS,
      },
    );
  }

  /** Those that the agent of a node could wake: whether it can may have changed. */
  function publishWokenBy(nodeId: string): void {
    for (const entry of entries.values()) {
      if (entry.record.wakeWays.some((way) => way.kind === 'agent' && way.nodeId === nodeId)) publish(entry);
    }
  }

  /** Whether a node has an agent that can be asked. */
  function hasAgent(nodeId: string): boolean {
    const entry = entries.get(nodeId);
    return (
      entry !== undefined &&
      entry.record.agentUrl !== null &&
      secretsOf(nodeId, entry.simulated).hasAgentToken
    );
  }

  function secretsOf(nodeId: string, simulated: SimulatedMachine | null): NodeKnowledge['secrets'] {
    const has = (name: string) => dependencies.secrets.get(name) !== null;
    return {
      hasSecureOn: has(secureOnSecret(nodeId)),
      hasAgentToken: simulated?.agent ? true : has(agentTokenSecret(nodeId)),
      hasRelayToken: has(relayTokenSecret(nodeId)),
      hasShutdownSecret: has(shutdownSecret(nodeId)),
    };
  }

  function publish(entry: Entry): void {
    if (entries.get(entry.record.id) !== entry) return;
    const previous = entry.view;
    const view = viewOf(entry);
    if (sameView(previous, view)) return;
    entry.view = view;
    // Whoever waits for a wake sees it at once.
    const soon = previous.wake !== null && previous.state !== view.state;
    streams.fleet.set(view.id, view, { soon });
    const news = entry.leaving ? null : describeChange(previous, view, entry.observation.offReason);
    if (news) activity.record(news);
    tell(view, previous);
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
          lookIntervalMs: settings.current().fleet.lookIntervalMs,
          wake: isServing(entry.observation.state) ? null : wakePace(entry, clock.now()),
          active: clock.monotonic() < activeUntil,
          sinceSeenMs:
            entry.observation.lastSeenAt === null ? null : clock.now() - entry.observation.lastSeenAt,
        }),
      firstDelayMs: random() * FIRST_PROBE_SPREAD_MS * entries.size,
    });
  }

  function readBoot(entry: Pick<Entry, 'record' | 'boot'>): void {
    const recent = store.bootTimes.recent(entry.record.id, BOOTS_REMEMBERED);
    entry.boot = { usualMs: usualBootMs(recent), count: recent.length };
  }

  function readPins(): void {
    pins.clear();
    for (const { nodeId, model } of store.pins.list()) {
      const models = pins.get(nodeId) ?? new Set();
      pins.set(nodeId, models.add(model));
    }
  }

  function create(record: NodeRecord, simulated: SimulatedMachine | null): Entry {
    const draft = newEntry(record, simulated, clock);
    readBoot(draft);
    Object.assign(draft, connect(draft));
    const entry: Entry = Object.assign(draft, { view: viewOf(draft) });
    entries.set(record.id, entry);
    streams.fleet.set(record.id, entry.view);
    tell(entry.view, null);
    publishWokenBy(record.id);
    if (started) entry.watch = watch(entry);
    return entry;
  }

  function drop(nodeId: string): void {
    const entry = entries.get(nodeId);
    if (!entry) return;
    entries.delete(nodeId);
    void entry.watch?.stop();
    entry.gone.abort(
      new PilotlightError('HOST_UNREACHABLE', { message: `${entry.record.name} was removed.` }),
    );
    streams.fleet.delete(nodeId);
    tell(null, entry.view);
    publishWokenBy(nodeId);
  }

  function replaceRecord(entry: Entry, record: NodeRecord): void {
    const moved = record.url !== entry.record.url || probedAgent(record) !== probedAgent(entry.record);
    entry.record = record;
    if (moved) {
      entry.gone.abort(
        new PilotlightError('HOST_UNREACHABLE', { message: `${record.name} has another address.` }),
      );
      Object.assign(entry, {
        gone: new AbortController(),
        observation: initialObservation(clock.now()),
        version: null,
        loaded: [],
        installed: [],
        detailsAt: null,
      } satisfies Partial<Entry>);
      Object.assign(entry, connect(entry));
    }
    publish(entry);
    publishWokenBy(record.id);
    if (moved) void probeNow(entry);
  }

  function probeNow(entry: Entry): Promise<void> {
    return entry.watch?.probeNow() ?? probe(entry, stopping.signal);
  }

  readPins();

  return {
    get: (nodeId) => entries.get(nodeId) ?? null,
    all: () => [...entries.values()],
    create,
    drop,
    replaceRecord,
    publish,
    probeNow,
    readPins,
    readBoot,
    setTelemetry(read) {
      telemetry = read;
    },
    markActive() {
      const active = clock.monotonic() < activeUntil;
      activeUntil = clock.monotonic() + ACTIVE_FOR_MS;
      // Coming and going again makes no more looks than staying.
      if (active) return;
      for (const entry of entries.values())
        if (entry.observation.state === 'off') void entry.watch?.probeNow();
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
      const watches = [...entries.values()].map((entry) => entry.watch);
      for (const entry of entries.values()) entry.watch = null;
      await Promise.all(watches.map((ending) => ending?.stop()));
    },
    async stop() {
      started = false;
      stopping.abort(new DOMException('The fleet is stopping.', 'AbortError'));
      await Promise.all([...entries.values()].map((entry) => entry.watch?.stop()));
    },
  };
}

const NO_PINS: ReadonlySet<string> = new Set();
/** The very same each time, so that nothing seems to change. */
const NO_MODELS: readonly LoadedModel[] = [];
