import { describe, expect, it } from 'vitest';
import {
  failedAnswer,
  foreignStatus,
  processAnswer,
  queuesAnswer,
  statusAnswer,
  workersAnswer,
} from '../../../../electron/transport/http/tasks/shapes.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { TaskDetails, TaskQueueView, TaskView, TaskWorker } from '../../../../shared/models/tasks.ts';

const at = Date.UTC(2026, 10, 27, 20, 0, 0);

const aTask = (task: Partial<TaskView> = {}): TaskView => ({
  id: 'task_1',
  queue: 'celery',
  state: 'waiting',
  priority: 0,
  addedAt: at,
  runAt: null,
  startedAt: null,
  endedAt: null,
  attempts: 0,
  maxAttempts: 3,
  workerId: null,
  progress: 0,
  progressText: '',
  failure: null,
  contentType: 'document',
  title: 'notes.md',
  input: 'file',
  gpu: false,
  store: true,
  storing: 'pending',
  batchId: null,
  credentialId: null,
  workerName: null,
  why: null,
  ...task,
});

const details = (task: Partial<TaskView>, result: TaskDetails['result'] = null): TaskDetails => ({
  task: aTask(task),
  spec: {
    contentType: 'document',
    input: { kind: 'url', url: 'http://a/' },
    title: 'notes.md',
    options: {},
    metadata: { author: 'Ada' },
    store: true,
    gpu: false,
    whenGpuAsleep: 'wait',
    webhookUrl: null,
    batchId: null,
    credentialId: null,
    timeLimitMs: 1000,
  },
  result,
  steps: [],
  log: '',
});
const aResult: NonNullable<TaskDetails['result']> = {
  content: '# Notes',
  contentFileId: null,
  metadata: { pages: 2 },
  thumbnails: [],
  processingMs: 1500,
};

describe('the status', () => {
  it.each([
    ['waiting', null, 'PENDING'],
    ['delayed', null, 'PENDING'],
    ['active', null, 'PROGRESS'],
    ['failed', null, 'FAILURE'],
    ['cancelled', null, 'REVOKED'],
    ['completed', null, 'SUCCESS'],
    ['completed', 'stored', 'SUCCESS'],
    ['completed', 'pending', 'PROGRESS'],
    ['completed', 'failed', 'FAILURE'],
  ] as const)('of a task that is %s (text %s) is %s', (state, storing, expected) =>
    expect(foreignStatus({ state, storing })).toBe(expected),
  );

  it('has the fields that scripts read', () => {
    const task = { state: 'active', startedAt: at + 1000, progress: 0.25, progressText: 'page 1' } as const;
    expect(statusAnswer(details(task), at + 11_000)).toEqual({
      task_id: 'task_1',
      status: 'PROGRESS',
      progress: 0.25,
      message: 'page 1',
      result: null,
      error: null,
      created_at: '2026-11-27T20:00:00.000Z',
      started_at: '2026-11-27T20:00:01.000Z',
      completed_at: null,
      estimated_time_remaining: 30,
    });
  });

  it('has the result, with what the sender gave along, when the text can be found', () => {
    const task = {
      state: 'completed',
      startedAt: at,
      endedAt: at + 2000,
      storing: 'stored',
      progress: 0.9,
    } as const;
    expect(statusAnswer(details(task, aResult), at + 5000)).toMatchObject({
      status: 'SUCCESS',
      progress: 1,
      result: {
        success: true,
        content: '# Notes',
        metadata: { pages: 2, author: 'Ada' },
        processing_time: 1.5,
      },
      completed_at: '2026-11-27T20:00:02.000Z',
      estimated_time_remaining: null,
    });
    expect(statusAnswer(details({ ...task, storing: 'pending' }, aResult), at)).toMatchObject({
      status: 'PROGRESS',
      result: null,
      completed_at: null,
    });
  });

  it('says why it failed, and what it waits for', () => {
    const failure = { code: 'FILE_BINARY', message: 'Not a text file.' };
    expect(statusAnswer(details({ state: 'failed', failure, endedAt: at }), at)).toMatchObject({
      status: 'FAILURE',
      error: 'Not a text file.',
      completed_at: '2026-11-27T20:00:00.000Z',
    });
    const why = fact('FIELD_MISSING', { field: 'worker' });
    expect(statusAnswer(details({ why }), at)).toMatchObject({
      status: 'PENDING',
      message: expect.stringContaining('worker'),
      error: null,
    });
  });
});

describe('an answer at once', () => {
  it('has what the handler made', () => {
    const thumbnails = ['data:image/png;base64,AA=='];
    expect(processAnswer(details({ state: 'completed', store: false }, { ...aResult, thumbnails }))).toEqual({
      success: true,
      content: '# Notes',
      metadata: { pages: 2, author: 'Ada' },
      processing_time: 1.5,
      thumbnails,
    });
  });
  it('says what went wrong', () => {
    const failure = { code: 'FILE_BINARY', message: 'Not a text file.' };
    const failed = details({ state: 'failed', startedAt: at, endedAt: at + 250, failure });
    expect(processAnswer(failed)).toEqual(failedAnswer('Not a text file.', 250));
    expect(processAnswer(details({ state: 'cancelled' }))).toMatchObject({
      success: false,
      error_message: expect.any(String),
    });
  });
});

const aWorker = (worker: Partial<TaskWorker>): TaskWorker => ({
  id: 'worker_1',
  name: 'tower',
  type: 'cpu',
  queues: ['celery'],
  slots: 2,
  active: 1,
  version: '1.0.0',
  contentTypes: ['document'],
  nodeId: null,
  state: 'online',
  seenAt: at,
  startedAt: at,
  load: null,
  done: 0,
  failed: 0,
  sharedFolder: false,
  trouble: null,
  ...worker,
});
const counts = { waiting: 2, delayed: 1, active: 1, completed: 7, failed: 3, cancelled: 1 };
const queues: TaskQueueView[] = [
  { queue: 'gpu-tasks', counts, workers: 1, oldestMs: 5 },
  { queue: 'celery', counts: { ...counts, waiting: 0 }, workers: 2, oldestMs: null },
];

describe('workers and queues', () => {
  it('lists who is there by name, also two of one name', () => {
    const workers = [
      aWorker({}),
      aWorker({ id: 'worker_2' }),
      aWorker({ id: 'worker_3', name: 'gpu', type: 'gpu', queues: ['gpu-tasks'], active: 0 }),
      aWorker({ id: 'worker_4', name: 'old', type: 'gpu', state: 'lost' }),
    ];
    expect(workersAnswer(workers, queues)).toEqual({
      workers: {
        total: 3,
        gpu: 1,
        cpu: 2,
        details: {
          'tower (worker_1)': { type: 'cpu', active_tasks: 1, max_tasks: 2, queues: ['celery'] },
          'tower (worker_2)': { type: 'cpu', active_tasks: 1, max_tasks: 2, queues: ['celery'] },
          gpu: { type: 'gpu', active_tasks: 0, max_tasks: 2, queues: ['gpu-tasks'] },
        },
      },
      queues: { 'gpu-tasks': { length: 3, workers: 1 }, celery: { length: 1, workers: 2 } },
      gpu_available: true,
    });
  });
  it.each(['draining', 'asleep', 'lost'] as const)('does not count on a GPU worker that is %s', (state) =>
    expect(workersAnswer([aWorker({ type: 'gpu', state })], queues).gpu_available).toBe(false),
  );
  it('adds the queues up', () =>
    expect(queuesAnswer(queues)).toEqual({ pending: 4, active: 2, completed: 14, failed: 6 }));
});
