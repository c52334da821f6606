import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { contentTypeOfName, contentTypeOfUrl } from '../../../../electron/core/tasks/content-type.ts';
import {
  type RoutableWorker,
  type RouteQuestion,
  routeTask,
} from '../../../../electron/core/tasks/routing.ts';
import { fact } from '../../../../shared/models/message.ts';
import { type ContentType, contentTypeSchema } from '../../../../shared/models/tasks.ts';

const gpuWorker = (own: Partial<RoutableWorker> = {}): RoutableWorker => ({
  ...{
    type: 'gpu',
    queues: ['gpu-tasks'],
    slots: 1,
    active: 0,
    contentTypes: ['video', 'image', 'audio', 'mixed'],
  },
  ...{ state: 'online', trouble: null },
  ...own,
});

const ask = (own: Partial<RouteQuestion> = {}) => {
  const { queue, why } = routeTask({
    ...{ contentType: 'video', gpu: true, whenGpuAsleep: 'wake', workers: [gpuWorker()] },
    waiting: { 'gpu-tasks': 0, celery: 0 },
    ...own,
  });
  return `${queue} ${why.code}`;
};

describe('a task goes to the GPU queue', () => {
  it('if a GPU was asked for, helps, and is free', () => {
    expect(ask()).toBe('gpu-tasks TASK_ON_GPU');
  });

  it.each<[string, Partial<RouteQuestion>, string]>([
    ['nothing was asked', { gpu: false }, 'TASK_GPU_NOT_ASKED'],
    ['there is no worker', { workers: [] }, 'TASK_GPU_NONE'],
    ['every worker is busy', { workers: [gpuWorker({ active: 1 })] }, 'TASK_GPU_BUSY'],
    ['the only one is draining', { workers: [gpuWorker({ state: 'draining' })] }, 'TASK_GPU_NONE'],
    ['the only one is lost', { workers: [gpuWorker({ state: 'lost' })] }, 'TASK_GPU_NONE'],
    ['it takes no tasks', { workers: [gpuWorker({ trouble: fact('TASK_GPU_NONE') })] }, 'TASK_GPU_NONE'],
    ['it cannot do this kind', { workers: [gpuWorker({ contentTypes: ['image'] })] }, 'TASK_GPU_NONE'],
    ['it takes another queue', { workers: [gpuWorker({ queues: ['celery'] })] }, 'TASK_GPU_NONE'],
    ['it has no GPU', { workers: [gpuWorker({ type: 'cpu' })] }, 'TASK_GPU_NONE'],
  ])('and not if %s', (_, own, code) => {
    expect(ask(own)).toBe(`celery ${code}`);
  });

  const kinds: Record<ContentType, boolean> = {
    ...{ audio: true, video: true, image: true, mixed: true },
    ...{ youtube: false, web: false, document: false },
  };
  it.each(contentTypeSchema.options)('by its content: %s', (contentType) => {
    const workers = [gpuWorker({ contentTypes: [...contentTypeSchema.options] })];
    expect(ask({ contentType, workers })).toBe(
      kinds[contentType] ? 'gpu-tasks TASK_ON_GPU' : 'celery TASK_GPU_NO_USE',
    );
  });

  it.each([
    [5, 0, 'gpu-tasks TASK_ON_GPU'],
    [6, 0, 'celery TASK_GPU_QUEUE_LONG'],
    [12, 7, 'gpu-tasks TASK_ON_GPU'],
    [13, 7, 'celery TASK_GPU_QUEUE_LONG'],
  ])('with %i waiting there and %i for a CPU', (gpu, cpu, expected) => {
    expect(ask({ waiting: { 'gpu-tasks': gpu, celery: cpu } })).toBe(expected);
  });

  it('one free worker is enough', () => {
    expect(ask({ workers: [gpuWorker({ active: 1 }), gpuWorker({ slots: 2, active: 1 })] })).toBe(
      'gpu-tasks TASK_ON_GPU',
    );
  });
});

describe('while every GPU worker is asleep', () => {
  const asleep = { workers: [gpuWorker({ state: 'asleep' })] };
  it('the sender chooses', () => {
    expect(ask({ ...asleep, whenGpuAsleep: 'wake' })).toBe('gpu-tasks TASK_WAKES_GPU');
    expect(ask({ ...asleep, whenGpuAsleep: 'wait' })).toBe('gpu-tasks TASK_WAITS_FOR_GPU');
    expect(ask({ ...asleep, whenGpuAsleep: 'use-cpu' })).toBe('celery TASK_GPU_ASLEEP_USES_CPU');
  });

  it('one that waits does so without any worker as well', () => {
    expect(ask({ workers: [], whenGpuAsleep: 'wait' })).toBe('gpu-tasks TASK_WAITS_FOR_GPU');
  });

  it('one that is online comes first', () => {
    expect(ask({ workers: [...asleep.workers, gpuWorker()] })).toBe('gpu-tasks TASK_ON_GPU');
  });
});

test('without a GPU asked for, nothing else matters', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...contentTypeSchema.options),
      fc.constantFrom('wake' as const, 'wait' as const, 'use-cpu' as const),
      fc.nat(50),
      fc.nat(50),
      (contentType, whenGpuAsleep, gpu, cpu) =>
        ask({ gpu: false, contentType, whenGpuAsleep, waiting: { 'gpu-tasks': gpu, celery: cpu } }) ===
        'celery TASK_GPU_NOT_ASKED',
    ),
  );
});

test.each<[string, ContentType]>([
  ['notes.md', 'document'],
  ['talk.MP3', 'audio'],
  ['film.mkv', 'video'],
  ['a.b.jpeg', 'image'],
  ['mp4', 'document'],
  ['archive.mp4.zip', 'document'],
  ['', 'document'],
])('the name %j is a %s', (name, expected) => {
  expect(contentTypeOfName(name)).toBe(expected);
});

test.each<[string, ContentType]>([
  ['https://www.youtube.com/watch?v=1', 'youtube'],
  ['https://m.youtube.com/watch?v=1', 'youtube'],
  ['https://youtu.be/1', 'youtube'],
  ['https://youtube.com.example.org/watch', 'web'],
  ['https://example.org/film.mp4?x=.md', 'video'],
  ['https://example.org/page?file=film.mp4', 'web'],
  ['https://example.org/', 'web'],
  ['not an address', 'web'],
])('the address %j is a %s', (url, expected) => {
  expect(contentTypeOfUrl(url)).toBe(expected);
});
