import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate, migrations } from '../../../electron/adapters/state/migrations.ts';
import { openDatabase, toStoreError } from '../../../electron/adapters/state/open-database.ts';
import { createSqliteStore } from '../../../electron/adapters/state/sqlite-store.ts';
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import type { ActivityEntry } from '../../../shared/models/activity.ts';
import type { NodeRecord } from '../../../shared/models/fleet.ts';
import { fact, plainText } from '../../../shared/models/message.ts';
import type { MoveRecord } from '../../../shared/models/placement.ts';
import { defaultPowerPolicy } from '../../../shared/models/power.ts';
import { defaultSettings } from '../../../shared/models/settings.ts';
import { textOf } from '../../../shared/text/index.ts';

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
    first.activity.append({ at: 5, kind: 'power', severity: 'info', message: plainText('It woke.') });
    first.close();

    const second = createSqliteStore({ path }).store;
    expect(second.settings.read()).toMatchObject({ index: { batchSize: 7 } });
    expect(second.nodes.list()).toEqual([{ ...node, name: 'renamed' }]);
    expect(second.bootTimes.recent(node.id, 5)).toEqual([44_000, 42_000]);
    expect(second.pins.list()).toEqual([{ nodeId: node.id, model: 'llama3.1:8b' }]);
    expect(second.activity.list({ limit: 10 })).toMatchObject([
      { message: plainText('It woke.'), why: null, notify: false },
    ]);
    second.nodes.remove(node.id);
    expect(second.bootTimes.recent(node.id, 5)).toEqual([]);
    expect(second.pins.list()).toEqual([]);
    second.close();
  });

  it('lists activity newest first, by kind and from a place on', () => {
    const { store } = createSqliteStore({ path });
    for (let at = 1; at <= 6; at++) {
      store.activity.append({
        at,
        kind: at % 2 ? 'power' : 'index',
        severity: 'info',
        message: plainText(`${at}`),
      });
    }
    const ids = (entries: ActivityEntry[]) => entries.map((entry) => textOf(entry.message));
    expect(ids(store.activity.list({ limit: 2 }))).toEqual(['6', '5']);
    expect(ids(store.activity.list({ limit: 9, kinds: ['power'] }))).toEqual(['5', '3', '1']);
    expect(ids(store.activity.list({ limit: 9, before: 3 }))).toEqual(['2', '1']);
    store.close();
  });

  describe('activity of an older version', () => {
    const rows = [
      { message: 'gpu-tower woke in 42 s.', why: 'Tried: magic packets from this computer.' },
      { message: 'It says "done".', why: '' },
    ];
    const expected = [
      { message: plainText('It says "done".'), why: null },
      {
        message: plainText('gpu-tower woke in 42 s.'),
        why: plainText('Tried: magic packets from this computer.'),
      },
    ];

    function writeOld(): void {
      const old = new DatabaseSync(path);
      migrate(old, migrations.slice(0, 5));
      const insert = old.prepare('INSERT INTO activity (at, kind, value) VALUES (?, ?, ?)');
      for (const [at, texts] of rows.entries()) {
        const value = { at, kind: 'power', severity: 'info', ...texts, nodeId: null, notify: false };
        insert.run(at, 'power', JSON.stringify(value));
      }
      insert.run(9, 'power', '{"damaged');
      old.close();
    }

    it('stays readable', () => {
      writeOld();
      for (let opened = 0; opened < 2; opened += 1) {
        const { store } = createSqliteStore({ path });
        expect(store.activity.list({ limit: 9 })).toMatchObject(expected);
        store.close();
      }
    });

    it('stays readable when its file is damaged', () => {
      writeOld();
      const old = new DatabaseSync(path);
      old.exec('DROP TABLE moves');
      old.close();
      const { store, damaged } = createSqliteStore({ path });
      expect(damaged?.rows).toMatchObject({ activity: 3 });
      expect(store.activity.list({ limit: 9 })).toMatchObject(expected);
      store.close();
    });
  });

  describe('moves of an older version', () => {
    const move = {
      at: 7,
      nodeId: node.id,
      nodeName: node.name,
      model: 'llama3.1:8b',
      by: 'optimizer',
      from: 'cpu',
      to: 'gpu',
      wanted: 'gpu',
      outcome: 'moved',
      reason: 'It is wholly on the GPU, 8.6 GB of VRAM.',
      code: null,
      durationMs: 4100,
      evicted: [],
    };
    const expected = [
      { id: 2, reason: plainText('It says "out of memory". '), outcome: 'failed' },
      { ...move, id: 1, reason: plainText(move.reason) },
    ];

    function writeOld(): void {
      const old = new DatabaseSync(path);
      migrate(old, migrations.slice(0, 6));
      const insert = old.prepare('INSERT INTO moves (at, value) VALUES (?, ?)');
      insert.run(move.at, JSON.stringify(move));
      insert.run(8, JSON.stringify({ ...move, outcome: 'failed', reason: 'It says "out of memory". ' }));
      insert.run(9, '{"damaged');
      old.close();
    }

    it('stay readable next to new ones', () => {
      writeOld();
      const first = createSqliteStore({ path }).store;
      expect(first.moves.list(9)).toMatchObject(expected);
      const { id: _, ...again } = first.moves.list(9)[1] as MoveRecord;
      const added = first.moves.append({ ...again, reason: fact('MOVED_TO_CPU') });
      first.close();
      const { store } = createSqliteStore({ path });
      expect(store.moves.list(9)).toMatchObject([added, ...expected]);
      store.close();
    });

    it('stay readable if their file is damaged', () => {
      writeOld();
      const old = new DatabaseSync(path);
      old.exec('DROP TABLE activity');
      old.close();
      const { store, damaged } = createSqliteStore({ path });
      expect(damaged?.rows).toMatchObject({ moves: 3 });
      expect(store.moves.list(9)).toMatchObject(expected);
      store.close();
    });
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
    const { store, damaged } = createSqliteStore({ path });
    expect(damaged?.keptAs).toBe(`${path}.corrupt-1`);
    expect(readFileSync(`${path}.corrupt-1`)).toEqual(Buffer.from(bytes));
    store.nodes.put(node);
    expect(store.nodes.list()).toHaveLength(1);
    store.close();
    writeFileSync(path, 'damaged once more, and long enough for a header of sqlite');
    expect(createSqliteStore({ path }).damaged?.keptAs).toBe(`${path}.corrupt-2`);
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

  it('reads out of a damaged file what can be read, table by table', () => {
    const { store } = createSqliteStore({ path });
    for (let count = 0; count < 400; count++) store.nodes.put({ ...node, id: `node_${count}` });
    store.pins.set(node.id, 'llama3.1:8b', true);
    store.settings.write({ ...defaultSettings, index: { ...defaultSettings.index, batchSize: 7 } });
    store.close();
    const bytes = readFileSync(path);
    const at = bytes.indexOf('node_200');
    bytes.fill(0, at - (at % 4096), at - (at % 4096) + 4096);
    writeFileSync(path, bytes);

    const { store: again, damaged } = createSqliteStore({ path });
    expect(damaged).toMatchObject({ keptAs: `${path}.corrupt-1`, incomplete: ['nodes'] });
    expect(readFileSync(`${path}.corrupt-1`)).toEqual(bytes);
    const left = again.nodes.list().length;
    expect(left).toBeGreaterThan(350);
    expect(left).toBeLessThan(400);
    expect(damaged?.rows.nodes).toBe(left);
    expect(again.pins.list()).toHaveLength(1);
    expect(again.settings.read()).toMatchObject({ index: { batchSize: 7 } });
    expect(again.power.openLeases()).toEqual([]);
    again.close();
    expect(readdirSync(folder).filter((name) => name.includes('reading'))).toEqual([]);
  });

  it.each(['leases', 'power_policies'])('keeps every machine on when rows of %s may be missing', (table) => {
    const { store } = createSqliteStore({ path });
    store.nodes.put(node);
    const known = { ...defaultPowerPolicy, powerOff: 'always' as const };
    store.nodes.put({ ...node, id: 'node_2' });
    store.power.putPolicy('node_2', known);
    const holder = 'a holder whose name is long enough to fill some of a page. '.repeat(3);
    for (let count = 0; count < 100; count++) {
      store.power.putLease({
        id: `lease_${count}`,
        nodeId: 'node_9',
        kind: 'person',
        holder,
        purpose: holder,
        createdAt: count,
        until: null,
        endedAt: null,
      });
      store.power.putPolicy(`node_9${count}`, known);
    }
    store.close();
    const bytes = readFileSync(path);
    const at = bytes.indexOf(table === 'leases' ? '"id":"lease_50"' : 'node_950{');
    bytes.fill(0, at - (at % 4096), at - (at % 4096) + 4096);
    writeFileSync(path, bytes);

    const again = createSqliteStore({ path });
    expect(again.damaged?.incomplete).toEqual([table]);
    const placed = again.store.power.openLeases().filter(({ nodeId }) => nodeId !== 'node_9');
    expect(placed.map(({ nodeId, until }) => [nodeId, until])).toEqual(
      table === 'leases'
        ? [
            ['node_1', null],
            ['node_2', null],
          ]
        : [],
    );
    const policies = new Map(
      again.store.power.policies().map(({ nodeId, policy }) => [nodeId, policy.powerOff]),
    );
    expect(policies.get('node_1')).toBe(table === 'leases' ? undefined : 'never');
    expect(policies.get('node_2')).toBe('always');
    again.store.close();
  });

  it('notices that the log has lost what was committed', () => {
    const { store } = createSqliteStore({ path });
    store.nodes.put(node);
    for (let count = 0; count < 20; count++)
      store.nodes.put({ ...node, id: `node_${count}`, name: `n${count}` });
    const place = join(folder, 'killed');
    mkdirSync(place);
    const killed = join(place, 'state.db');
    // As a process that was killed leaves them.
    const keep = () => {
      for (const suffix of ['', '-wal']) writeFileSync(killed + suffix, readFileSync(path + suffix));
    };
    keep();
    const whole = createSqliteStore({ path: killed });
    expect(whole.damaged).toBeNull();
    expect(whole.store.nodes.list()).toHaveLength(20);
    whole.store.close();

    keep();
    const log = readFileSync(`${killed}-wal`);
    const middle = Math.floor(log.length / 2);
    log[middle] = Number(log[middle]) ^ 8;
    writeFileSync(`${killed}-wal`, log);
    const { store: again, damaged } = createSqliteStore({ path: killed });
    expect(damaged).toMatchObject({
      keptAs: `${killed}.corrupt-1`,
      incomplete: ['leases', 'power_policies', 'credentials'],
    });
    expect(readFileSync(`${killed}.corrupt-1-wal`)).toEqual(log);
    const left = again.nodes.list();
    expect(left.length).toBeLessThan(20);
    expect(again.power.openLeases()).toHaveLength(left.length);
    again.close();

    // What was not committed is no loss: a crash leaves half of it.
    keep();
    writeFileSync(`${killed}-wal`, readFileSync(`${path}-wal`).subarray(0, -2000));
    const cut = createSqliteStore({ path: killed });
    expect(cut.damaged).toBeNull();
    cut.store.close();
    store.close();
  });

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
