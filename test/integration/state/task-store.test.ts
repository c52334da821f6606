import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSqliteStore } from '../../../electron/adapters/state/sqlite-store.ts';
import type { Store } from '../../../electron/core/ports/state.ts';
import type { IngestedRecord } from '../../../electron/core/ports/task-state.ts';
import { fact } from '../../../shared/models/message.ts';
import type { TaskWorkerRecord } from '../../../shared/models/tasks.ts';

let folder: string;
let path: string;
let store: Store;
const damaged: string[] = [];
const open = () => createSqliteStore({ path, onDamagedRow: ({ table }) => void damaged.push(table) }).store;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-task-store-'));
  path = join(folder, 'state.sqlite');
  damaged.length = 0;
  store = open();
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

const reopen = () => {
  store.close();
  store = open();
};

const text = (taskId: string, own: Partial<IngestedRecord> = {}): IngestedRecord => ({
  ...{
    taskId,
    title: `Title ${taskId}`,
    contentType: 'document',
    origin: 'notes.md',
    addedAt: 1,
    sizeBytes: 5,
  },
  state: 'pending',
  ...own,
});
const worker = (id: string, seenAt = 1): TaskWorkerRecord => ({
  ...{ id, name: id, type: 'gpu', queues: ['gpu-tasks'], slots: 2, version: '1', contentTypes: ['audio'] },
  ...{ nodeId: 'tower', seenAt, startedAt: 1, done: 3, failed: 1 },
});

describe('what is known of workers', () => {
  it('survives a restart', () => {
    store.tasks.workers.put(worker('a'));
    store.tasks.workers.put(worker('b'));
    store.tasks.workers.put({ ...worker('a'), done: 4 });
    store.tasks.workers.remove('b');
    reopen();
    expect(store.tasks.workers.list()).toEqual([{ ...worker('a'), done: 4 }]);
  });

  it('has a limit: the ones that were not seen for the longest time are given up', () => {
    for (let index = 0; index < 510; index += 1) store.tasks.workers.put(worker(`w${index}`, index));
    const seen = store.tasks.workers.list().map(({ seenAt }) => seenAt);
    expect(seen).toHaveLength(500);
    expect(Math.min(...seen)).toBe(10);
  });

  it('is usable where one cannot be read', () => {
    store.tasks.workers.put(worker('a'));
    store.tasks.workers.put(worker('b'));
    const raw = new DatabaseSync(path);
    raw.exec("UPDATE task_workers SET value = '{' WHERE id = 'a'");
    raw.close();
    expect(store.tasks.workers.list()).toEqual([worker('b')]);
    expect(damaged).toEqual(['task_workers']);
  });
});

describe('stored texts', () => {
  it('are listed newest first, and found by letters of any case in title and origin', () => {
    store.tasks.ingested.put([
      text('a', { addedAt: 1, title: 'Lampe Ö' }),
      text('b', { addedAt: 3, origin: 'https://127.0.0.1/LAMP' }),
      text('c', { addedAt: 2, title: '100 % %_', state: 'deleted' }),
      text('d', { addedAt: 4, title: '50 %' }),
    ]);
    reopen();
    const list = (wanted?: string, offset = 0, limit = 10) => {
      const { texts, total } = store.tasks.ingested.list({ text: wanted, offset, limit });
      return `${texts.map(({ taskId }) => taskId).join('')} of ${total}`;
    };
    expect(list()).toBe('dba of 3');
    expect(list(undefined, 1, 1)).toBe('b of 3');
    expect(list('lamp')).toBe('ba of 2');
    expect(list('ö')).toBe('a of 1');
    expect(list('%')).toBe('d of 1');
    expect(list('_')).toBe(' of 0');
    expect(store.tasks.ingested.size()).toEqual({ count: 3, oldestAt: 1 });
    expect(store.tasks.ingested.get('c')).toMatchObject({ state: 'deleted' });
    expect(store.tasks.ingested.get('nope')).toBeNull();
  });

  it('change their state, and go', () => {
    store.tasks.ingested.put([text('a'), text('b', { addedAt: 2 })]);
    store.tasks.ingested.put([text('a', { state: 'indexed' })]);
    expect(store.tasks.ingested.inState('pending', 10)).toEqual([text('b', { addedAt: 2 })]);
    store.tasks.ingested.remove(['a', 'b']);
    expect(store.tasks.ingested.size()).toEqual({ count: 0, oldestAt: null });
  });
});

