import type { Handlers } from '../runtime/handlers.ts';
import type { UpdatesService } from './service.ts';

export function updateMethods({
  updates,
}: {
  updates: UpdatesService;
}): Handlers<
  | 'updates.get'
  | 'updates.check'
  | 'updates.download'
  | 'updates.cancel'
  | 'updates.install'
  | 'updates.goBack'
  | 'updates.dismissNews'
> {
  return {
    'updates.get': () => updates.view(),
    'updates.check': (_request, { signal }) => updates.check(signal),
    'updates.download': () => updates.download(),
    'updates.cancel': () => updates.cancel(),
    'updates.install': ({ restart }, { signal }) => updates.install({ restart, signal }),
    'updates.goBack': (_request, { signal }) => updates.goBack(signal),
    'updates.dismissNews': () => updates.dismissNews(),
  };
}
