import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrations } from '../../../electron/adapters/state/migrations.ts';
import { createSqliteStore } from '../../../electron/adapters/state/sqlite-store.ts';
import { addDuration, newHistogram } from '../../../electron/core/gateway/histogram.ts';
import type { RequestTotals } from '../../../electron/core/ports/request-history.ts';

const START = Date.UTC(2026, 10, 21, 9);
const MINUTE_MS = 60_000;
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-requests-'));
  path = join(folder, 'state.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function aRow(changes: Partial<RequestTotals> = {}): RequestTotals {
  const firstByte = newHistogram();
  for (const ms of [1, 40, 41, 9000]) addDuration(firstByte, ms);
  return {
    nodeId: 'node_1',
    model: 'llama3.2:latest',
    requests: 4,
    failed: 1,
    waitingMs: 1500,
    outputTokens: 120,
    outputMs: 2400,
    firstByte,
    ...changes,
  };
}

const open = () => createSqliteStore({ path }).store;

it('gives back after a restart what was written, a later bucket in the place of an earlier one', () => {
  const rows = [aRow(), aRow({ nodeId: null, model: null }), aRow({ model: '__proto__' })];
  const first = open();
  first.requestHistory.write({ buckets: [{ seconds: 60, start: START, rows: [aRow()] }], prune: [] });
  first.requestHistory.write({
    buckets: [
      { seconds: 60, start: START, rows },
      { seconds: 60, start: START + MINUTE_MS, rows: [] },
      { seconds: 900, start: START, rows: [aRow()] },
    ],
    prune: [],
  });
  first.close();
  const again = open();
  expect(again.requestHistory.read(60, START, START)).toEqual([{ seconds: 60, start: START, rows }]);
  expect(again.requestHistory.read(60, START, START + MINUTE_MS)).toHaveLength(2);
  expect(again.requestHistory.read(900, START, START)).toHaveLength(1);
  expect(again.requestHistory.read(60, START + 2 * MINUTE_MS, START + 9 * MINUTE_MS)).toEqual([]);
  again.close();
});

it('deletes old buckets of one length', () => {
  const store = open();
  const minutes = [0, 1, 2, 3].map((minute) => ({
    seconds: 60 as const,
    start: START + minute * MINUTE_MS,
    rows: [aRow()],
  }));
  store.requestHistory.write({ buckets: [...minutes, { seconds: 900, start: START, rows: [] }], prune: [] });
  store.requestHistory.write({ buckets: [], prune: [{ seconds: 60, before: START + 2 * MINUTE_MS }] });
  const starts = store.requestHistory.read(60, START, START + 9 * MINUTE_MS).map(({ start }) => start);
  expect(starts).toEqual([START + 2 * MINUTE_MS, START + 3 * MINUTE_MS]);
  expect(store.requestHistory.read(900, START, START)).toHaveLength(1);
  store.close();
});

it('is added to a state of an older version', () => {
  const before = migrations.slice(
    0,
    migrations.findIndex((step) => step.includes('request_buckets')),
  );
  const old = new DatabaseSync(path);
  for (const step of before) old.exec(step);
  old.exec(`PRAGMA user_version = ${before.length}`);
  old.close();
  const store = open();
  store.requestHistory.write({ buckets: [{ seconds: 60, start: START, rows: [aRow()] }], prune: [] });
  expect(store.requestHistory.read(60, START, START)).toHaveLength(1);
  store.close();
});

it.each([
  '',
  'null',
  '[[1]]',
  '[null]',
  '{"a":1}',
  '[["n","m",1,1,1,1,1,"x"]]',
  '[["n","m",1,1,1,1,1,[1e9]]]',
  '[["n","m",1,1,1,1,1,[-1,2]]]',
])('leaves out what cannot be read: %s', (value) => {
  const store = open();
  store.requestHistory.write({ buckets: [{ seconds: 60, start: START, rows: [aRow()] }], prune: [] });
  store.close();
  const raw = new DatabaseSync(path);
  raw.prepare('UPDATE request_buckets SET value = ?').run(value);
  raw.close();
  const again = open();
  const [bucket] = again.requestHistory.read(60, START, START);
  // A bucket without rows would say that nothing came through.
  expect(bucket === undefined || bucket.rows.length > 0).toBe(true);
  expect(bucket?.rows.flatMap(({ firstByte }) => [...firstByte]) ?? []).toEqual([]);
  again.close();
});
