/** Secrets sealed with a key stored beside them, in a separate file that only this user may read. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fact } from '../../../shared/models/message.ts';
import { readPrivateKey, type WriteFile, writePrivateFile } from '../private-file.ts';
import { isThere, trySetAside } from '../set-aside.ts';
import { type OpenedSecrets, openSecretsFile, type Seal } from './secrets-file.ts';

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/** `secrets.json` and `secrets.key` in the data folder, both mode 0600; the key is created for the first secret. */
export function openKeyFileSecrets(folder: string, options: { write?: WriteFile } = {}): OpenedSecrets {
  return openSecretsFile({
    ...options,
    folder,
    seals: [createKeyFileSeal(folder, options)],
    message: fact('SECRETS_WITH_KEY_FILE', { noKeyStore: false }),
  });
}

/** AES-256-GCM; a sealed value is nonce, tag and ciphertext in base64, with the name as associated data. */
export function createKeyFileSeal(
  folder: string,
  { write = writePrivateFile }: { write?: WriteFile } = {},
): Seal {
  const path = join(folder, 'secrets.key');
  let known: Buffer | null = null;
  let keptAs: string | null = null;

  /** Anything else in its place is set aside: a new key never overwrites it. */
  function savedKey(): Buffer | null {
    known ??= readPrivateKey(path, keyBytes);
    if (known === null && isThere(path)) keptAs = trySetAside(path);
    return known;
  }

  function makeKey(): Buffer {
    const made = randomBytes(keyBytes);
    write(path, made);
    known = made;
    return made;
  }

  return {
    kind: 'key-file',
    failsForGood: true,
    check() {
      const missing = savedKey() === null;
      return missing && keptAs !== null ? keptAs : null;
    },
    close(name, value) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, savedKey() ?? makeKey(), nonce, { authTagLength: tagBytes });
      cipher.setAAD(Buffer.from(name));
      const sealed = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
    },
    open(name, sealed) {
      const key = savedKey();
      const bytes = Buffer.from(sealed, 'base64');
      if (key === null || bytes.length < nonceBytes + tagBytes) return null;
      const nonce = bytes.subarray(0, nonceBytes);
      const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
      decipher.setAAD(Buffer.from(name));
      decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
      try {
        const opened = decipher.update(bytes.subarray(nonceBytes + tagBytes));
        return Buffer.concat([opened, decipher.final()]).toString('utf8');
      } catch {
        // A different key or changed bytes: GCM does not say which.
        return null;
      }
    },
  };
}
