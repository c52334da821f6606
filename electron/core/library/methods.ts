import type { Handlers } from '../runtime/handlers.ts';
import type { LibraryService } from './model.ts';

const ok = { ok: true } as const;

export function libraryMethods({
  library,
}: {
  library: LibraryService;
}): Handlers<'models.pull' | 'models.copy' | 'models.pulls' | 'models.cancelPull' | 'models.delete'> {
  return {
    'models.pull': (request) => library.pull(request),
    'models.copy': (request) => library.copy(request),
    'models.pulls': () => library.pulls(),
    'models.cancelPull': ({ nodeId, model }) => {
      library.cancel(nodeId, model);
      return ok;
    },
    'models.delete': async (request, { signal }) => {
      await library.remove({ ...request, signal });
      return ok;
    },
  };
}
