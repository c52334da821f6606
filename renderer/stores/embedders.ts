import type { EmbedderChoice } from '../../shared/models/indexing.ts';
import { textOf } from '../texts.ts';
import { createStreamStore, type KeyedState } from './keyed.ts';

export const embeddersStore = createStreamStore('embedders');
export const useEmbedders = embeddersStore.use;

/** The built-in one first, then by name. */
export function selectEmbedders(state: KeyedState<EmbedderChoice>): EmbedderChoice[] {
  return Object.values(state.entries).toSorted(
    (a, b) =>
      Number(b.embedder.kind === 'builtin') - Number(a.embedder.kind === 'builtin') ||
      textOf(a.label).localeCompare(textOf(b.label)),
  );
}
