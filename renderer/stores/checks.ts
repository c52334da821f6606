import type { Check } from '../../shared/models/checks.ts';
import { createStreamStore } from './keyed.ts';

export const checksStore = createStreamStore('checks');

/** The last diagnosis or rehearsal of a node, or the one under way. */
export const useCheck = (kind: Check['kind'], nodeId: string): Check | null =>
  checksStore.use((state) => state.entries[`${kind}:${nodeId}`] ?? null);
