import type { CoreStatus } from '../../shared/contract/streams.ts';
import { createStreamStore } from './keyed.ts';

export const coreStore = createStreamStore('core');

export const useCoreStatus = (): CoreStatus | null => coreStore.use((state) => state.entries.status ?? null);
