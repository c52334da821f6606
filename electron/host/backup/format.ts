/**
 * A backup is one file: a line of JSON that says what it is, then a gzip stream of entries. An entry is a line of JSON
 * with the path and the size, then that many bytes; the last entry is `end` with the number of entries before it.
 * Pure.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes, scryptSync } from 'node:crypto';
import * as z from 'zod';
import { PilotlightError } from '../../../shared/contract/errors.ts';

export const BACKUP_FORMAT = 'pilotlight-backup';
export const BACKUP_VERSION = 1;
/** A first line that is longer is not one of ours. */
export const MOST_HEADER_BYTES = 4_000_000;

const base64 = z.base64();
export const headerSchema = z.object({
  format: z.literal(BACKUP_FORMAT),
  version: z.number().int().positive(),
  /** The version of Pilotlight that made it. */
  program: z.string().regex(/^\d+\.\d+\.\d+/),
  /** How many migrations its state has had. */
  state: z.number().int().nonnegative(),
  /** A digest: tells computers apart without naming them. */
  machine: z.string(),
  createdAt: z.number(),
  secrets: z
    .object({
      salt: base64,
      nonce: base64,
      tag: base64,
      sealed: base64,
      /** Whether a key store of that computer sealed some of them. */
      bound: z.boolean(),
    })
    .nullable(),
});
export type BackupHeader = z.infer<typeof headerSchema>;

export const entrySchema = z.union([
  z.object({ path: z.string(), size: z.number().int().nonnegative() }),
  z.object({ end: z.literal(true), entries: z.number().int().nonnegative(), header: z.string() }),
]);
export type BackupEntry = z.infer<typeof entrySchema>;

export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Throws BACKUP_UNREADABLE or BACKUP_NEWER. */
export function readHeader(line: string, here: { program: string; state: number }): BackupHeader {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new PilotlightError('BACKUP_UNREADABLE', { cause });
  }
  // A later format may have another shape: its version counts first.
  const stated = z.object({ format: z.literal(BACKUP_FORMAT), version: z.number() }).safeParse(value);
  if (!stated.success) throw new PilotlightError('BACKUP_UNREADABLE');
  if (stated.data.version > BACKUP_VERSION) throw new PilotlightError('BACKUP_NEWER');
  const parsed = headerSchema.safeParse(value);
  if (!parsed.success) throw new PilotlightError('BACKUP_UNREADABLE');
  const { program, state } = parsed.data;
  if (isNewer(program, here.program) || state > here.state) {
    throw new PilotlightError('BACKUP_NEWER', { details: { program, here: here.program } });
  }
  return parsed.data;
}

/** Whether version `a` is newer than `b`; what follows the three numbers doesn't count. */
export function isNewer(a: string, b: string): boolean {
  const [one, other] = [a, b].map((version) => version.split(/[-+]/)[0]?.split('.').map(Number) ?? []);
  for (const index of [0, 1, 2]) {
    const difference = (one?.[index] ?? 0) - (other?.[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

/** A relative path in the data folder, with slashes; never one that leads out of it. */
export function isSafePath(path: string): boolean {
  const parts = path.split('/');
  return parts.every(
    (part) =>
      part !== '' && part !== '.' && part !== '..' && !/[\\:\p{Cc}]/u.test(part) && part.length <= 255,
  );
}

const KEY_BYTES = 32;
const scrypt = { N: 2 ** 16, r: 8, p: 1, maxmem: 2 ** 27 };

export function sealSecrets(
  files: Readonly<Record<string, Uint8Array>>,
  passphrase: string,
): Omit<NonNullable<BackupHeader['secrets']>, 'bound'> {
  const salt = randomBytes(16);
  const nonce = randomBytes(12);
  const cipher = createCipheriv(
    'aes-256-gcm',
    scryptSync(passphrase.normalize('NFC'), salt, KEY_BYTES, scrypt),
    nonce,
  );
  const texts = Object.fromEntries(
    Object.entries(files).map(([name, content]) => [name, Buffer.from(content).toString('base64')]),
  );
  const sealed = Buffer.concat([cipher.update(JSON.stringify(texts), 'utf8'), cipher.final()]);
  const text = (bytes: Buffer) => bytes.toString('base64');
  return { salt: text(salt), nonce: text(nonce), tag: text(cipher.getAuthTag()), sealed: text(sealed) };
}

/** Throws BACKUP_PASSPHRASE. */
export function openSecrets(
  { salt, nonce, tag, sealed }: NonNullable<BackupHeader['secrets']>,
  passphrase: string,
): Map<string, Buffer> {
  const bytes = (text: string) => Buffer.from(text, 'base64');
  try {
    const key = scryptSync(passphrase.normalize('NFC'), bytes(salt), KEY_BYTES, scrypt);
    const decipher = createDecipheriv('aes-256-gcm', key, bytes(nonce));
    decipher.setAuthTag(bytes(tag));
    const text = Buffer.concat([decipher.update(bytes(sealed)), decipher.final()]).toString('utf8');
    const files = z.record(z.string(), base64).parse(JSON.parse(text));
    return new Map(Object.entries(files).map(([name, content]) => [name, bytes(content)]));
  } catch (cause) {
    throw new PilotlightError('BACKUP_PASSPHRASE', { cause });
  }
}
