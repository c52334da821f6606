/** The signature of a release's manifest: ed25519 over its exact bytes. Pure. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import * as z from 'zod/mini';
import {
  MOST_MANIFEST_BYTES,
  type UpdateManifest,
  updateManifestSchema,
} from '../../../shared/models/update-manifest.ts';

/**
 * `wrong-signature`: not signed by any of the keys; nothing of the content may be used, not even to say what it was.
 * `unreadable`: signed, but no manifest. `newer-format`: signed, but for a later version of the format.
 */
export type ManifestProblem = 'too-large' | 'wrong-signature' | 'unreadable' | 'newer-format';

export type ManifestReading =
  | { ok: true; manifest: UpdateManifest }
  | { ok: false; problem: ManifestProblem };

/** Raw ed25519 public keys in base64, 32 bytes each, before this prefix of their DER form. */
const DER_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** A public key from the base64 of its 32 bytes; null if it is none. */
export function readPublicKey(text: string): KeyObject | null {
  const raw = Buffer.from(text, 'base64');
  if (raw.length !== 32 || raw.toString('base64') !== text) return null;
  try {
    return createPublicKey({ key: Buffer.concat([DER_PREFIX, raw]), format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}

/**
 * Whether one of the keys signed the bytes. Several keys allow a change of keys: programs know the next one before
 * releases are signed with it.
 * @param signature base64, with or without a line break at its end
 */
export function isSigned(bytes: Uint8Array, signature: string, keys: readonly string[]): boolean {
  const text = signature.trim();
  const raw = Buffer.from(text, 'base64');
  if (raw.length !== 64 || raw.toString('base64') !== text) return false;
  return keys.some((key) => {
    const known = readPublicKey(key);
    return known !== null && verify(null, bytes, known, raw);
  });
}

/** Verifies, then reads. Without keys, nothing is ever accepted. */
export function readSignedManifest(options: {
  bytes: Uint8Array;
  signature: string;
  keys: readonly string[];
}): ManifestReading {
  const { bytes, signature, keys } = options;
  if (bytes.length > MOST_MANIFEST_BYTES) return { ok: false, problem: 'too-large' };
  if (!isSigned(bytes, signature, keys)) return { ok: false, problem: 'wrong-signature' };
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return { ok: false, problem: 'unreadable' };
  }
  const stated = z.safeParse(
    z.object({ format: z.literal('pilotlight-updates'), formatVersion: z.int() }),
    value,
  );
  if (stated.success && stated.data.formatVersion > 1) return { ok: false, problem: 'newer-format' };
  const parsed = z.safeParse(updateManifestSchema, value);
  return parsed.success ? { ok: true, manifest: parsed.data } : { ok: false, problem: 'unreadable' };
}
