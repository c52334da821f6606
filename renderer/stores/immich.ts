import type { ImmichView } from '../../shared/models/immich.ts';
import { createStreamStore } from './keyed.ts';

export const immichStore = createStreamStore('immich');

/** null while it is not known. */
export const useImmich = (): ImmichView | null => immichStore.use((state) => state.entries.immich ?? null);
