import type { WakeProgress } from '../../shared/models/wake.ts';
import { createStreamStore } from './keyed.ts';

/** The wakes under way, by node. */
export const wakeStore = createStreamStore('wake');

export const useWake = (nodeId: string): WakeProgress | null =>
  wakeStore.use((state) => state.entries[nodeId] ?? null);
