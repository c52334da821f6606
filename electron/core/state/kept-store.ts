/**
 * The store that services use. A person's change is saved or fails. An event that has already happened (a finished job or
 * lease, a move, an activity entry) cannot fail: if it cannot be saved, it is held here, merged into reads, and saved
 * later.
 */

import { isPilotlightError } from '../../../shared/contract/errors.ts';
import type { Notice } from '../../../shared/contract/streams.ts';
import type { CredentialRecord } from '../../../shared/models/access.ts';
import type { ActivityEntry } from '../../../shared/models/activity.ts';
import type { IndexJob } from '../../../shared/models/indexing.ts';
import { errorMessage, fact } from '../../../shared/models/message.ts';
import type { NodeState } from '../../../shared/models/node-state.ts';
import type { MoveRecord } from '../../../shared/models/placement.ts';
import type { LeaseRecord } from '../../../shared/models/power.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/state.ts';
import type { Clock } from '../ports/time.ts';
import { createUnsaved, type Unsaved } from './unsaved.ts';

export interface KeptStore extends Store {
  /** Writes waiting to be saved. */
  readonly unsaved: Pick<Unsaved, 'size' | 'flush'>;
}

export interface KeptStoreDependencies {
  store: Store;
  clock: Pick<Clock, 'timer'>;
  log: Log;
  onTrouble(error: unknown): void;
  onSaved(): void;
}

/** Id of the notice that is shown while something is unsaved. */
export const UNSAVED_NOTICE = 'unsaved';

export function unsavedNotice(error: unknown): Notice {
  const isKnown = isPilotlightError(error);
  return {
    id: UNSAVED_NOTICE,
    code: isKnown ? error.code : 'INTERNAL',
    message: fact('EVENTS_NOT_SAVED', { reason: isKnown ? errorMessage(error) : null }),
    next: fact('EVENTS_ARE_KEPT'),
  };
}

