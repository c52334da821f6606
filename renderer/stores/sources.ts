import type { SourceView } from '../../shared/models/indexing.ts';
import { createStreamStore, type KeyedState } from './keyed.ts';

export const sourcesStore = createStreamStore('sources');
export const useSources = sourcesStore.use;

export function selectSources(state: KeyedState<SourceView>): SourceView[] {
  return Object.values(state.entries).toSorted((a, b) => a.addedAt - b.addedAt);
}
