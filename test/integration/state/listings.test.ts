import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrations } from '../../../electron/adapters/state/migrations.ts';
import { createSqliteStore } from '../../../electron/adapters/state/sqlite-store.ts';
import type { ListingRecord } from '../../../shared/models/placement.ts';
import { aNode } from '../../fakes/records.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-listings-'));
  path = join(folder, 'state.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const listing = (nodeId: string, changes: Partial<ListingRecord> = {}): ListingRecord => ({
  nodeId,
  url: 'http://127.0.0.1:11434',
  at: 1,
  models: aNode().installed,
  ...changes,
});

it('the newest list of each machine is kept, and goes with the machine', () => {
  const first = createSqliteStore({ path }).store;
  first.listings.put(listing('a', { at: 1 }));
  first.listings.put(listing('a', { at: 2, models: [] }));
  first.listings.put(listing('b'));
  first.close();
  const second = createSqliteStore({ path }).store;
  expect(second.listings.list()).toEqual([listing('a', { at: 2, models: [] }), listing('b')]);
  second.nodes.remove('a');
  expect(second.listings.list().map(({ nodeId }) => nodeId)).toEqual(['b']);
  second.close();
});

it('a state from before they were saved has none', () => {
  const old = new DatabaseSync(path);
  const before = migrations.slice(0, 9);
  for (const step of before) old.exec(step);
  old.exec(`PRAGMA user_version = ${before.length}`);
  old.close();
  const { store, damaged } = createSqliteStore({ path });
  expect([damaged, store.listings.list()]).toEqual([null, []]);
  store.close();
});

it.each(['nonsense', '{}', JSON.stringify(listing('other'))])(
  'a damaged list is set aside and left out: %s',
  (value) => {
    const { store: saved } = createSqliteStore({ path });
    saved.listings.put(listing('a'));
    saved.listings.put(listing('b'));
    saved.close();
    const raw = new DatabaseSync(path);
    raw.prepare('UPDATE listings SET value = ? WHERE node_id = ?').run(value, 'a');
    raw.close();
    const rows: string[] = [];
    const { store } = createSqliteStore({ path, onDamagedRow: ({ table }) => rows.push(table) });
    expect(store.listings.list().map(({ nodeId }) => nodeId)).toEqual(['b']);
    expect([store.listings.list().length, rows]).toEqual([1, ['listings']]);
    store.close();
  },
);
