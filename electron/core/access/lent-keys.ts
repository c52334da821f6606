/**
 * Keys that the core lends to its own helpers, such as a worker of tasks. They open the gateway and nothing else, exist
 * only in memory, and never cause a port to be opened.
 */
import { createHash } from 'node:crypto';
import { createEmitter } from '../../../shared/emitter.ts';
import type { Log } from '../ports/log.ts';
import type { KnownKey } from './credential-view.ts';

export interface LentKey {
  /** Never that of a saved credential. */
  id: string;
  name: string;
  secret: string;
  /** Patterns of the models that it may use. */
  models: readonly string[];
}

export interface LentKeys {
  /** Replaces the one with the same id. */
  lend(key: LentKey): void;
  takeBack(id: string): void;
  list(): readonly KnownKey[];
  onChange(listener: () => void): () => void;
}

export function createLentKeys(log: Log): LentKeys {
  const keys = new Map<string, KnownKey>();
  const changes = createEmitter<[]>({ name: 'access', log });
  let listed: readonly KnownKey[] = [];

  function changed(): void {
    listed = [...keys.values()];
    changes.emit();
  }

  return {
    lend({ id, name, secret, models }) {
      const before = keys.get(id);
      const digest = createHash('sha256').update(secret).digest();
      const isSame =
        before?.name === name &&
        digest.equals(before.digest) &&
        before.models?.join('\n') === models.join('\n');
      if (isSame) return;
      keys.set(id, {
        ...{ id, name, digest, models: [...models] },
        kind: 'program',
        rights: ['infer'],
        origin: null,
        endsAt: null,
        revoked: false,
        requestsPerMinute: null,
      });
      changed();
    },
    takeBack(id) {
      if (keys.delete(id)) changed();
    },
    list: () => listed,
    onChange: changes.on,
  };
}
