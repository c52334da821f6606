/** Where the secret settings are kept. */
import type { SecretSetting } from '../../../shared/models/settings.ts';
import type { Secrets } from '../ports/state.ts';
import type { SecretChanges } from './read.ts';

export interface SettingSecrets {
  has(name: SecretSetting): boolean;
  /** null if it is not set, or was saved only as a digest. */
  get(name: SecretSetting): string | null;
  /** All of it or nothing; returns what undoes it. Throws DISK_FULL. */
  change(changes: SecretChanges): () => void;
}

/** Each as a saved secret of its own name. */
export function savedSecrets(secrets: Pick<Secrets, 'get' | 'change'>): SettingSecrets {
  return {
    has: (name) => secrets.get(name) !== null,
    get: (name) => secrets.get(name),
    change(changes) {
      const names = Object.keys(changes);
      const before = Object.fromEntries(names.map((name) => [name, secrets.get(name)]));
      if (names.length > 0) secrets.change(changes);
      return () => {
        if (names.length > 0) secrets.change(before);
      };
    },
  };
}
