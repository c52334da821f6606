import { describe, expect, test } from 'vitest';
import type { Client } from '../../../../renderer/client/index.ts';
import { depthRows } from '../../../../renderer/features/tasks/depth-rows.ts';
import {
  addressHash,
  filterTasks,
  isEnded,
  noFilter,
  orderTasks,
  readAddress,
  searchOf,
} from '../../../../renderer/features/tasks/filter.ts';
import { progressLine, ranMs, stateLabel } from '../../../../renderer/features/tasks/task-text.ts';
import { uploadFile } from '../../../../renderer/features/tasks/upload.ts';
import { task } from '../../../e2e/support/task-scenes.ts';

const ids = (tasks: readonly { id: string }[]) => tasks.map(({ id }) => id);

describe('the order of tasks', () => {
  test('is what runs, what waits by priority and age, what comes later, and what has ended', () => {
    const tasks = [
      task('done', { endedAt: 50 }),
      task('later', { state: 'delayed', runAt: 900 }),
      task('first', { state: 'waiting', addedAt: 1 }),
      task('failed', { state: 'failed', endedAt: 60 }),
      task('second', { state: 'waiting', addedAt: 2 }),
      task('urgent', { state: 'waiting', addedAt: 3, priority: 9 }),
      task('soon', { state: 'delayed', runAt: 300 }),
      task('old', { state: 'active', startedAt: 10 }),
      task('new', { state: 'active', startedAt: 20 }),
    ];
    const right = ['new', 'old', 'urgent', 'first', 'second', 'soon', 'later', 'failed', 'done'];
    expect(ids(orderTasks(tasks))).toEqual(right);
    expect(ids(orderTasks(tasks.toReversed()))).toEqual(right);
  });
});

describe('the filter', () => {
  const tasks = [
    task('a', {
      title: 'Lecture.mkv',
      contentType: 'video',
      queue: 'gpu-tasks',
      workerId: 'w1',
      workerName: 'tower',
    }),
    task('b', { state: 'failed', failure: { code: 'FILE_BINARY', message: 'Not a text file' } }),
    task('c', { state: 'delayed', batchId: 'batch-7' }),
  ];

  test.each([
    [{}, ['a', 'b', 'c']],
    [{ groups: new Set(['waiting'] as const) }, ['c']],
    [{ groups: new Set(['waiting', 'failed'] as const) }, ['b', 'c']],
    [{ queue: 'gpu-tasks' as const }, ['a']],
    [{ contentType: 'video' as const }, ['a']],
    [{ workerId: 'w1' }, ['a']],
    [{ batchId: 'batch-7' }, ['c']],
    [{ text: 'TOWER lect' }, ['a']],
    [{ text: 'file_binary' }, ['b']],
    [{ text: 'nothing like it' }, []],
  ])('%j', (patch, right) => {
    expect(ids(filterTasks(tasks, { ...noFilter, ...patch }))).toEqual(right);
  });

  test('asks the core for the states of its groups', () => {
    const filter = { ...noFilter, groups: new Set(['waiting'] as const), text: '  lamp ' };
    expect(searchOf(filter)).toEqual({ states: ['waiting', 'delayed'], text: 'lamp' });
    expect(searchOf(noFilter)).toEqual({});
  });
});

describe('the address', () => {
  test.each([
    '#/tasks',
    '#/tasks?view=workers',
    '#/tasks?state=waiting%2Cfailed&queue=gpu-tasks&type=video&worker=w+1&batch=b&text=two+words&task=t_1',
  ])('%s is read and written', (hash) => {
    expect(addressHash(readAddress(hash))).toBe(hash);
  });

  test('ignores what it does not know', () => {
    const read = readAddress('#/tasks?view=moon&state=hungry&queue=other&type=smell&period=year');
    expect(addressHash(read)).toBe('#/tasks');
  });
});