it('webhooks survive a restart, as does the time since when they are recorded', () => {
  const webhook = {
    ...{ taskId: 'a', url: 'http://127.0.0.1/', addedAt: 1, attempts: 0, nextAt: null },
    calledFor: null,
  };
  expect(store.tasks.webhooks.since(7)).toBe(7);
  store.tasks.webhooks.put([webhook, { ...webhook, taskId: 'b' }]);
  store.tasks.webhooks.put([{ ...webhook, attempts: 2, nextAt: 5 }]);
  store.tasks.webhooks.remove(['b']);
  reopen();
  expect(store.tasks.webhooks.list()).toEqual([{ ...webhook, attempts: 2, nextAt: 5 }]);
  expect(store.tasks.webhooks.since(9)).toBe(7);
});

describe('the depth of queues', () => {
  const minute = (start: number, waiting = 3) => ({
    seconds: 60 as const,
    start,
    rows: [{ queue: 'celery' as const, seconds: 60, waiting, active: 1 }],
  });

  it('is replaced by bucket, read by time, and pruned', () => {
    store.tasks.depth.write({ buckets: [minute(60_000), minute(120_000), minute(180_000)], prune: [] });
    store.tasks.depth.write({ buckets: [minute(120_000, 9)], prune: [{ seconds: 60, before: 120_000 }] });
    reopen();
    expect(store.tasks.depth.read(60, 0, 180_000)).toEqual([minute(120_000, 9), minute(180_000)]);
    expect(store.tasks.depth.read(900, 0, 180_000)).toEqual([]);
  });

  it('has a gap where it cannot be read', () => {
    store.tasks.depth.write({ buckets: [minute(60_000)], prune: [] });
    const raw = new DatabaseSync(path);
    raw.exec("UPDATE task_depth SET value = '[{}]'");
    raw.close();
    expect(store.tasks.depth.read(60, 0, 180_000)).toEqual([{ seconds: 60, start: 60_000, rows: [] }]);
  });
});

describe('what histories take', () => {
  it('is measured, and is nothing after they were cleared', () => {
    const entry = { kind: 'tasks', severity: 'info', message: fact('TASK_STORED') } as const;
    for (let at = 5; at < 505; at += 1) store.activity.append({ ...entry, at });
    const before = store.histories.use('activity');
    expect(before).toMatchObject({ count: 500, oldestAt: 5 });
    expect(before.sizeBytes).toBeGreaterThan(500 * 50);
    store.histories.clear('activity');
    expect(store.activity.list({ limit: 10 })).toEqual([]);
    const after = store.histories.use('activity');
    expect(after).toEqual({ sizeBytes: 0, count: 0, oldestAt: null });
    // The numbers go on: a panel must not take a new entry for an old one.
    expect(store.activity.append({ ...entry, at: 1 }).id).toBe(501);
  });

  it('counts readings and depths together', () => {
    store.tasks.depth.write({
      buckets: [{ seconds: 60, start: 60_000, rows: [] }],
      prune: [],
    });
    expect(store.histories.use('history')).toMatchObject({ count: 1, oldestAt: 60_000 });
    expect(store.histories.use('requests')).toEqual({ sizeBytes: 0, count: 0, oldestAt: null });
    store.histories.clear('history');
    expect(store.tasks.depth.read(60, 0, 120_000)).toEqual([]);
  });
});
