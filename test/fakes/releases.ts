/** Releases that a test signs with a key of its own. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { UpdateFile, UpdateManifest } from '../../shared/models/update-manifest.ts';

export function createSigner() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return {
    /** As programs carry it. */
    key: der.subarray(der.length - 32).toString('base64'),
    sign: (text: string) => sign(null, Buffer.from(text, 'utf8'), privateKey).toString('base64'),
  };
}
export type Signer = ReturnType<typeof createSigner>;

export const digest = (bytes: Uint8Array) => createHash('sha512').update(bytes).digest('base64');

export const agentFile = (bytes: Uint8Array, changes: Partial<UpdateFile> = {}): UpdateFile => ({
  name: 'pilotlight-agent-linux-x64',
  size: bytes.length,
  sha512: digest(bytes),
  kind: 'agent',
  os: 'linux',
  arch: 'x64',
  form: 'file',
  ...changes,
});

/** The exact text of a manifest, and its signature. */
export function aRelease(
  signer: Signer,
  version: string,
  files: readonly UpdateFile[],
  changes: Partial<UpdateManifest> = {},
) {
  const manifest = JSON.stringify({
    format: 'pilotlight-updates',
    formatVersion: 1,
    version,
    channel: 'stable',
    date: '2026-11-28T06:00:00Z',
    minimumVersion: '0.1.0',
    rollout: 1,
    notes: 'Fixes.',
    files,
    ...changes,
  });
  return { manifest, signature: signer.sign(manifest) };
}