describe('the texts', () => {
  test('a text that cannot be found yet is being indexed', () => {
    expect(stateLabel(task('a', { storing: 'pending' }))).toBe('Indexing');
    expect(stateLabel(task('a', { storing: 'stored' }))).toBe('Done');
    expect(stateLabel(task('a', { storing: 'failed' }))).toBe('Done');
  });

  test('progress is shown while a task runs', () => {
    const running = task('a', { state: 'active', progress: 0.42, progressText: 'page 3 of 7' });
    expect(progressLine(running)).toBe('42% · page 3 of 7');
    expect(progressLine({ ...running, progress: 0, progressText: '' })).toBe('');
    expect(progressLine({ ...running, state: 'completed' })).toBe('');
  });

  test('how long it ran is known once it has started', () => {
    expect(ranMs(task('a', { startedAt: null, endedAt: null, state: 'waiting' }), 100)).toBeNull();
    expect(ranMs(task('a', { startedAt: 40, endedAt: null, state: 'active' }), 100)).toBe(60);
    expect(ranMs(task('a', { startedAt: 40, endedAt: 90 }), 100)).toBe(50);
    // Given up before it was started again.
    expect(ranMs(task('a', { startedAt: 40, endedAt: null, state: 'delayed' }), 100)).toBeNull();
  });

  test('only what has ended is over', () => {
    const states = ['waiting', 'delayed', 'active', 'completed', 'failed', 'cancelled'] as const;
    expect(states.filter((state) => isEnded({ state }))).toEqual(['completed', 'failed', 'cancelled']);
  });
});

describe('an upload', () => {
  function receiver() {
    const parts: Uint8Array[] = [];
    const calls: Record<string, unknown>[] = [];
    const client = {
      async call(_method: string, params: Record<string, unknown>) {
        calls.push(params);
        const bytes = Buffer.from(String(params.data), 'base64');
        expect(params.offset).toBe(parts.reduce((sum, part) => sum + part.length, 0));
        parts.push(bytes);
        return { uploadId: 'u1', receivedBytes: 0, fileId: params.last ? 'file_1' : null };
      },
    } as unknown as Client;
    return { client, calls, content: () => Buffer.concat(parts) };
  }

  test.each([0, 1, 4 * 1024 * 1024, 9_000_001])('of %i bytes arrives as it is', async (size) => {
    const content = Buffer.alloc(size);
    for (let at = 0; at < size; at += 997) content[at] = at % 251;
    const to = receiver();
    const done: number[] = [];
    const file = Object.assign(new Blob([content]), { name: 'Garden.md' });
    const id = await uploadFile(to.client, file, (bytes) => done.push(bytes), new AbortController().signal);
    expect(id).toBe('file_1');
    expect(to.content().equals(content)).toBe(true);
    expect(done.at(-1)).toBe(size);
    expect(to.calls.map(({ name }) => name)).toEqual([
      'Garden.md',
      ...to.calls.slice(1).map(() => undefined),
    ]);
  });

  test('stops when it is cancelled', async () => {
    const controller = new AbortController();
    const to = receiver();
    const file = Object.assign(new Blob([Buffer.alloc(9_000_001)]), { name: 'a' });
    const upload = uploadFile(to.client, file, () => controller.abort(), controller.signal);
    await expect(upload).rejects.toThrow();
    expect(to.calls).toHaveLength(1);
  });
});

describe('the depth of the queues', () => {
  const point = (minute: number, waiting: number) => ({
    at: minute * 60_000,
    seconds: 60,
    queue: 'celery' as const,
    waiting,
    active: 1,
  });

  test('is a gap where the core was off, and not what it was before', () => {
    const rows = depthRows([point(1, 4), point(2, 2), point(7, 3)]);
    expect(rows).toEqual([
      { at: 60_000, values: { celery: 5 } },
      { at: 120_000, values: { celery: 3 } },
      { at: 180_000, values: {}, missing: true },
      { at: 420_000, values: { celery: 4 } },
    ]);
    expect(depthRows([])).toEqual([]);
  });

  test('moments that were joined have how far the depth went, each queue its own', () => {
    const joined = { at: 0, seconds: 300, waiting: 2, active: 1 };
    expect(
      depthRows([
        { ...joined, queue: 'celery', spread: [0, 9] },
        { ...joined, queue: 'gpu-tasks' },
      ]),
    ).toEqual([{ at: 0, values: { celery: 3, 'gpu-tasks': 3 }, bands: { celery: [0, 9] } }]);
  });
});
