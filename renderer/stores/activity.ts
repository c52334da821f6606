import type { ActivityEntry } from '../../shared/models/activity.ts';
import { createStreamStore, type KeyedState } from './keyed.ts';

export const activityStore = createStreamStore('activity');
export const useActivity = activityStore.use;

/** Newest first. */
export function selectActivity(state: KeyedState<ActivityEntry>): ActivityEntry[] {
  return Object.values(state.entries).toSorted((a, b) => b.id - a.id);
}
