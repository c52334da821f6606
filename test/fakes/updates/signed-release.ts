/** Releases signed with a key that exists only in the test. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { UpdateFile, UpdateManifest } from '../../../shared/models/update-manifest.ts';

export interface TestKey {
  /** As programs have it. */
  publicKey: string;
  privateKey: KeyObject;
}

export function makeKey(): TestKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return { publicKey: raw.toString('base64'), privateKey };
}

export const signatureOf = (bytes: Uint8Array, key: TestKey): string =>
  sign(null, bytes, key.privateKey).toString('base64');

export const sha512Of = (content: Uint8Array): string =>
  createHash('sha512').update(content).digest('base64');

export function fileOf(content: Uint8Array, change: Partial<UpdateFile> = {}): UpdateFile {
  return {
    name: 'pilotlight-9.0.0-linux-x64.AppImage',
    size: content.length,
    sha512: sha512Of(content),
    kind: 'app',
    os: 'linux',
    arch: 'x64',
    form: 'appimage',
    ...change,
  };
}

export function manifestOf(change: Partial<UpdateManifest> = {}): UpdateManifest {
  return {
    format: 'pilotlight-updates',
    formatVersion: 1,
    version: '9.0.0',
    channel: 'stable',
    date: '2026-11-28T06:00:00Z',
    minimumVersion: '0.1.0',
    rollout: 1,
    notes: '## New\n\n- Faster.',
    files: [fileOf(Buffer.from('program'))],
    ...change,
  };
}

export const bytesOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
