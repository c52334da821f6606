import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openKeyFileSecrets } from '../../../electron/adapters/secrets/key-file.ts';
import { openSafeSecrets, type SafeStorage } from '../../../electron/main/safe-storage.ts';
import { fact } from '../../../shared/models/message.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-safe-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A key store that hides a text well enough to see whether it was asked. */
function createKeyStore(backend?: string): SafeStorage & { locked: boolean; available: boolean } {
  const turn = (bytes: Buffer) => Buffer.from(bytes.map((byte) => byte ^ 0x5a));
  return {
    locked: false,
    available: true,
    isEncryptionAvailable() {
      return this.available;
    },
    encryptString: (text) => turn(Buffer.from(text)),
    decryptString(sealed) {
      if (this.locked) throw new Error('The key store is locked.');
      return turn(sealed).toString();
    },
    ...(backend === undefined ? {} : { getSelectedStorageBackend: () => backend }),
  };
}

const saved = () => readFileSync(join(folder, 'secrets.json'), 'utf8');

it.each([
  ['win32', undefined],
  ['darwin', undefined],
  ['linux', 'gnome_libsecret'],
  ['linux', 'kwallet6'],
] as const)('on %s with %s the key store seals', (platform, backend) => {
  const safeStorage = createKeyStore(backend);
  const { secrets } = openSafeSecrets({ safeStorage, platform, folder });
  expect(secrets.protection.kind).toBe('system');
  secrets.change({ 'api.indexToken': 'token-of-scripts' });
  expect(saved()).not.toContain('token-of-scripts');
  expect(JSON.parse(saved()).secrets['api.indexToken'].by).toBe('system');
  const again = openSafeSecrets({ safeStorage, platform, folder });
  expect(again.notices).toEqual([]);
  expect(again.secrets.get('api.indexToken')).toBe('token-of-scripts');
});

it.each([
  ['basic_text', true],
  ['unknown', true],
  [undefined, true],
  ['gnome_libsecret', false],
])('on Linux with %s, available %s, a key file seals, and the message says so', (backend, available) => {
  const safeStorage = createKeyStore(backend);
  safeStorage.available = available;
  const { secrets } = openSafeSecrets({ safeStorage, platform: 'linux', folder });
  expect(secrets.protection.kind).toBe('key-file');
  expect(secrets.protection.message).toEqual(fact('SECRETS_WITH_KEY_FILE', { noKeyStore: true }));
  secrets.change({ a: 'value' });
  expect(JSON.parse(saved()).secrets.a.by).toBe('key-file');
});

it('reads on what a headless run has sealed by its key file', () => {
  openKeyFileSecrets(folder).secrets.change({ a: 'from headless' });
  const { secrets } = openSafeSecrets({ safeStorage: createKeyStore(), platform: 'darwin', folder });
  expect(secrets.get('a')).toBe('from headless');
});

it('a locked key store loses nothing: it is reported, and the secrets can be read again once it is unlocked', () => {
  const safeStorage = createKeyStore();
  const open = () => openSafeSecrets({ safeStorage, platform: 'darwin', folder });
  open().secrets.change({ a: 'one', b: 'two' });
  safeStorage.locked = true;
  const locked = open();
  expect(locked.notices).toMatchObject([{ id: 'secrets-locked', code: 'SECRETS_LOST' }]);
  expect(locked.secrets.get('a')).toBeNull();
  locked.secrets.change({ b: 'three' });
  safeStorage.locked = false;
  const again = open();
  expect([again.secrets.get('a'), again.secrets.get('b')]).toEqual(['one', 'three']);
});

it('without the desktop its secrets are not there, and stay for it', () => {
  const safeStorage = createKeyStore();
  openSafeSecrets({ safeStorage, platform: 'darwin', folder }).secrets.change({ a: 'one' });
  const headless = openKeyFileSecrets(folder);
  expect(headless.notices).toMatchObject([{ code: 'SECRETS_LOST' }]);
  expect(headless.secrets.get('a')).toBeNull();
  headless.secrets.change({ b: 'two' });
  const { secrets } = openSafeSecrets({ safeStorage, platform: 'darwin', folder });
  expect([secrets.get('a'), secrets.get('b')]).toEqual(['one', 'two']);
});

it('a value does not pass for another one', () => {
  const safeStorage = createKeyStore();
  const { secrets } = openSafeSecrets({ safeStorage, platform: 'win32', folder });
  secrets.change({ a: 'one', b: 'two' });
  const file = JSON.parse(saved());
  const swapped = JSON.stringify({ ...file, secrets: { a: file.secrets.b, b: file.secrets.a } });
  writeFileSync(join(folder, 'secrets.json'), swapped);
  const again = openSafeSecrets({ safeStorage, platform: 'win32', folder });
  expect([again.secrets.get('a'), again.secrets.get('b')]).toEqual([null, null]);
});
