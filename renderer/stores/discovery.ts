import type { Discovery } from '../../shared/models/discovery.ts';
import { createStreamStore } from './keyed.ts';

export const discoveryStore = createStreamStore('discovery');

/** The search for machines: the last one, or the one in progress. */
export const useDiscovery = (): Discovery | null =>
  discoveryStore.use((state) => state.entries.status ?? null);
