import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSqliteStore } from '../../../electron/adapters/state/sqlite-store.ts';
import type { RunnerRecord } from '../../../shared/models/runner.ts';
import { aRunnerStatus } from '../../fakes/runner.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-runners-'));
  path = join(folder, 'state.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const record = (nodeId: string, changes: Partial<RunnerRecord> = {}): RunnerRecord => ({
  nodeId,
  from: 'agent',
  url: 'http://127.0.0.1:8765',
  at: 1,
  status: aRunnerStatus({ immich: ['clip/ViT-B-32__openai/visual'] }),
  ...changes,
});

it('what each runner reported last is kept, and goes with its machine or by itself', () => {
  const first = createSqliteStore({ path }).store;
  for (const id of ['a', 'b', 'c']) first.runners.put(record(id));
  first.runners.put(record('a', { at: 2, from: 'address' }));
  first.runners.remove('c');
  first.close();
  const second = createSqliteStore({ path }).store;
  expect(second.runners.list()).toEqual([record('a', { at: 2, from: 'address' }), record('b')]);
  second.nodes.remove('a');
  expect(second.runners.list()).toEqual([record('b')]);
  second.close();
});

it.each(['nonsense', '{}', JSON.stringify(record('other'))])(
  'a damaged record is set aside and left out: %s',
  (value) => {
    const { store: saved } = createSqliteStore({ path });
    saved.runners.put(record('a'));
    saved.runners.put(record('b'));
    saved.close();
    const raw = new DatabaseSync(path);
    raw.prepare('UPDATE runners SET value = ? WHERE node_id = ?').run(value, 'a');
    raw.close();
    const rows: string[] = [];
    const { store } = createSqliteStore({ path, onDamagedRow: ({ table }) => rows.push(table) });
    expect(store.runners.list().map(({ nodeId }) => nodeId)).toEqual(['b']);
    expect(rows).toEqual(['runners']);
    store.close();
  },
);
