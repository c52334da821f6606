/** What the methods of tasks and of storage are tried with. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MethodName } from '../../shared/contract/methods.ts';
import { WORKER_PROTOCOL } from '../../shared/contract/task-worker.ts';
import type { CaseContext, MethodCase } from './method-cases.ts';

type Method = Extract<MethodName, `tasks.${string}` | `storage.${string}`>;

/** A task that waits: no worker takes this kind of content. */
const addTask = async ({ call }: CaseContext, more: object = {}) =>
  (
    await call('tasks.add', {
      input: { kind: 'text', text: 'The pilot light.' },
      contentType: 'video',
      ...more,
    })
  ).id;

async function endedTask(context: CaseContext): Promise<string> {
  const id = await addTask(context);
  await context.call('tasks.cancel', { ids: [id] });
  return id;
}

let workers = 0;
async function worker({ core }: CaseContext): Promise<string> {
  workers += 1;
  const id = `worker-${workers}`;
  await core.services.tasks.workers.hello(
    {
      ...{ id, name: `bench ${workers}`, type: 'cpu', queues: ['celery'], slots: 1, version: '0' },
      ...{ protocol: WORKER_PROTOCOL, contentTypes: ['document'], agentId: null, now: Date.now() },
      ...{ sharedFolderProof: null, tasks: [] },
    },
    { credentialId: null, local: true },
  );
  return id;
}

async function sharedFile({ core, folder }: CaseContext): Promise<string> {
  const shared = join(folder, 'shared');
  mkdirSync(shared, { recursive: true });
  writeFileSync(join(shared, 'lamp.md'), '# Lamp\n');
  core.services.settings.update({ tasks: { sharedFolder: shared } });
  return 'lamp.md';
}

/** Its errors need a queue that cannot be reached: methods.test.ts has them. */
const byQueueOnly: Pick<MethodCase, 'errors' | 'errorsElsewhere'> = { errors: [], errorsElsewhere: true };

export const taskCases: Record<Method, MethodCase> = {
  'tasks.add': {
    right: async (context) => ({
      input: { kind: 'shared', path: await sharedFile(context) },
      gpu: true,
      whenGpuAsleep: 'wait',
      metadata: { from: 'a test' },
      delaySeconds: 3600,
    }),
    wrong: [{ input: { kind: 'text', text: '' } }, 'input.text'],
    errors: [
      ['NOT_FOUND', () => ({ input: { kind: 'upload', fileId: 'nope' } })],
      ['NOT_FOUND', () => ({ input: { kind: 'shared', path: 'nope.md' } })],
      ['FILE_OUTSIDE_FOLDER', () => ({ input: { kind: 'shared', path: '../state.sqlite' } })],
      ['FILE_OUTSIDE_FOLDER', () => ({ input: { kind: 'shared', path: '/etc/passwd' } })],
      ['BAD_URL', () => ({ input: { kind: 'url', url: 'file:///etc/passwd' } })],
      [
        'WEBHOOK_PRIVATE',
        () => ({ input: { kind: 'text', text: 'x' }, webhookUrl: 'http://127.0.0.1:1/hook' }),
      ],
    ],
  },
  'tasks.upload': {
    right: () => ({ uploadId: null, name: 'lamp.md', offset: 0, data: 'IyBMYW1wCg==', last: true }),
    wrong: [{ uploadId: null, offset: 0, data: 'no base64!', last: true }, 'data'],
    errors: [['NOT_FOUND', () => ({ uploadId: 'nope', offset: 4, data: '', last: true })]],
    errorsElsewhere: true,
  },
  'tasks.list': {
    right: () => ({ states: ['waiting', 'failed'], text: 'light', limit: 10 }),
    wrong: [{ states: ['asleep'] }, 'states.0'],
    ...byQueueOnly,
  },
  'tasks.get': {
    right: async (context) => ({ id: await addTask(context) }),
    wrong: [{ id: '' }, 'id'],
    errors: [['NOT_FOUND', () => ({ id: 'nope' })]],
  },
  'tasks.media': {
    right: async (context) => ({ id: await addTask(context) }),
    wrong: [{ id: '' }, 'id'],
    errors: [['NOT_FOUND', () => ({ id: 'nope' })]],
  },
  'tasks.cancel': {
    right: async (context) => ({ ids: [await addTask(context)] }),
    wrong: [{ ids: [] }, 'ids'],
    ...byQueueOnly,
  },
  'tasks.retry': {
    right: async (context) => ({ ids: [await endedTask(context)] }),
    wrong: [{ ids: 'all' }, 'ids'],
    ...byQueueOnly,
  },
  'tasks.remove': {
    right: async (context) => ({ ids: [await endedTask(context)] }),
    wrong: [{}, 'ids'],
    ...byQueueOnly,
  },
  'tasks.useCpu': {
    right: async (context) => ({ ids: [await addTask(context, { gpu: true, whenGpuAsleep: 'wait' })] }),
    wrong: [{ ids: [7] }, 'ids.0'],
    ...byQueueOnly,
  },
  'tasks.queues': { right: () => ({}), wrong: [{ extra: 1 }, null], ...byQueueOnly },
  'tasks.warnings': { right: () => ({}), wrong: [{ extra: 1 }, null], errors: [] },
  'tasks.depth': { right: () => ({ range: 'day' }), wrong: [{ range: 'year' }, 'range'], errors: [] },
  'tasks.workers': { right: () => ({}), wrong: [{ extra: 1 }, null], errors: [] },
  'tasks.drain': {
    right: async (context) => ({ workerId: await worker(context), on: true }),
    wrong: [{ workerId: 'x', on: 'yes' }, 'on'],
    errors: [['NOT_FOUND', () => ({ workerId: 'nope' })]],
  },
  'tasks.ingested': { right: () => ({ text: 'lamp' }), wrong: [{ limit: 0 }, 'limit'], errors: [] },
  'tasks.deleteIngested': {
    right: () => ({ taskIds: ['nope'] }),
    wrong: [{ taskIds: [] }, 'taskIds'],
    errors: [],
  },
  'storage.usage': { right: () => ({}), wrong: [{ extra: 1 }, null], errors: [] },
  'storage.clear': { right: () => ({ kind: 'uploads' }), wrong: [{ kind: 'models' }, 'kind'], errors: [] },
};