export function createKeptStore({ store, ...world }: KeptStoreDependencies): KeptStore {
  const unsaved = createUnsaved(world);
  const power = keptPower();
  let lastKey = 0;
  let isInTransaction = false;

  /** Runs the statements of one write in a transaction. */
  function whole<Result>(write: () => Result): Result {
    return isInTransaction ? write() : store.transaction(write);
  }

  function save(key: string, write: () => unknown, onDone: () => unknown, isRecord = false): void {
    unsaved.save({ key, write: () => void whole(write), onDone: () => void onDone(), isRecord });
  }

  const nextKey = (kind: string) => `${kind} ${++lastKey}`;

  /** Entries that the store numbers consecutively. Unsaved ones already have the number they will get. */
  function numbered<Entry extends { id: number }>(kind: string, newest: () => number | undefined) {
    const held = new Map<number, Entry>();
    let lastHeld = 0;
    return {
      /** Newest first. */
      held: () => [...held.values()].reverse(),
      append(write: () => Entry, entryOf: (id: number) => Entry): Entry {
        if (unsaved.size === 0) {
          try {
            return whole(write);
          } catch {
            // Held below and retried.
          }
        }
        lastHeld = (held.size > 0 ? lastHeld : (newest() ?? 0)) + 1;
        const entry = entryOf(lastHeld);
        held.set(entry.id, entry);
        save(nextKey(kind), write, () => held.delete(entry.id), true);
        return entry;
      },
    };
  }

  const activity = numbered<ActivityEntry>('activity', () => store.activity.list({ limit: 1 })[0]?.id);
  const moves = numbered<MoveRecord>('move', () => store.moves.list(1)[0]?.id);
  const endedJobs = new Map<string, IndexJob>();
  const boots: { nodeId: string; durationMs: number }[] = [];

  function keptPower(): Store['power'] {
    const leases = new Map<string, LeaseRecord>();
    let states: { nodeId: string; at: number; state: NodeState }[] = [];
    const woken = new Map<string, ReturnType<Store['power']['woken']>>();
    const overlay = (saved: readonly LeaseRecord[], isWanted: (lease: LeaseRecord) => boolean) =>
      [...saved.filter((lease) => !leases.has(lease.id)), ...[...leases.values()].filter(isWanted)].sort(
        (a, b) => a.createdAt - b.createdAt,
      );
    return {
      ...store.power,
      putLease(lease) {
        if (lease.kind === 'person' && lease.endedAt === null) {
          whole(() => store.power.putLease(lease));
          return;
        }
        leases.set(lease.id, lease);
        save(
          `lease ${lease.id}`,
          () => store.power.putLease(lease),
          () => {
            if (leases.get(lease.id) === lease) leases.delete(lease.id);
          },
        );
      },
      openLeases: () => overlay(store.power.openLeases(), (lease) => lease.endedAt === null),
      leases: (nodeId, from, to) =>
        overlay(
          store.power.leases(nodeId, from, to),
          (lease) =>
            lease.nodeId === nodeId &&
            lease.createdAt < to &&
            (lease.endedAt === null || lease.endedAt > from),
        ),
      appendState(nodeId, at, state) {
        const change = { nodeId, at, state };
        states.push(change);
        save(
          nextKey('state'),
          () => store.power.appendState(nodeId, at, state),
          () => {
            states = states.filter((other) => other !== change);
          },
          true,
        );
      },
      states(nodeId, from, to) {
        const held = states.filter((change) => change.nodeId === nodeId && change.at < to);
        const saved = store.power.states(nodeId, from, to);
        if (held.length === 0) return saved;
        const all = [...saved, ...held.map(({ at, state }) => ({ at, state }))].sort((a, b) => a.at - b.at);
        return [...all.filter(({ at }) => at < from).slice(-1), ...all.filter(({ at }) => at >= from)];
      },
      woken: (nodeId) => (woken.has(nodeId) ? (woken.get(nodeId) ?? null) : store.power.woken(nodeId)),
      setWoken(nodeId, value) {
        woken.set(nodeId, value);
        save(
          `woken ${nodeId}`,
          () => store.power.setWoken(nodeId, value),
          () => {
            if (woken.get(nodeId) === value) woken.delete(nodeId);
          },
        );
      },
      remove: (nodeId) =>
        save(
          `power of ${nodeId}`,
          () => store.power.remove(nodeId),
          () => {},
        ),
    };
  }

  /** A new key is saved or fails. A revocation cannot fail, and neither can the use of the panel on a full disk. */
  function keptCredentials(): Store['credentials'] {
    const held = new Map<string, CredentialRecord>();
    return {
      list: () => [...store.credentials.list().filter(({ id }) => !held.has(id)), ...held.values()],
      put(credential) {
        if (credential.kind !== 'session' && credential.revokedAt === null) {
          whole(() => store.credentials.put(credential));
          return;
        }
        held.set(credential.id, credential);
        save(
          `credential ${credential.id}`,
          () => store.credentials.put(credential),
          () => {
            if (held.get(credential.id) === credential) held.delete(credential.id);
          },
        );
      },
      remove: (id) => whole(() => store.credentials.remove(id)),
    };
  }

  return {
    unsaved,
    settings: store.settings,
    pins: store.pins,
    listings: {
      list: store.listings.list,
      put: (listing) =>
        save(
          `listing ${listing.nodeId}`,
          () => store.listings.put(listing),
          () => {},
        ),
    },
    runners: {
      list: store.runners.list,
      put: (record) =>
        save(
          `runner ${record.nodeId}`,
          () => store.runners.put(record),
          () => {},
        ),
      remove: (nodeId) =>
        save(
          `runner ${nodeId}`,
          () => store.runners.remove(nodeId),
          () => {},
        ),
    },
    sources: store.sources,
    remoteIndexes: store.remoteIndexes,
    power,
    credentials: keptCredentials(),
    nodes: { ...store.nodes, remove: (id) => whole(() => store.nodes.remove(id)) },
    history: {
      ...store.history,
      remove: (nodeId) =>
        save(
          `history of ${nodeId}`,
          () => store.history.remove(nodeId),
          () => {},
        ),
    },
    requestHistory: store.requestHistory,
    queueHistory: store.queueHistory,
    tasks: store.tasks,
    histories: store.histories,
    bootTimes: {
      add(nodeId, at, durationMs) {
        const boot = { nodeId, durationMs };
        boots.unshift(boot);
        save(
          nextKey('boot'),
          () => store.bootTimes.add(nodeId, at, durationMs),
          () => boots.splice(boots.indexOf(boot), 1),
          true,
        );
      },
      recent: (nodeId, limit) =>
        [
          ...boots.filter((boot) => boot.nodeId === nodeId).map((boot) => boot.durationMs),
          ...store.bootTimes.recent(nodeId, limit),
        ].slice(0, limit),
    },
    activity: {
      append: (entry) =>
        activity.append(
          () => store.activity.append(entry),
          (id) => ({
            ...entry,
            id,
            why: entry.why ?? null,
            nodeId: entry.nodeId ?? null,
            notify: entry.notify ?? false,
          }),
        ),
      list(query) {
        const { before = Number.POSITIVE_INFINITY, limit, kinds } = query;
        const held = activity
          .held()
          .filter((entry) => entry.id < before && (kinds === undefined || kinds.includes(entry.kind)));
        return [...held, ...store.activity.list(query)].slice(0, limit);
      },
    },
    moves: {
      append: (move) =>
        moves.append(
          () => store.moves.append(move),
          (id) => ({ ...move, id }),
        ),
      list: (limit) => [...moves.held(), ...store.moves.list(limit)].slice(0, limit),
    },
    jobs: {
      /** A new job is saved or fails; a finished one is held if it cannot be saved. */
      put(job) {
        if (job.endedAt === null) {
          whole(() => store.jobs.put(job));
          return;
        }
        endedJobs.set(job.id, job);
        save(
          `job ${job.id}`,
          () => store.jobs.put(job),
          () => {
            if (endedJobs.get(job.id) === job) endedJobs.delete(job.id);
          },
        );
      },
      get: (id) => endedJobs.get(id) ?? store.jobs.get(id),
      list(limit) {
        if (endedJobs.size === 0) return store.jobs.list(limit);
        const saved = store.jobs.list(limit).filter((job) => !endedJobs.has(job.id));
        return [...endedJobs.values(), ...saved]
          .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1))
          .slice(0, limit);
      },
      unfinished: () => store.jobs.unfinished().filter((job) => !endedJobs.has(job.id)),
    },
    transaction(work) {
      isInTransaction = true;
      try {
        return store.transaction(work);
      } finally {
        isInTransaction = false;
      }
    },
    close() {
      unsaved.stop();
      store.close();
    },
  };
}
