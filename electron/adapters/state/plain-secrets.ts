/**
 * Older versions stored secrets in plain text in the state. They are moved to the secrets file and erased from the
 * disk.
 */

import type { DatabaseSync } from 'node:sqlite';
import { callbackSecret, secureOnSecret } from '../../../shared/models/secrets.ts';
import { secretSettingNames } from '../../../shared/models/settings.ts';
import { hasPassword, withoutPassword } from '../../../shared/network/callable-address.ts';
import type { Secrets } from '../../core/ports/state.ts';
import { readColumn } from './columns.ts';
import { toStoreError } from './open-database.ts';

export type MovedSecrets = { kind: 'none' } | { kind: 'moved' } | { kind: 'failed'; error: unknown };

type Json = Record<string, unknown>;

interface Found {
  secrets: Record<string, string>;
  /** Rows without secrets, by table and id. */
  rows: { table: 'settings' | 'nodes' | 'jobs'; id: string | number; value: string }[];
}

/**
 * Moves them, and rewrites the file so that no old page keeps a copy. A failure leaves the rows unchanged, and is
 * retried at the next start.
 */
export function movePlainSecrets(database: DatabaseSync, secrets: Secrets): MovedSecrets {
  try {
    const found = findPlain(database);
    if (found.rows.length === 0) return { kind: 'none' };
    // One that is already set is newer than the one left here.
    const missing = Object.entries(found.secrets).filter(([name]) => secrets.get(name) === null);
    secrets.change(Object.fromEntries(missing));
    rewrite(database, () => {
      for (const { table, id, value } of found.rows) {
        database.prepare(`UPDATE ${table} SET value = ? WHERE id = ?`).run(value, id);
      }
    });
    return { kind: 'moved' };
  } catch (error) {
    return { kind: 'failed', error: toStoreError(error) };
  }
}

function findPlain(database: DatabaseSync): Found {
  const found: Found = { secrets: {}, rows: [] };
  const settings = parse(database.prepare('SELECT value FROM settings WHERE id = 1').get()?.value);
  if (settings && takeSettings(settings, found.secrets)) {
    found.rows.push({ table: 'settings', id: 1, value: JSON.stringify(settings) });
  }
  for (const { id, value } of database.prepare('SELECT id, value FROM nodes').all()) {
    const node = parse(value);
    if (!node || typeof node.secureOn !== 'string') continue;
    found.secrets[secureOnSecret(String(id))] = node.secureOn;
    const { secureOn: _secureOn, ...rest } = node;
    found.rows.push({ table: 'nodes', id: String(id), value: JSON.stringify(rest) });
  }
  // Few jobs have a callback, and they are all that can match.
  for (const { id, status, value } of database
    .prepare('SELECT id, status, value FROM jobs WHERE value LIKE \'%"callbackUrl":"%@%\'')
    .all()) {
    const job = parse(value);
    if (!job || typeof job.callbackUrl !== 'string' || !hasPassword(job.callbackUrl)) continue;
    // It is needed only once more, at the end of the job.
    if (status === 'pending' || status === 'running')
      found.secrets[callbackSecret(String(id))] = job.callbackUrl;
    const callbackUrl = withoutPassword(job.callbackUrl);
    found.rows.push({ table: 'jobs', id: String(id), value: JSON.stringify({ ...job, callbackUrl }) });
  }
  return found;
}

/** Removes the secrets from the settings; true if there was one. */
function takeSettings(settings: Json, secrets: Record<string, string>): boolean {
  let any = false;
  for (const path of secretSettingNames) {
    const [section = '', key = ''] = path.split('.');
    const values = settings[section];
    if (typeof values !== 'object' || values === null) continue;
    const value = (values as Json)[key];
    if (typeof value !== 'string') continue;
    secrets[path] = value;
    delete (values as Json)[key];
    any = true;
  }
  return any;
}

/** VACUUM rewrites every page that is in use; truncating the log removes the old pages from the disk. */
function rewrite(database: DatabaseSync, update: () => void): void {
  database.exec('PRAGMA secure_delete = ON; BEGIN IMMEDIATE');
  try {
    update();
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
  database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA secure_delete = OFF');
}

function parse(value: unknown): Json | null {
  const parsed = readColumn(value);
  return typeof parsed === 'object' && parsed !== null ? (parsed as Json) : null;
}
