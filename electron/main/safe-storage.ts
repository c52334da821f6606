/** Secrets sealed by the system's key store, through Electron's safeStorage. */

import { fact } from '../../shared/models/message.ts';
import { createKeyFileSeal } from '../adapters/secrets/key-file.ts';
import { type OpenedSecrets, openSecretsFile, type Seal } from '../adapters/secrets/secrets-file.ts';

/** The part of Electron's `safeStorage` that is used; it may be called only after the app is ready. */
export interface SafeStorage {
  isEncryptionAvailable(): boolean;
  encryptString(text: string): Buffer;
  decryptString(sealed: Buffer): string;
  /** On Linux only. */
  getSelectedStorageBackend?(): string;
}

export interface SafeSecretsOptions {
  safeStorage: SafeStorage;
  platform: NodeJS.Platform;
  folder: string;
}

/**
 * Opens the secrets of the data folder. Where the system has no key store, and on Linux where Electron would
 * fall back to `basic_text` (a password known to everyone), a key file is used, and `protection.message` says so.
 * Secrets sealed with the other stay readable as long as its key exists.
 */
export function openSafeSecrets({ safeStorage, platform, folder }: SafeSecretsOptions): OpenedSecrets {
  const keyFile = createKeyFileSeal(folder);
  if (!hasKeyStore(safeStorage, platform)) {
    return openSecretsFile({
      folder,
      seals: [keyFile],
      message: fact('SECRETS_WITH_KEY_FILE', { noKeyStore: true }),
    });
  }
  return openSecretsFile({
    folder,
    seals: [createSystemSeal(safeStorage), keyFile],
    message: fact('SECRETS_IN_KEY_STORE'),
  });
}

/** Electron reports `unknown` before it is ready, so it cannot be trusted. */
const weakBackends: readonly string[] = ['basic_text', 'unknown'];

function hasKeyStore(safeStorage: SafeStorage, platform: NodeJS.Platform): boolean {
  try {
    if (!safeStorage.isEncryptionAvailable()) return false;
    if (platform !== 'linux') return true;
    return !weakBackends.includes(safeStorage.getSelectedStorageBackend?.() ?? 'unknown');
  } catch {
    return false;
  }
}

/** The name is sealed with the value, because safeStorage has no associated data. */
function createSystemSeal(safeStorage: SafeStorage): Seal {
  return {
    kind: 'system',
    failsForGood: false,
    close: (name, value) => safeStorage.encryptString(JSON.stringify([name, value])).toString('base64'),
    open(name, sealed) {
      try {
        const opened: unknown = JSON.parse(safeStorage.decryptString(Buffer.from(sealed, 'base64')));
        if (!Array.isArray(opened) || opened[0] !== name || typeof opened[1] !== 'string') return null;
        return opened[1];
      } catch {
        return null;
      }
    },
  };
}
