import type { UpdateView } from '../../shared/models/updates.ts';
import { createStreamStore } from './keyed.ts';

export const updatesStore = createStreamStore('updates');

/** null while it is not known. */
export const useUpdates = (): UpdateView | null => updatesStore.use((state) => state.entries.updates ?? null);

/** Whether a person could do something about an update now. */
export const hasUpdate = (view: UpdateView | null): boolean =>
  view !== null && ['available', 'ready', 'staged'].includes(view.state);
