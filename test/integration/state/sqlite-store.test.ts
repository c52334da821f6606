import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate } from '../../../electron/adapters/state/migrations.ts';
import { openDatabase, toStoreError } from '../../../electron/adapters/state/open-database.ts';
import { createSqliteStore } from '../../../electron/adapters/state/sqlite-store.ts';
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import type { NodeRecord } from '../../../shared/models/fleet.ts';
import { defaultSettings } from '../../../shared/models/settings.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-state-'));
  path = join(folder, 'state.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const node: NodeRecord = {
  id: 'node_1',
  name: 'gpu-tower',
  kind: 'remote',
  url: 'http://127.0.0.1:1',
  mac: 'AA:BB:CC:DD:EE:FF',
  wakeDestinations: [],
  wakeWays: [{ kind: 'direct' }],
  agentUrl: null,
  shutdownUrl: null,
  vramBytes: 24e9,
  addedAt: 1,
};

describe('the state store', () => {
  it('gives back after a restart what was put in', () => {
    const first = createSqliteStore({ path }).store;
    first.settings.write({ ...defaultSettings, index: { ...defaultSettings.index, batchSize: 7 } });
    first.nodes.put(node);
    first.nodes.put({ ...node, name: 'renamed' });
    first.bootTimes.add(node.id, 1, 42_000);
    first.bootTimes.add(node.id, 2, 44_000);
    first.pins.set(node.id, 'llama3.1:8b', true);
    first.activity.append({ at: 5, kind: 'power', severity: 'info', message: 'It woke.' });
    first.close();

    const second = createSqliteStore({ path }).store;
    expect(second.settings.read()).toMatchObject({ index: { batchSize: 7 } });
    expect(second.nodes.list()).toEqual([{ ...node, name: 'renamed' }]);
    expect(second.bootTimes.recent(node.id, 5)).toEqual([44_000, 42_000]);
    expect(second.pins.list()).toEqual([{ nodeId: node.id, model: 'llama3.1:8b' }]);
    expect(second.activity.list({ limit: 10 })).toMatchObject([
      { message: 'It woke.', why: '', notify: false },
    ]);
    second.nodes.remove(node.id);
    expect(second.bootTimes.recent(node.id, 5)).toEqual([]);
    expect(second.pins.list()).toEqual([]);
    second.close();
  });

  it('lists activity newest first, by kind and from a place on', () => {
    const { store } = createSqliteStore({ path });
    for (let at = 1; at <= 6; at++) {
      store.activity.append({ at, kind: at % 2 ? 'power' : 'index', severity: 'info', message: `${at}` });
    }
    const ids = (entries: { message: string }[]) => entries.map((entry) => entry.message);
    expect(ids(store.activity.list({ limit: 2 }))).toEqual(['6', '5']);
    expect(ids(store.activity.list({ limit: 9, kinds: ['power'] }))).toEqual(['5', '3', '1']);
    expect(ids(store.activity.list({ limit: 9, before: 3 }))).toEqual(['2', '1']);
    store.close();
  });

  it('leaves out a row it cannot read and keeps the others', () => {
    const { store } = createSqliteStore({ path });
    store.nodes.put(node);
    store.close();
    const raw = new DatabaseSync(path);
    raw.exec(`INSERT INTO nodes VALUES ('broken', '{"id":1'), ('other', '{"id":"other"}')`);
    raw.close();
    const again = createSqliteStore({ path }).store;
    expect(again.nodes.list()).toEqual([node]);
    again.close();
  });

  it.each([
    ['no database at all', () => 'this is not a database, but it is long enough to be looked at'],
    ['damaged in the middle', () => damaged()],
  ])('keeps a file aside that is %s, and starts afresh', (_name, content) => {
    const bytes = content();
    writeFileSync(path, bytes);
    const { store, keptAside } = createSqliteStore({ path });
    expect(keptAside).toBe(`${path}.corrupt-1`);
    expect(readFileSync(`${path}.corrupt-1`)).toEqual(Buffer.from(bytes));
    store.nodes.put(node);
    expect(store.nodes.list()).toHaveLength(1);
    store.close();
    writeFileSync(path, 'damaged once more, and long enough for a header of sqlite');
    expect(createSqliteStore({ path }).keptAside).toBe(`${path}.corrupt-2`);
  });

  function damaged(): Buffer {
    const other = join(folder, 'whole.db');
    const { store } = createSqliteStore({ path: other });
    for (let count = 0; count < 200; count++) store.nodes.put({ ...node, id: `node_${count}` });
    store.close();
    const bytes = readFileSync(other);
    bytes.fill(0xa5, 4096, bytes.length - 512);
    return bytes;
  }

  it('says that the disk is full and keeps what was committed', () => {
    const { store } = createSqliteStore({ path });
    store.nodes.put(node);
    store.close();
    const { database } = openDatabase(path);
    const pages = database.prepare('PRAGMA page_count').get() as { page_count: number };
    database.exec(`PRAGMA max_page_count = ${pages.page_count}`);
    let thrown: unknown;
    try {
      database.exec(`INSERT INTO settings VALUES (1, '${'x'.repeat(100_000)}')`);
    } catch (error) {
      thrown = toStoreError(error);
    }
    expect(isPilotlightError(thrown) && thrown.code).toBe('DISK_FULL');
    expect(database.prepare('SELECT count(*) AS count FROM nodes').get()).toEqual({ count: 1 });
    database.close();
  });

  it('refuses a database of a newer version without touching it', () => {
    const raw = new DatabaseSync(path);
    raw.exec('PRAGMA user_version = 99');
    raw.close();
    expect(() => createSqliteStore({ path })).toThrow(/version 99/);
    expect(readdirSync(folder).filter((name) => name.includes('corrupt'))).toEqual([]);
  });

  it('runs each migration once and undoes one that fails', () => {
    const database = new DatabaseSync(':memory:');
    migrate(database, ['CREATE TABLE a (x)']);
    expect(() =>
      migrate(database, ['CREATE TABLE a (x)', 'CREATE TABLE b (x); CREATE TABLE a (x)']),
    ).toThrow();
    expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 });
    migrate(database, ['CREATE TABLE a (x)', 'CREATE TABLE b (x)']);
    expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 2 });
    database.close();
  });
});
