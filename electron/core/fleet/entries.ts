/** The nodes in memory: each with its watch, what was seen of it, and the view that was published last. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { isServing, type NodeRecord, type NodeView } from '../../../shared/models/fleet.ts';
import {
  agentTokenSecret,
  relayTokenSecret,
  secureOnSecret,
  shutdownSecret,
} from '../../../shared/models/secrets.ts';
import type { InferenceServer, SimulatedMachine } from '../ports.ts';
import { canWake } from '../power/destinations.ts';
import { reachedStep } from '../power/wake-plan.ts';
import { BOOTS_REMEMBERED, usualBootMs } from './boot.ts';
import type { FleetDependencies } from './dependencies.ts';
import { guardServer } from './guarded-server.ts';
import { DETAILS_EVERY_MS, hasUnknownModel, lookAt, readDetails, withDeadline } from './look.ts';
import { lookTimeoutMs, nextLookMs } from './pace.ts';
import { initialSight, type LookResult, nextSight } from './state.ts';
import { type NodeKnowledge, sameView, toNodeView } from './view.ts';
import { startWatch, type Watch } from './watch.ts';
import { describeChange } from './words.ts';

export interface Entry
  extends Omit<NodeKnowledge, 'url' | 'uses' | 'simulatedVramBytes' | 'canWake' | 'secrets'> {
  readonly simulated: SimulatedMachine | null;
  /** The server to look at; for this computer also one that has not answered yet. */
  server: InferenceServer | null;
  /** The same for others: its calls end when the machine goes off. */
  guarded: InferenceServer | null;
  /** Aborted when the machine goes off. */
  gone: AbortController;
  /** When version and installed models were read, monotonic; null for never. */
  detailsAt: number | null;
  detailsRead: Promise<void> | null;
  hardwareAt: number | null;
  uses: Map<symbol, string>;
  watch: Watch | null;
  /** Ends the look under way without a result. */
  interruptLook: (() => void) | null;
  view: NodeView;
}

export interface Entries {
  get(nodeId: string): Entry | null;
  all(): Entry[];
  create(record: NodeRecord, simulated: SimulatedMachine | null): Entry;
  drop(nodeId: string): void;
  replaceRecord(entry: Entry, record: NodeRecord): void;
  /** Makes the view anew, and tells when people would see a difference. */
  publish(entry: Entry): void;
  lookNow(entry: Entry): Promise<void>;
  readPins(): void;
  readBoot(entry: Entry): void;
  setTelemetry(read: (nodeId: string) => Pick<NodeKnowledge, 'gpus' | 'host'> | null): void;
  reschedule(): void;
  start(): void;
  /** Ends the looks that come by themselves, until `start`. */
  pause(): Promise<void>;
  stop(): Promise<void>;
}

export interface EntriesDependencies extends FleetDependencies {
  tell(node: NodeView | null, previous: NodeView | null): void;
}

/** A first answer waits this long for version and models, so that "serving" comes with what it can do. */
const DETAILS_WAIT_MS = 200;
const DETAILS_DEADLINE_MS = 10_000;
const DETAILS_RETRY_MS = 30_000;
/** First looks are spread by this much a node, so that a large fleet does not start in one burst. */
const FIRST_LOOK_SPREAD_MS = 8;

