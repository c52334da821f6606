/** The registry of nodes and what is seen of them. Nobody waits for a node that does not answer. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import { createEmitter } from '../../../shared/emitter.ts';
import {
  isServing,
  type NodeRecord,
  type NodeView,
  type Trouble,
  type WakeProgress,
} from '../../../shared/models/fleet.ts';
import {
  agentTokenSecret,
  relayTokenSecret,
  secureOnSecret,
  shutdownSecret,
} from '../../../shared/models/secrets.ts';
import type { InferenceServer } from '../ports/inference.ts';
import type { SimulatedMachine } from '../ports/simulation.ts';
import { reachedStep } from '../wake/wake-plan.ts';
import type { FleetDependencies } from './dependencies.ts';
import { createEntries } from './entries.ts';
import type { Entry } from './entry.ts';
import { beginWaking, endWaking, withGpuVerdict } from './node-state.ts';
import {
  changedRecord,
  type NodeInput,
  type NodePatch,
  newRecord,
  nodeSecrets,
  refuseDuplicate,
  THIS_COMPUTER_ID,
  thisComputerRecord,
  writtenSecrets,
} from './records.ts';
import { createSimulation, type Simulation } from './simulation.ts';
import { refuseUnknownRelays, sameServerKey } from './validate.ts';
import { type NodeListener, waitForNode } from './wait-for.ts';

export type { NodeListener } from './wait-for.ts';

export interface FleetService {
  list(): NodeView[];
  get(nodeId: string): NodeView | null;
  /** Throws NOT_FOUND. */
  require(nodeId: string): NodeView;
  record(nodeId: string): NodeRecord | null;
  /** The SecureOn password, for the packet that is sent and nothing else; null for none. */
  secureOn(nodeId: string): string | null;
  /** The token of its agent, of its existing relay, the secret of its shutdown server; null for none. */
  agentToken(nodeId: string): string | null;
  relayToken(nodeId: string): string | null;
  shutdownSecret(nodeId: string): string | null;
  /** What is saved of each node, with the address in use; simulated ones too. */
  records(): { record: NodeRecord; url: string | null }[];
  /** Called before records are saved for `adopt`: agents that they no longer name are left. Throws DISK_FULL. */
  beforeAdopt(records: readonly NodeRecord[]): void;
  /** Takes over records that somebody else has saved already: new ones are added, known ones replaced. */
  adopt(records: readonly NodeRecord[]): void;
  /** Throws BAD_URL, BAD_MAC, BAD_DESTINATION or ALREADY_EXISTS, with `details.field`. */
  add(input: NodeInput): NodeView;
  update(nodeId: string, patch: NodePatch): NodeView;
  remove(nodeId: string): void;
  /** Looks at one node, or at all, now; resolves when every look is done. */
  probe(nodeId?: string): Promise<NodeView[]>;
  /** Something changed there: looks at once, waits for nothing. */
  probeSoon(nodeId: string): void;
  /** Whether its last probe got a valid answer: a node that missed one is still shown in its previous state. */
  answered(nodeId: string): boolean;
  /** Somebody looks at the panel: for two minutes nodes that are off are looked at each 5 seconds. */
  markActive(): void;
  /** The node's server, or null when it has none. Its calls end with HOST_UNREACHABLE when the node goes off. */
  server(nodeId: string): InferenceServer | null;
  /** Called after every change of a view; null for "not there" (added, removed). */
  onChange(listener: NodeListener): () => void;
  /** The first view that fits, now or later. Rejects with NOT_FOUND when the node is removed. */
  waitFor(nodeId: string, predicate: (node: NodeView) => boolean, signal: AbortSignal): Promise<NodeView>;
  /** Placement knows better than a look whether the GPU is really used. */
  markGpu(nodeId: string, verdict: 'verified' | 'not-checked'): void;
  /** Says why the node is needed, until disposed. */
  use(nodeId: string, reason: string): Disposable;
  /** For power: it was told to go off, which tells of that itself. */
  setLeaving(nodeId: string, leaving: boolean): void;
  /** Pins or priorities changed: the views are made anew. */
  refresh(nodeId?: string): void;
  /** For power: what the wake under way has reached; null when it ended, with why if it did not end well. */
  setWake(nodeId: string, wake: WakeProgress | null, error?: Trouble | null): void;
  learnBoot(nodeId: string, durationMs: number): void;
  simulatedMachine(nodeId: string): SimulatedMachine | null;
  readonly simulation: Simulation;
  simulate(on: boolean): Promise<NodeView[]>;
  /** Resolves at once; the first looks run in the background. */
  start(): Promise<void>;
  /** No looks by themselves until `resume`; what is known stays. */
  pause(): Promise<void>;
  /** Looks at every node at once, and goes on. */
  resume(): void;
  stop(): Promise<void>;
}

