/** The credentials in memory and in the store, and what checks them. */
import { createEmitter } from '../../../shared/emitter.ts';
import type { CredentialRecord } from '../../../shared/models/access.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/state.ts';
import type { Clock } from '../ports/time.ts';
import type { Streams } from '../runtime/streams.ts';
import { type KnownKey, knownOf, viewOf } from './credential-view.ts';
import { createLastUse } from './last-use.ts';
import { isForgotten } from './lifetime.ts';

export interface Credentials {
  /** With its last use; revoked ones too. */
  get(id: string): CredentialRecord | undefined;
  /** Oldest first; revoked ones too. */
  all(): CredentialRecord[];
  /**
   * Saves it, then uses it. A new key throws DISK_FULL and changes nothing; a revocation or a session applies at once,
   * and the store tries again to save it.
   */
  put(record: CredentialRecord): void;
  /** Uses it although it could not be saved. */
  keepUnsaved(record: CredentialRecord): void;
  markUsed(id: string): void;
  readonly known: readonly KnownKey[];
  onChange(listener: () => void): () => void;
  stop(): void;
}

/** How exactly the end of a session is known, of thirty days. */
const MOMENT_MS = 60_000;

export interface CredentialsDependencies {
  clock: Clock;
  log: Log;
  store: Pick<Store, 'credentials'>;
  streams: Pick<Streams, 'access'>;
}

export function createCredentials({ clock, log, store, streams }: CredentialsDependencies): Credentials {
  const records = new Map<string, CredentialRecord>();
  const changed = createEmitter<[]>({ name: 'access', log });
  const lastUse = createLastUse({
    clock,
    show: (ids) => {
      for (const id of ids) publish(id);
    },
    save(uses) {
      const used = [...uses].flatMap(([id, lastUsedAt]) => {
        const record = records.get(id);
        return record === undefined || record.revokedAt !== null ? [] : [{ ...record, lastUsedAt }];
      });
      for (const record of used) {
        store.credentials.put(record);
        records.set(record.id, record);
      }
    },
  });
  let known: readonly KnownKey[] | null = null;

  for (const record of store.credentials.list()) {
    if (isForgotten(record, clock.now())) forget(record.id);
    else records.set(record.id, record);
  }
  for (const id of records.keys()) publish(id);

  function forget(id: string): void {
    try {
      store.credentials.remove(id);
    } catch (error) {
      log.debug('An ended credential could not be removed yet.', { id, error: String(error) });
    }
  }

  function get(id: string): CredentialRecord | undefined {
    const record = records.get(id);
    const usedAt = lastUse.at(id);
    return record && usedAt !== undefined ? { ...record, lastUsedAt: usedAt } : record;
  }

  function publish(id: string): void {
    const record = get(id);
    if (record === undefined || record.revokedAt !== null) streams.access.delete(id);
    else streams.access.set(id, viewOf(record), { soon: true });
  }

  function use(record: CredentialRecord): void {
    records.set(record.id, record);
    if (record.revokedAt !== null) lastUse.forget(record.id);
    known = null;
    publish(record.id);
    changed.emit();
  }

  return {
    get,
    all: () =>
      [...records.keys()]
        .flatMap((id) => get(id) ?? [])
        .sort((one, other) => one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1)),
    put(record) {
      store.credentials.put(record);
      use(record);
    },
    keepUnsaved: use,
    markUsed(id) {
      const before = get(id);
      if (before === undefined) return;
      lastUse.mark(id);
      // The use moves the end of a session, by more than a moment only once in a while.
      const movedMs = Math.abs(clock.now() - (before.lastUsedAt ?? before.createdAt));
      if (before.kind === 'session' && movedMs > MOMENT_MS) known = null;
    },
    get known() {
      known ??= [...records.keys()].flatMap((id) => {
        const record = get(id);
        return (record && knownOf(record)) ?? [];
      });
      return known;
    },
    onChange: changed.on,
    stop: lastUse.stop,
  };
}
