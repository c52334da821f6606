import type { RemoteIndexView } from '../../shared/models/remote-index.ts';
import { createStreamStore, type KeyedState } from './keyed.ts';

export const remoteIndexesStore = createStreamStore('remoteIndexes');
export const useRemoteIndexes = remoteIndexesStore.use;

export function selectRemoteIndexes(state: KeyedState<RemoteIndexView>): RemoteIndexView[] {
  return Object.values(state.entries).toSorted((a, b) => a.addedAt - b.addedAt);
}
