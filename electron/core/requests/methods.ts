import type { Handlers } from '../runtime/handlers.ts';
import type { RequestsService } from './service.ts';

export function requestMethods({
  requests,
}: {
  requests: RequestsService;
}): Handlers<
  | 'requests.list'
  | 'requests.cancel'
  | 'requests.history'
  | 'requests.prompt'
  | 'requests.keepPrompts'
  | 'requests.promptKeeping'
> {
  return {
    'requests.list': (filter) => requests.list(filter),
    async 'requests.cancel'({ id }) {
      await requests.cancel(id);
      return { ok: true };
    },
    'requests.history': ({ range, atMost }) => requests.history(range, atMost),
    'requests.prompt': ({ id }) => requests.prompt(id),
    'requests.keepPrompts': ({ on }) => requests.keepPrompts(on),
    'requests.promptKeeping': () => requests.promptKeeping(),
  };
}
