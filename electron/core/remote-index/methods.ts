import type { Handlers } from '../runtime/handlers.ts';
import type { RemoteIndexService } from './model.ts';

type Names =
  | 'remoteIndex.list'
  | 'remoteIndex.add'
  | 'remoteIndex.update'
  | 'remoteIndex.remove'
  | 'remoteIndex.test'
  | 'remoteIndex.start'
  | 'remoteIndex.cancel';

export function remoteIndexMethods({
  remoteIndexes,
}: {
  remoteIndexes: RemoteIndexService;
}): Handlers<Names> {
  return {
    'remoteIndex.list': () => remoteIndexes.list(),
    'remoteIndex.add': (remote) => remoteIndexes.add(remote),
    'remoteIndex.update': (change) => remoteIndexes.update(change),
    'remoteIndex.remove': ({ remoteId }) => {
      remoteIndexes.remove(remoteId);
      return { ok: true };
    },
    'remoteIndex.test': (server, { signal }) => remoteIndexes.test(server, signal),
    'remoteIndex.start': (how) => remoteIndexes.startRun(how),
    'remoteIndex.cancel': (request) => remoteIndexes.cancelRun(request),
  };
}
