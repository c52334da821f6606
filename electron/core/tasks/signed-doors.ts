/** What is reached at signed addresses: the runners, by workers, and the files of stored texts, by the panel. */
import type { AccessService } from '../access/model.ts';
import type { Secrets, Store } from '../ports/state.ts';
import { createMedia, type Media } from './media.ts';
import { createPictureFaces, type PictureFaces } from './picture-faces.ts';
import type { TaskEngine } from './task-engine.ts';
import type { WorkerCalls } from './worker-calls.ts';

export function createSignedDoors({
  engine,
  store,
  access,
  held,
  ...dependencies
}: Omit<Parameters<typeof createPictureFaces>[0], 'holderOf'> &
  Pick<Parameters<typeof createMedia>[0], 'inputs'> & {
    secrets: Pick<Secrets, 'get' | 'change'>;
    engine: Pick<TaskEngine, 'queue'>;
    store: Pick<Store, 'tasks'>;
    access: Pick<AccessService, 'find'>;
    held: WorkerCalls['held'];
  }): { faces: PictureFaces; media: Media } {
  return {
    faces: createPictureFaces({
      ...dependencies,
      holderOf: (taskId) => held().find(({ id }) => id === taskId)?.workerId ?? null,
    }),
    media: createMedia({
      ...dependencies,
      storedText: store.tasks.ingested.get,
      taskOf: async (taskId) => (await (await engine.queue()).get(taskId))?.task ?? null,
      isValid: (credentialId) => access.find(credentialId) !== null,
    }),
  };
}
