/** Credentials in the state database: damage to them never opens a door, and never looks like "no keys". */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrations } from '../../../electron/adapters/state/migrations.ts';
import { createSqliteStore } from '../../../electron/adapters/state/sqlite-store.ts';
import { secretDigest } from '../../../electron/core/access/secret-format.ts';
import type { CredentialRecord } from '../../../shared/models/access.ts';
import { createMemoryAccess } from '../../fakes/access.ts';
import { createFakeClock } from '../../fakes/clock.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-credentials-'));
  path = join(folder, 'state.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const record = (id: string, changes: Partial<CredentialRecord> = {}): CredentialRecord => ({
  id,
  kind: 'script',
  name: id,
  rights: ['manage'],
  digest: secretDigest(`secret of ${id}`),
  chosen: false,
  origin: null,
  createdAt: 1,
  lastUsedAt: null,
  expiresAt: null,
  revokedAt: null,
  models: null,
  requestsPerMinute: null,
  ...changes,
});

function save(...records: CredentialRecord[]): void {
  const { store } = createSqliteStore({ path });
  for (const one of records) store.credentials.put(one);
  store.close();
}

it('they are there after a restart, until they are removed', () => {
  save(
    record('a'),
    record('b', { kind: 'session', origin: 'http://127.0.0.1:1' }),
    record('a', { revokedAt: 5 }),
  );
  const { store } = createSqliteStore({ path });
  expect(store.credentials.list()).toEqual([
    record('a', { revokedAt: 5 }),
    record('b', { kind: 'session', origin: 'http://127.0.0.1:1' }),
  ]);
  store.credentials.remove('a');
  expect(store.credentials.list().map(({ id }) => id)).toEqual(['b']);
  store.close();
});

it('a state from before they were stored has none', () => {
  const old = new DatabaseSync(path);
  const before = migrations.slice(0, 6);
  for (const step of before) old.exec(step);
  old.exec(`PRAGMA user_version = ${before.length}`);
  old.close();
  const { store, damaged } = createSqliteStore({ path });
  expect([damaged, store.credentials.list()]).toEqual([null, []]);
  store.close();
});

it('a key from before there were limits has none', () => {
  const { models: _, requestsPerMinute: __, ...earlier } = record('a');
  save(record('a'));
  const raw = new DatabaseSync(path);
  raw.prepare('UPDATE credentials SET value = ? WHERE id = ?').run(JSON.stringify(earlier), 'a');
  raw.close();
  const { store } = createSqliteStore({ path });
  expect(store.credentials.list()).toEqual([record('a')]);
  store.close();
});

describe('a damaged row', () => {
  it.each([
    ['text', 'nonsense'],
    ['an empty object', '{}'],
    ['a list', '[]'],
    ['another one’s record', JSON.stringify(record('other'))],
    ['a digest that is none', JSON.stringify(record('a', { digest: '' }))],
    ['a right that there is not', JSON.stringify({ ...record('a'), rights: ['everything'] })],
    ['a life without end by mistake', JSON.stringify({ ...record('a'), expiresAt: 'never' })],
  ])('with %s opens nothing, and stays in the list', (_what, value) => {
    save(record('a'), record('b'));
    const raw = new DatabaseSync(path);
    raw.prepare('UPDATE credentials SET value = ? WHERE id = ?').run(value, 'a');
    raw.close();

    const rows: string[] = [];
    const { store } = createSqliteStore({ path, onDamagedRow: ({ table }) => rows.push(table) });
    const saved = store.credentials.list();
    expect(rows).toEqual(['credentials']);
    expect(saved.find(({ id }) => id === 'a')).toMatchObject({ digest: null, rights: [] });
    const { access } = createMemoryAccess({ clock: createFakeClock(), saved });
    expect(
      access
        .keys()
        .map(({ damaged }) => damaged)
        .toSorted(),
    ).toEqual([false, true]);
    for (const guess of ['', 'secret of a', 'secret of other', 'null']) {
      expect(access.check(guess, null).outcome).toBe('unknown');
    }
    expect(access.check('secret of b', null).outcome).toBe('accepted');
    // It was set aside once: the next start finds the replacement.
    expect([store.credentials.list().length, rows.length]).toEqual([2, 1]);
    store.close();
  });
});

it('a table that may have lost rows gets one that says so', () => {
  const filler = 'x'.repeat(400);
  save(...Array.from({ length: 60 }, (_, index) => record(`key_${index}`, { name: `${filler} ${index}` })));
  const bytes = readFileSync(path);
  const at = bytes.indexOf('"id":"key_30"');
  bytes.fill(0, at - (at % 4096), at - (at % 4096) + 4096);
  writeFileSync(path, bytes);
  const { store, damaged } = createSqliteStore({ path });
  expect(damaged?.incomplete).toEqual(['credentials']);
  const left = store.credentials.list();
  expect(left.length).toBeLessThan(61);
  expect(left.filter(({ digest }) => digest === null).map(({ id }) => id)).toEqual(['key_unknown']);
  store.close();
});
