import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHistoryStore } from '../../../electron/adapters/state/history.ts';
import { migrate, migrations } from '../../../electron/adapters/state/migrations.ts';
import { openDatabase } from '../../../electron/adapters/state/open-database.ts';
import { createSqliteStore } from '../../../electron/adapters/state/sqlite-store.ts';
import type { BucketRow } from '../../../electron/core/ports/history.ts';
import { isPilotlightError } from '../../../shared/contract/errors.ts';

const MIB = 1_048_576;
const START = Date.UTC(2026, 10, 21, 9);
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-history-'));
  path = join(folder, 'state.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const aRow = (changes: Partial<BucketRow> = {}, totals: Partial<BucketRow['totals']> = {}): BucketRow => ({
  nodeId: 'node_1',
  seconds: 60,
  start: START,
  totals: {
    servingSeconds: 59.9,
    vectors: 12,
    vramTotalBytes: 24e9,
    vramUsed: { sum: 5000 * 60 * MIB, seconds: 60 },
    vramUsedBounds: { min: 4e9, max: 6e9 },
    utilisation: { sum: 1234, seconds: 60 },
    utilisationBounds: { min: 0, max: 97 },
    power: { sum: 5400, seconds: 58.5 },
    powerBounds: { min: 21, max: 180 },
    temperature: { sum: 3600, seconds: 59 },
    temperatureBounds: { min: 40, max: 71 },
    models: new Map([
      ['llama3.1:8b', 4000 * 60 * MIB],
      ['__proto__', 60 * MIB],
    ]),
    ...totals,
  },
  ...changes,
});

const emptyTotals = {
  vramTotalBytes: null,
  vramUsed: { sum: 0, seconds: 0 },
  vramUsedBounds: { min: null, max: null },
  utilisationBounds: { min: null, max: null },
  powerBounds: { min: null, max: null },
  temperature: { sum: 0, seconds: 0 },
  temperatureBounds: { min: null, max: null },
  models: new Map(),
};

describe('the kept history', () => {
  it('gives back after a restart what was written, a later row in the place of an earlier one', () => {
    const first = createSqliteStore({ path }).store;
    const bare = aRow({ nodeId: 'node_2', start: START + 60_000 }, { ...emptyTotals, vectors: 0 });
    first.history.write({ rows: [aRow(), bare, aRow({ seconds: 900 })], prune: [] });
    first.history.write({ rows: [aRow({}, { vectors: 13 })], prune: [] });
    first.close();

    const { history, close } = createSqliteStore({ path }).store;
    expect(history.read('node_1', 60, START - 120_000, START + 120_000)).toEqual([aRow({}, { vectors: 13 })]);
    expect(history.read('node_1', 900, START, START)).toEqual([aRow({ seconds: 900 })]);
    expect(history.read('node_2', 60, START, START + 60_000)).toEqual([bare]);
    expect(history.read('node_3', 60, START, START + 60_000)).toEqual([]);
    expect(history.read('node_1', 60, START, START - 60_000)).toEqual([]);
    expect(history.at(60, START)).toEqual([aRow({}, { vectors: 13 })]);
    expect(history.work(60, START, START + 60_000)).toEqual([
      { nodeId: 'node_1', start: START, vectors: 13 },
    ]);
    close();
  });

  it('takes whatever numbers a server has claimed', () => {
    const { history, close } = createSqliteStore({ path }).store;
    const wild = {
      vramTotalBytes: 1e300,
      vramUsed: { sum: 1e300, seconds: 60 },
      utilisationBounds: { min: Number.NaN, max: -5.5 },
    };
    history.write({ rows: [aRow({}, wild)], prune: [] });
    expect(history.at(60, START)[0]?.totals).toMatchObject({
      vramTotalBytes: Number.MAX_SAFE_INTEGER,
      utilisationBounds: { min: 0, max: 0 },
    });
    close();
  });

  it('drops what is too old, of one length only', () => {
    const { history, close } = createSqliteStore({ path }).store;
    const rows = [0, 1, 2].flatMap((minute) => [
      aRow({ start: START + minute * 60_000 }),
      aRow({ seconds: 900, start: START + minute * 900_000 }),
    ]);
    history.write({ rows, prune: [{ seconds: 60, before: START + 61_000 }] });
    expect(history.read('node_1', 60, START, START + 3_600_000).map(({ start }) => start - START)).toEqual([
      120_000,
    ]);
    expect(history.read('node_1', 900, START, START + 3_600_000)).toHaveLength(3);
    close();
  });

  it('forgets a node for good, also for one that is called the same later', () => {
    const first = createSqliteStore({ path }).store;
    first.history.write({ rows: [aRow(), aRow({ nodeId: 'node_2' })], prune: [] });
    first.history.remove('node_1');
    first.close();
    const { history, close } = createSqliteStore({ path }).store;
    history.write({ rows: [aRow({ start: START + 60_000 })], prune: [] });
    expect(history.read('node_1', 60, START, START + 60_000).map(({ start }) => start - START)).toEqual([
      60_000,
    ]);
    expect(history.at(60, START).map(({ nodeId }) => nodeId)).toEqual(['node_2']);
    expect(history.work(60, START, START).map(({ nodeId }) => nodeId)).toEqual(['node_2']);
    close();
  });

  it('forgets a node inside a larger change, and finds it again when that is undone', () => {
    const { database } = openDatabase(path);
    const history = createHistoryStore({ database, statement: (sql) => database.prepare(sql) });
    history.write({ rows: [aRow()], prune: [] });
    database.exec('BEGIN');
    history.remove('node_1');
    expect(history.at(60, START)).toEqual([]);
    database.exec('ROLLBACK');
    history.write({ rows: [aRow({ start: START + 60_000 })], prune: [] });
    expect(history.read('node_1', 60, START, START + 60_000)).toHaveLength(2);
    database.close();
  });

  it('comes to a database of the version before, and leaves the rest as it was', () => {
    const old = new DatabaseSync(path);
    migrate(old, migrations.slice(0, 1));
    old.exec("INSERT INTO pins VALUES ('node_1', 'llama3.1:8b')");
    old.close();
    const { store, damaged } = createSqliteStore({ path });
    expect(damaged).toBeNull();
    expect(store.pins.list()).toHaveLength(1);
    store.history.write({ rows: [aRow()], prune: [] });
    expect(store.history.at(60, START)).toEqual([aRow()]);
    store.close();
  });

  it('changes nothing when the disk is full, and goes on when there is room again', () => {
    const { database } = openDatabase(path);
    const history = createHistoryStore({ database, statement: (sql) => database.prepare(sql) });
    history.write({ rows: [aRow()], prune: [] });
    const { page_count: pages } = database.prepare('PRAGMA page_count').get() as { page_count: number };
    database.exec(`PRAGMA max_page_count = ${pages}`);
    const many = Array.from({ length: 500 }, (_, index) =>
      aRow({ nodeId: `new_${index}` }, { models: new Map([[`model ${index}`, MIB]]) }),
    );
    let thrown: unknown;
    try {
      history.write({ rows: [aRow({}, { vectors: 99 }), ...many], prune: [] });
    } catch (error) {
      thrown = error;
    }
    expect(isPilotlightError(thrown) && thrown.code).toBe('DISK_FULL');
    expect(history.at(60, START)).toEqual([aRow()]);
    database.exec('PRAGMA max_page_count = 1000000');
    history.write({ rows: many, prune: [] });
    expect(history.at(60, START)).toEqual([aRow(), ...many]);
    database.close();
  });

  it('finds one node and the work without reading the others', () => {
    const { database } = openDatabase(path);
    const asked: string[] = [];
    const history = createHistoryStore({
      database,
      statement: (sql) => {
        asked.push(sql);
        return database.prepare(sql);
      },
    });
    asked.length = 0;
    history.read('node_1', 60, START, START);
    history.work(60, START, START);
    const [read, work] = asked.map((sql) =>
      database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map((row) => String(row.detail)),
    );
    expect(read).toContain('SEARCH telemetry_buckets USING PRIMARY KEY (seconds=? AND start=? AND node=?)');
    expect(work).toEqual([
      'SEARCH telemetry_buckets USING COVERING INDEX telemetry_work (seconds=? AND start>? AND start<?)',
    ]);
    database.close();
  });
});

