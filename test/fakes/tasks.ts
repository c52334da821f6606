/** Tasks as tests queue them. */
import type { NewTask } from '../../electron/core/ports/task-queue.ts';
import type { TaskResult, TaskSpec } from '../../shared/models/tasks.ts';

export const aSpec = (given: Partial<TaskSpec> = {}): TaskSpec => ({
  contentType: 'document',
  input: { kind: 'url', url: 'http://127.0.0.1/notes.md' },
  title: 'notes.md',
  options: {},
  metadata: { source: 'suite' },
  store: true,
  gpu: false,
  whenGpuAsleep: 'wait',
  webhookUrl: null,
  batchId: null,
  credentialId: null,
  timeLimitMs: 60_000,
  ...given,
});

export const aTask = (id: string, given: Partial<NewTask> = {}): NewTask => ({
  id,
  queue: 'celery',
  spec: aSpec(),
  priority: 0,
  runAt: null,
  maxAttempts: 3,
  ...given,
});

export const aResult = (content = 'text'): TaskResult => ({
  content,
  contentFileId: null,
  metadata: { pages: 1 },
  thumbnails: [],
  processingMs: 12,
});
