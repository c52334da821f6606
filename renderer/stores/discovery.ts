import type { Discovery } from '../../shared/models/discovery.ts';
import { createStreamStore } from './keyed.ts';

export const discoveryStore = createStreamStore('discovery');

/** The look for machines: the last one, or the one under way. */
export const useDiscovery = (): Discovery | null =>
  discoveryStore.use((state) => state.entries.status ?? null);