export function createEntries(dependencies: EntriesDependencies): Entries {
  const { clock, random, log, store, streams, settings, activity, tell, localServerUrl } = dependencies;
  const entries = new Map<string, Entry>();
  const pins = new Map<string, Set<string>>();
  const stopping = new AbortController();
  let telemetry: (nodeId: string) => Pick<NodeKnowledge, 'gpus' | 'host'> | null = () => null;
  let started = false;

  function connect(entry: Pick<Entry, 'record' | 'gone'>): Pick<Entry, 'server' | 'guarded'> {
    const { record } = entry;
    const url = record.url ?? (record.kind === 'this-computer' ? localServerUrl : null);
    const server = url === null ? null : dependencies.connectInferenceServer(url);
    return { server, guarded: server && guardServer(server, () => entry.gone.signal) };
  }

  function viewOf(entry: Omit<Entry, 'view'>): NodeView {
    const { record, simulated, server, sight } = entry;
    const answersOrSaved = record.url !== null || isServing(sight.state) || sight.state === 'trouble';
    return toNodeView(
      {
        ...entry,
        url: answersOrSaved ? (server?.url ?? null) : null,
        canWake: canWake(record),
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
    streams.fleet.set(view.id, view);
    const news = describeChange(previous, view, entry.sight.offReason);
    if (news) activity.record(news);
    tell(view, previous);
  }

  function see(entry: Entry, result: LookResult): void {
    const waking = entry.wake !== null && !isServing(entry.sight.state);
    const before = entry.sight;
    // A server that was only guessed to be on this computer and never answered is no trouble, it is not there.
    const guess = entry.record.url === null && !isServing(before.state) && before.state !== 'trouble';
    const known = guess && result.kind !== 'healthy' ? NOTHING_THERE : result;
    entry.sight = nextSight(before, known, { now: clock.now(), waking });
    if (known.kind === 'healthy') entry.loaded = known.loaded;
    if (entry.wake) entry.wake = reachedStep(entry.wake, entry.sight.state);
    if (entry.sight.state === 'off' && before.state !== 'off') {
      entry.gone.abort(
        new PilotlightError('HOST_UNREACHABLE', { message: `${entry.record.name} went off.` }),
      );
      entry.gone = new AbortController();
    }
  }

  async function look(entry: Entry, signal: AbortSignal): Promise<void> {
    const { server } = entry;
    if (server) {
      const waking = entry.wake !== null;
      const timeoutMs = lookTimeoutMs(entry.sight.state, settings.current().fleet.lookTimeoutMs, waking);
      const register = (interrupt: () => void) => {
        entry.interruptLook = interrupt;
      };
      const result = await lookAt(server, { clock, log, timeoutMs, register }, signal);
      entry.interruptLook = null;
      if (result === null || entry.server !== server || entries.get(entry.record.id) !== entry) return;
      if (result.kind === 'healthy' && wantsDetails(entry, result)) await detailsOrMoment(entry, server);
      if (entry.server !== server) return;
      see(entry, result);
    } else if (entry.sight.state === 'unknown') {
      see(entry, NOTHING_THERE);
    }
    readMachine(entry);
    publish(entry);
  }

  function wantsDetails(entry: Entry, { loaded }: { loaded: NodeKnowledge['loaded'] }): boolean {
    if (entry.detailsAt === null || !isServing(entry.sight.state)) return true;
    const age = clock.monotonic() - entry.detailsAt;
    if (age >= DETAILS_EVERY_MS) return true;
    return loaded !== entry.loaded && age >= 1000 && hasUnknownModel(loaded, entry.installed);
  }

  async function detailsOrMoment(entry: Entry, server: InferenceServer): Promise<void> {
    entry.detailsRead ??= withDeadline(clock, DETAILS_DEADLINE_MS, stopping.signal, (signal) =>
      readDetails(server, signal),
    )
      .then((details) => {
        if (entry.server !== server) return;
        entry.version = details.version;
        entry.installed = details.installed;
        // A tenth of chance, so that a large fleet is not asked in one burst again.
        entry.detailsAt = clock.monotonic() - random() * 0.1 * DETAILS_EVERY_MS;
        publish(entry);
      })
      .catch((error) => {
        if (stopping.signal.aborted) return;
        log.debug('The details of a node could not be read.', {
          nodeId: entry.record.id,
          error: String(error),
        });
        entry.detailsAt = clock.monotonic() - DETAILS_EVERY_MS + DETAILS_RETRY_MS;
      })
      .finally(() => {
        entry.detailsRead = null;
      });
    const read = entry.detailsRead;
    await new Promise<void>((resolve) => {
      const timer = clock.timer(DETAILS_WAIT_MS, resolve);
      void read.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  /** Readings of this computer come in the background: a tool that hangs holds up no look. */
  function readMachine(entry: Entry): void {
    if (entry.simulated) {
      const reading = isServing(entry.sight.state) ? telemetry(entry.record.id) : null;
      entry.gpus = reading?.gpus ?? null;
      entry.host = reading?.host ?? null;
    } else if (entry.record.kind === 'this-computer') {
      entry.host = dependencies.hardware.readHost();
      const age = entry.hardwareAt === null ? Number.POSITIVE_INFINITY : clock.monotonic() - entry.hardwareAt;
      if (age < (entry.gpus?.length ? HARDWARE_EVERY_MS : HARDWARE_RETRY_MS)) return;
      entry.hardwareAt = clock.monotonic();
      dependencies.hardware.readGpus(stopping.signal).then(
        (gpus) => {
          entry.gpus = gpus;
          publish(entry);
        },
        (error) => {
          if (!stopping.signal.aborted) log.debug('The GPUs could not be read.', { error: String(error) });
        },
      );
    }
  }

  function watch(entry: Entry): Watch {
    return startWatch({
      clock,
      random,
      look: (signal) =>
        look(entry, signal).catch((error) => {
          log.error('A look could not be finished.', { nodeId: entry.record.id, error: String(error) });
        }),
      nextLookMs: () =>
        nextLookMs(
          entry.sight,
          settings.current().fleet.lookIntervalMs,
          entry.wake && !isServing(entry.sight.state)
            ? { elapsedMs: clock.now() - entry.wake.startedAt, expectedMs: entry.wake.expectedMs }
            : null,
        ),
      firstDelayMs: random() * FIRST_LOOK_SPREAD_MS * entries.size,
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
    const draft: Omit<Entry, 'view'> = {
      record,
      simulated,
      server: null,
      guarded: null,
      gone: new AbortController(),
      sight: initialSight(clock.now()),
      version: null,
      loaded: [],
      installed: [],
      detailsAt: null,
      detailsRead: null,
      hardwareAt: null,
      gpus: null,
      host: null,
      wake: null,
      lastWakeError: null,
      boot: { usualMs: null, count: 0 },
      uses: new Map(),
      watch: null,
      interruptLook: null,
    };
    readBoot(draft);
    Object.assign(draft, connect(draft));
    const entry: Entry = Object.assign(draft, { view: viewOf(draft) });
    entries.set(record.id, entry);
    streams.fleet.set(record.id, entry.view);
    tell(entry.view, null);
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
  }

  function replaceRecord(entry: Entry, record: NodeRecord): void {
    const moved = record.url !== entry.record.url;
    entry.record = record;
    if (moved) {
      entry.gone.abort(
        new PilotlightError('HOST_UNREACHABLE', { message: `${record.name} has another address.` }),
      );
      Object.assign(entry, {
        gone: new AbortController(),
        sight: initialSight(clock.now()),
        version: null,
        loaded: [],
        installed: [],
        detailsAt: null,
      } satisfies Partial<Entry>);
      Object.assign(entry, connect(entry));
    }
    publish(entry);
    if (moved) void lookNow(entry);
  }

  function lookNow(entry: Entry): Promise<void> {
    return entry.watch?.lookNow() ?? look(entry, stopping.signal);
  }

  readPins();

  return {
    get: (nodeId) => entries.get(nodeId) ?? null,
    all: () => [...entries.values()],
    create,
    drop,
    replaceRecord,
    publish,
    lookNow,
    readPins,
    readBoot,
    setTelemetry(read) {
      telemetry = read;
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
const HARDWARE_EVERY_MS = 30_000;
/** Where no tool found a GPU, one may still come back after a resume, but not often. */
const HARDWARE_RETRY_MS = 600_000;
const NOTHING_THERE: LookResult = { kind: 'silent', reason: 'Nothing answers there.', trouble: null };