export function createFleetService(dependencies: FleetDependencies): FleetService {
  const { clock, ids, log, store, secrets, settings } = dependencies;
  const changed = createEmitter<Parameters<NodeListener>>({ name: 'fleet', log });
  const entries = createEntries({ ...dependencies, tell: changed.emit });
  const simulation = createSimulation({ ...dependencies, entries });
  let stopListening = () => {};

  function find(nodeId: string): Entry {
    const entry = entries.get(nodeId);
    if (!entry)
      throw new PilotlightError('NOT_FOUND', { message: 'There is no such node.', details: { nodeId } });
    return entry;
  }

  function load(): void {
    const saved = store.nodes.list().filter((record) => record.kind !== 'simulated');
    if (!saved.some((record) => record.id === THIS_COMPUTER_ID)) {
      const record = thisComputerRecord(clock.now());
      saved.unshift(record);
      try {
        store.nodes.put(record);
      } catch (error) {
        log.error('This computer could not be saved as a node.', { error: String(error) });
      }
    }
    for (const record of saved) entries.create(record, null);
  }

  function addresses(except: string | null) {
    return entries
      .all()
      .filter((entry) => entry.record.id !== except)
      .map((entry) => ({ id: entry.record.id, name: entry.record.name, url: entry.server?.url ?? null }));
  }

  /** All or nothing: secrets that were changed are put back when the rest cannot be saved. */
  function withSecrets(changes: Readonly<Record<string, string | null>>, write: () => void): void {
    const names = Object.keys(changes);
    const before = Object.fromEntries(names.map((name) => [name, secrets.get(name)]));
    if (names.length > 0) secrets.change(changes);
    try {
      write();
    } catch (error) {
      if (names.length > 0) secrets.change(before);
      throw error;
    }
  }

  /** With the token of an agent that was paired a moment ago, where none was written. */
  function secretsFrom(record: NodeRecord, input: NodeInput | NodePatch): Record<string, string | null> {
    const written = writtenSecrets(record.id, input);
    const name = agentTokenSecret(record.id);
    if (record.agentUrl === null || typeof written[name] === 'string' || !input.agentUrl) return written;
    const paired = dependencies.agents.pairedToken(record.agentUrl);
    return paired === null ? written : { ...written, [name]: paired };
  }

  /** Only now: a pairing code is used up, so its token must outlive a save that failed. */
  function tokenSaved({ id, agentUrl }: NodeRecord, changes: Record<string, string | null>): void {
    if (agentUrl !== null && typeof changes[agentTokenSecret(id)] === 'string')
      dependencies.agents.takePaired(agentUrl);
  }

  /** `token` is null where it is removed, undefined where it stays or is another one of the same agent. */
  function leaveAgent(entry: Entry, next: NodeRecord | null, token?: null): void {
    const { record } = entry;
    if (entry.simulated || record.agentUrl === null) return;
    const agentUrl = next?.agentUrl ?? null;
    const stays =
      token !== null && agentUrl !== null && sameServerKey(agentUrl) === sameServerKey(record.agentUrl);
    if (!stays) dependencies.agents.leave(record.id);
  }

  load();

  return {
    list: () => entries.all().map((entry) => entry.view),
    get: (nodeId) => entries.get(nodeId)?.view ?? null,
    require: (nodeId) => find(nodeId).view,
    record: (nodeId) => entries.get(nodeId)?.record ?? null,
    secureOn: (nodeId) => secrets.get(secureOnSecret(nodeId)),
    agentToken: (nodeId) =>
      entries.get(nodeId)?.simulated?.agent?.token ?? secrets.get(agentTokenSecret(nodeId)),
    relayToken: (nodeId) => secrets.get(relayTokenSecret(nodeId)),
    shutdownSecret: (nodeId) => secrets.get(shutdownSecret(nodeId)),
    records: () => entries.all().map(({ record, server }) => ({ record, url: server?.url ?? null })),

    beforeAdopt(records) {
      for (const record of records) {
        const entry = entries.get(record.id);
        if (entry) leaveAgent(entry, record);
      }
    },

    adopt(records) {
      for (const record of records) {
        const entry = entries.get(record.id);
        if (entry) entries.replaceRecord(entry, record);
        else entries.create(record, null);
      }
    },

    add(input) {
      const record = newRecord(input, { id: ids.next('node'), now: clock.now() });
      if (record.url !== null) refuseDuplicate(record.url, addresses(null));
      refuseUnknownRelays(record, (id) => entries.get(id) !== null);
      const changes = secretsFrom(record, input);
      withSecrets(changes, () => store.nodes.put(record));
      tokenSaved(record, changes);
      return entries.create(record, null).view;
    },

    update(nodeId, patch) {
      const entry = find(nodeId);
      if (entry.simulated && patch.url !== undefined && patch.url !== entry.record.url) {
        throw new PilotlightError('BAD_URL', {
          message: 'A simulated machine keeps its address.',
          next: 'Add another node for another address.',
          details: { field: 'url' },
        });
      }
      const record = changedRecord(entry.record, patch);
      const changes = secretsFrom(record, patch);
      if (entry.simulated && Object.values(changes).some((value) => value !== null)) {
        throw new PilotlightError('BAD_REQUEST', {
          message: 'A simulated machine has no passwords or tokens of its own.',
          next: 'Leave them empty.',
          details: { field: 'secureOn' },
        });
      }
      if (record.url !== null && record.url !== entry.record.url)
        refuseDuplicate(record.url, addresses(nodeId));
      if (patch.wakeWays !== undefined) refuseUnknownRelays(record, (id) => entries.get(id) !== null);
      leaveAgent(entry, record, changes[agentTokenSecret(nodeId)] === null ? null : undefined);
      if (!entry.simulated) withSecrets(changes, () => store.nodes.put(record));
      tokenSaved(record, changes);
      entries.replaceRecord(entry, record);
      if (Object.hasOwn(changes, agentTokenSecret(nodeId))) dependencies.agents.tokenChanged(nodeId);
      return entry.view;
    },

    remove(nodeId) {
      const entry = find(nodeId);
      if (nodeId === THIS_COMPUTER_ID) {
        throw new PilotlightError('BAD_REQUEST', {
          message: 'This computer is always in the list.',
          next: 'Nothing to do.',
          details: { field: 'nodeId' },
        });
      }
      leaveAgent(entry, null);
      if (!entry.simulated) {
        const none = Object.fromEntries(nodeSecrets(nodeId).map((name) => [name, null]));
        withSecrets(none, () => store.nodes.remove(nodeId));
      }
      entries.drop(nodeId);
    },

    async probe(nodeId) {
      const wanted = nodeId === undefined ? entries.all() : [find(nodeId)];
      await Promise.all(wanted.map((entry) => entries.probeNow(entry)));
      return wanted.filter((entry) => entries.get(entry.record.id) === entry).map((entry) => entry.view);
    },

    probeSoon(nodeId) {
      const entry = entries.get(nodeId);
      if (entry) void entries.probeNow(entry);
    },

    answered(nodeId) {
      const observation = entries.get(nodeId)?.observation;
      return observation !== undefined && isServing(observation.state) && observation.misses === 0;
    },

    markActive: entries.markActive,

    server: (nodeId) => entries.get(nodeId)?.guarded ?? null,

    onChange: changed.on,

    waitFor(nodeId, predicate, signal) {
      const view = entries.get(nodeId)?.view ?? null;
      return waitForNode({ view, onChange: changed.on }, predicate, signal);
    },

    markGpu(nodeId, verdict) {
      const entry = entries.get(nodeId);
      if (!entry) return;
      entry.observation = withGpuVerdict(entry.observation, verdict, clock.now());
      if (entry.wake) entry.wake = reachedStep(entry.wake, entry.observation.state);
      entries.publish(entry);
    },

    use(nodeId, reason) {
      const key = Symbol(reason);
      const entry = entries.get(nodeId);
      if (entry) {
        entry.uses.set(key, reason);
        entries.publish(entry);
      }
      return {
        [Symbol.dispose]() {
          if (entry?.uses.delete(key)) entries.publish(entry);
        },
      };
    },

    setLeaving(nodeId, leaving) {
      const entry = entries.get(nodeId);
      if (entry) entry.leaving = leaving;
    },

    refresh(nodeId) {
      entries.readPins();
      for (const entry of entries.all()) {
        if (nodeId === undefined || entry.record.id === nodeId) entries.publish(entry);
      }
    },

    setWake(nodeId, wake, error) {
      const entry = entries.get(nodeId);
      if (!entry) return;
      const now = clock.now();
      const begins = wake !== null && entry.wake?.startedAt !== wake.startedAt;
      entry.wake = wake;
      if (begins) {
        entry.observation = beginWaking(entry.observation, now);
        entry.lastWakeError = null;
      }
      if (wake === null) entry.observation = endWaking(entry.observation, now);
      if (error !== undefined) entry.lastWakeError = error;
      entries.publish(entry);
      // A look at a silent host can take seconds; from now on looks are short.
      if (begins) entry.interruptProbe?.();
      else if (wake === null && !isServing(entry.observation.state)) entry.watch?.reschedule();
    },

    learnBoot(nodeId, durationMs) {
      const entry = entries.get(nodeId);
      if (!entry) return;
      try {
        store.bootTimes.add(nodeId, clock.now(), Math.round(durationMs));
      } catch (error) {
        log.warn('A boot time could not be saved.', { nodeId, error: String(error) });
      }
      entries.readBoot(entry);
      entries.publish(entry);
    },

    simulatedMachine: (nodeId) => entries.get(nodeId)?.simulated ?? null,
    simulation,
    async simulate(on) {
      await simulation.set(on);
      try {
        settings.update({ fleet: { simulated: on } });
      } catch (error) {
        // What cannot be saved is not done: the next start would not know of it.
        await simulation.set(settings.current().fleet.simulated);
        throw error;
      }
      return entries.all().map((entry) => entry.view);
    },

    async start() {
      stopListening = settings.onChange((current, previous) => {
        if (current.fleet.lookIntervalMs !== previous.fleet.lookIntervalMs) entries.reschedule();
        if (current.optimizer.priorityModels !== previous.optimizer.priorityModels) this.refresh();
        if (current.fleet.simulated !== previous.fleet.simulated) simulation.setSoon(current.fleet.simulated);
      });
      entries.start();
      if (settings.current().fleet.simulated) simulation.setSoon(true);
    },

    pause: entries.pause,
    resume: entries.start,

    async stop() {
      stopListening();
      await entries.stop();
      await simulation.stop();
    },
  };
}