it('forgets the names of models that are in no bucket any more, once there are many', () => {
  const open = () => createSqliteStore({ path }).store;
  let store = open();
  store.history.write({ rows: [aRow()], prune: [] });
  const many = new Map(Array.from({ length: 2100 }, (_, number) => [`model-${number}`, 60 * MIB] as const));
  store.history.write({ rows: [aRow({ start: START - 60_000 }, { models: many })], prune: [] });
  const names = () => {
    const database = new DatabaseSync(path);
    const found = database
      .prepare("SELECT count(*) AS count FROM telemetry_names WHERE kind = 'model'")
      .get();
    database.close();
    return Number(found?.count);
  };
  store.close();
  store = open();
  expect(names()).toBe(2102);
  store.history.write({ rows: [], prune: [{ seconds: 60, before: START }] });
  store.close();
  store = open();
  expect(names()).toBe(2);
  const [row] = store.history.read('node_1', 60, START, START);
  expect([...(row?.totals.models.keys() ?? [])]).toEqual(['llama3.1:8b', '__proto__']);
  store.close();
});

it('keeps rows that could not be read for half a year, and not more than 2,000', () => {
  createSqliteStore({ path }).store.close();
  const database = new DatabaseSync(path);
  const add = database.prepare(
    "INSERT INTO damaged_rows (at, source, key, value) VALUES (?, 'nodes', ?, '')",
  );
  for (let number = 0; number < 2500; number += 1) add.run(Date.now(), `new-${number}`);
  add.run(Date.now() - 181 * 86_400_000, 'old');
  database.prepare("INSERT INTO nodes (id, value) VALUES ('broken', '{')").run();
  database.close();
  const store = createSqliteStore({ path }).store;
  store.nodes.list();
  store.close();
  const after = new DatabaseSync(path);
  const keys = after.prepare('SELECT key FROM damaged_rows ORDER BY id').all();
  after.close();
  expect(keys.length).toBe(1999);
  expect(keys.at(-1)).toEqual({ key: 'broken' });
  expect(keys).not.toContainEqual({ key: 'old' });
});
