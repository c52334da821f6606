import type { Handlers } from '../runtime/handlers.ts';
import type { TasksService } from './model.ts';

type Names =
  | 'tasks.add'
  | 'tasks.upload'
  | 'tasks.list'
  | 'tasks.get'
  | 'tasks.media'
  | 'tasks.cancel'
  | 'tasks.retry'
  | 'tasks.remove'
  | 'tasks.useCpu'
  | 'tasks.queues'
  | 'tasks.warnings'
  | 'tasks.depth'
  | 'tasks.workers'
  | 'tasks.drain'
  | 'tasks.ingested'
  | 'tasks.deleteIngested';

export function taskMethods({ tasks }: { tasks: TasksService }): Handlers<Names> {
  return {
    'tasks.add': async (request, { credentialId }) => {
      const [added] = await tasks.add([request], credentialId);
      if (added === undefined) throw new Error('A task was added, and is not there.');
      return added;
    },
    'tasks.upload': ({ data, ...part }) => tasks.uploads.take({ ...part, data: Buffer.from(data, 'base64') }),
    'tasks.list': (query) => tasks.list(query),
    'tasks.get': ({ id }) => tasks.get(id),
    'tasks.media': ({ id }, { credentialId }) => tasks.media.view(id, credentialId),
    'tasks.cancel': async ({ ids }) => ({ changed: await tasks.cancel(ids) }),
    'tasks.retry': async ({ ids }) => ({ changed: await tasks.retry(ids) }),
    'tasks.remove': async ({ ids }) => ({ changed: await tasks.remove(ids) }),
    'tasks.useCpu': async ({ ids }) => ({ changed: await tasks.useCpu(ids) }),
    'tasks.queues': () => tasks.queues(),
    'tasks.warnings': () => tasks.warnings(),
    'tasks.depth': ({ range }) => tasks.depth(range),
    'tasks.workers': () => tasks.workers.list(),
    'tasks.drain': ({ workerId, on }) => {
      tasks.workers.drain(workerId, on);
      return { ok: true };
    },
    'tasks.ingested': (query) => tasks.ingested(query),
    'tasks.deleteIngested': async ({ taskIds }) => ({ changed: await tasks.deleteIngested(taskIds) }),
  };
}
