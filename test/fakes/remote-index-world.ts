/** Remote indexes over a Recall server in memory, with leases and wakes that a test sees, on a clock that it moves. */
import { createSqliteStore } from '../../electron/adapters/state/sqlite-store.ts';
import type { Http } from '../../electron/core/ports/network.ts';
import type { Store } from '../../electron/core/ports/state.ts';
import type { RemoteIndexDependencies } from '../../electron/core/remote-index/model.ts';
import { createRemoteIndexService } from '../../electron/core/remote-index/service.ts';
import { createStreams } from '../../electron/core/runtime/streams.ts';
import type { NewActivityEntry } from '../../shared/models/activity.ts';
import type { LeaseRecord } from '../../shared/models/power.ts';
import { textOf } from '../../shared/text/index.ts';
import { createFakeClock, type FakeClock } from './clock.ts';
import { createFakeRecall, type FakeRecall, recallHttp } from './recall.ts';
import { aNode } from './records.ts';
import { createMemorySecrets, type MemorySecrets } from './secrets.ts';
import { createRememberingLog } from './transport.ts';

export const recallUrl = 'http://127.0.0.1:9000';

export interface RemoteWorldOptions {
  clock?: FakeClock;
  recall?: FakeRecall;
  store?: Store;
  secrets?: MemorySecrets;
  http?: Http;
  ensureAwake?: RemoteIndexDependencies['wakes']['ensureAwake'];
  nodeIds?: readonly string[];
}

export function createRemoteWorld(options: RemoteWorldOptions = {}) {
  const clock = options.clock ?? createFakeClock();
  const recall = options.recall ?? createFakeRecall();
  const store = options.store ?? createSqliteStore({ path: ':memory:' }).store;
  const secrets = options.secrets ?? createMemorySecrets();
  const log = createRememberingLog();
  const streams = createStreams({ clock, epoch: 'one', log });
  const entries: NewActivityEntry[] = [];
  const held = new Map<string, LeaseRecord>();
  const woken: string[] = [];
  const nodes = new Set(options.nodeIds ?? ['tower']);
  let ids = 0;
  const next = (prefix: string) => {
    ids += 1;
    return `${prefix}_${ids}`;
  };

  const service = createRemoteIndexService({
    ...{ clock, log, store, secrets, streams, random: () => 0.5, ids: { next } },
    http: options.http ?? recallHttp(recall),
    activity: { record: (entry) => void entries.push(entry) },
    fleet: { get: (nodeId) => (nodes.has(nodeId) ? aNode({ id: nodeId }) : null) },
    leases: {
      hold({ nodeId, kind, purpose }) {
        const lease: LeaseRecord = {
          ...{ id: next('lease'), nodeId, kind, holder: 'test', purpose: textOf(purpose) },
          ...{ createdAt: clock.now(), until: null, endedAt: null },
        };
        held.set(lease.id, lease);
        return { lease, [Symbol.dispose]: () => void held.delete(lease.id) };
      },
      get: (leaseId) => held.get(leaseId) ?? null,
    },
    wakes: {
      ensureAwake:
        options.ensureAwake ??
        (async (nodeId) => {
          woken.push(nodeId);
          return aNode({ id: nodeId });
        }),
    },
  });

  return {
    ...{ clock, recall, store, secrets, service, streams, entries, woken, nodes, log },
    /** The machines that are kept awake. */
    kept: () => [...held.values()].map(({ nodeId }) => nodeId).sort(),
    purposes: () => [...held.values()].map(({ purpose }) => purpose),
    codes: () => entries.map(({ message }) => message.code),
    add: (more: { nodeIds?: string[]; key?: string | null; vault?: string } = {}) =>
      service.add({ url: recallUrl, key: null, vault: 'all', nodeIds: ['tower'], useGpu: true, ...more }).id,
    start: (remoteId: string, how: { full?: boolean; rebuild?: boolean } = {}) =>
      service.startRun({ remoteId, full: false, rebuild: false, ...how }),
    only() {
      const [view] = service.list();
      if (view === undefined) throw new Error('There is no remote index.');
      return view;
    },
  };
}
