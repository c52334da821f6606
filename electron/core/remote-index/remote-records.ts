/** The indexes on other servers: checked, saved and shown, each with its key. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact, type Message, plainText } from '../../../shared/models/message.ts';
import { savedName } from '../../../shared/models/name.ts';
import type { RemoteIndexRecord, RemoteIndexView, RemoteRun } from '../../../shared/models/remote-index.ts';
import { remoteIndexSecret } from '../../../shared/models/secrets.ts';
import { hostOf, normaliseIndexUrl, sameServerKey } from '../fleet/validate.ts';
import type { NewRemoteIndex, RemoteIndexChange, RemoteIndexDependencies } from './model.ts';

export interface RemoteRecords {
  list(): RemoteIndexRecord[];
  /** Throws NOT_FOUND. */
  require(remoteId: string): RemoteIndexRecord;
  get(remoteId: string): RemoteIndexRecord | null;
  view(record: RemoteIndexRecord): RemoteIndexView;
  add(remote: NewRemoteIndex): RemoteIndexView;
  update(change: RemoteIndexChange): RemoteIndexView;
  remove(remoteId: string): void;
  /** Shows a record with its run as it is now; `saved` keeps it too, and throws DISK_FULL if that fails. */
  put(record: RemoteIndexRecord, saved: boolean): RemoteIndexView;
  key(remoteId: string): string | null;
  /** The saved key, if the address is of the same host and port. */
  keyFor(remoteId: string, url: string): string | null;
}

export function createRemoteRecords({
  clock,
  ids,
  store,
  secrets,
  streams,
  fleet,
}: Pick<
  RemoteIndexDependencies,
  'clock' | 'ids' | 'store' | 'secrets' | 'streams' | 'fleet'
>): RemoteRecords {
  const records = new Map(
    store.remoteIndexes.list().map((record) => [record.id, { ...record, name: savedName(record.name) }]),
  );

  const get = (remoteId: string) => records.get(remoteId) ?? null;
  const key = (remoteId: string) => secrets.get(remoteIndexSecret(remoteId));

  function find(remoteId: string): RemoteIndexRecord {
    const record = get(remoteId);
    if (record === null) throw new PilotlightError('NOT_FOUND', { message: fact('NO_SUCH_REMOTE_INDEX') });
    return record;
  }

  function view({ run, ...record }: RemoteIndexRecord): RemoteIndexView {
    if (run === null) return { ...record, run, hasKey: key(record.id) !== null };
    const { knownJobs: _, ...shown } = run;
    return { ...record, run: { ...shown, detail: detailOf(run) }, hasKey: key(record.id) !== null };
  }

  function put(record: RemoteIndexRecord, saved: boolean): RemoteIndexView {
    if (saved) store.remoteIndexes.put(record);
    records.set(record.id, record);
    const shown = view(record);
    streams.remoteIndexes.set(record.id, shown);
    return shown;
  }

  function refuseUnknownNodes(nodeIds: readonly string[]): void {
    const unknown = nodeIds.find((nodeId) => fleet.get(nodeId) === null);
    if (unknown !== undefined) {
      throw new PilotlightError('NOT_FOUND', { details: { field: 'nodeIds', nodeId: unknown } });
    }
  }

  function refuseTwins({ id, url, vault }: Pick<RemoteIndexRecord, 'id' | 'url' | 'vault'>): void {
    for (const other of records.values()) {
      if (other.id === id || other.vault !== vault) continue;
      if (sameServerKey(other.url) !== sameServerKey(url)) continue;
      throw new PilotlightError('ALREADY_EXISTS', {
        message: fact('REMOTE_INDEX_EXISTS', { name: other.name }),
        details: { remoteId: other.id },
      });
    }
  }

  /** The record and its key are saved together, or neither is. */
  function save(record: RemoteIndexRecord, newKey: string | null | undefined): RemoteIndexView {
    const name = remoteIndexSecret(record.id);
    const before = secrets.get(name);
    const changes = newKey !== undefined && newKey !== before;
    if (changes) secrets.change({ [name]: newKey });
    try {
      return put(record, true);
    } catch (error) {
      if (changes) secrets.change({ [name]: before });
      throw error;
    }
  }

  for (const record of records.values()) streams.remoteIndexes.set(record.id, view(record));

  return {
    list: () => [...records.values()],
    require: find,
    get,
    view,
    put,
    key,
    add({ url: written, name, key: newKey, vault, nodeIds, useGpu }) {
      const url = normaliseIndexUrl(written);
      const record: RemoteIndexRecord = {
        ...{ id: ids.next('remote'), name: savedName(name ?? hostOf(url)), url, vault },
        ...{ nodeIds: [...new Set(nodeIds)], useGpu, addedAt: clock.now(), run: null, lastRun: null },
      };
      refuseUnknownNodes(record.nodeIds);
      refuseTwins(record);
      return save(record, newKey ?? undefined);
    },
    update({ remoteId, key: newKey, ...change }) {
      const record = find(remoteId);
      const url = change.url === undefined ? record.url : normaliseIndexUrl(change.url);
      const next: RemoteIndexRecord = {
        ...record,
        ...{ url, name: change.name ?? record.name, vault: change.vault ?? record.vault },
        ...{
          nodeIds: [...new Set(change.nodeIds ?? record.nodeIds)],
          useGpu: change.useGpu ?? record.useGpu,
        },
      };
      const { name: _, ...before } = record;
      const { name: __, ...after } = next;
      if (record.run !== null && JSON.stringify(before) !== JSON.stringify(after)) throw isRunning(remoteId);
      if (change.nodeIds !== undefined) refuseUnknownNodes(change.nodeIds);
      refuseTwins(next);
      const isElsewhere = new URL(url).origin !== new URL(record.url).origin;
      return save(next, newKey === undefined && isElsewhere ? null : newKey);
    },
    remove(remoteId) {
      const { run } = find(remoteId);
      if (run !== null) throw isRunning(remoteId);
      store.remoteIndexes.remove(remoteId);
      records.delete(remoteId);
      streams.remoteIndexes.delete(remoteId);
      if (key(remoteId) !== null) secrets.change({ [remoteIndexSecret(remoteId)]: null });
    },
    keyFor: (remoteId, url) =>
      new URL(find(remoteId).url).origin === new URL(url).origin ? key(remoteId) : null,
  };
}

export const isRunning = (remoteId: string) =>
  new PilotlightError('JOB_RUNNING', {
    message: fact('REMOTE_INDEX_IS_RUNNING'),
    details: { remoteId },
  });

function detailOf({ phase, answeredAt, processed, total, found, trouble }: RemoteRun): Message {
  switch (phase) {
    case 'waking':
      return fact('REMOTE_WAKING');
    case 'starting':
      return fact(answeredAt === null ? 'REMOTE_WAITING_FOR_SERVER' : 'REMOTE_STARTING');
    case 'running':
      return fact('REMOTE_RUNNING', { processed, total, found });
    case 'cancelling':
      return fact('REMOTE_CANCELLING');
    case 'silent':
      return fact('REMOTE_SILENT', { reason: plainText(trouble?.message ?? '') });
  }
}
