import type { Handlers } from '../runtime/handlers.ts';
import type { StorageService } from './service.ts';

export function storageMethods({
  storage,
}: {
  storage: StorageService;
}): Handlers<'storage.usage' | 'storage.clear'> {
  return {
    'storage.usage': () => storage.usage(),
    'storage.clear': async ({ kind }) => ({ freedBytes: await storage.clear(kind) }),
  };
}
