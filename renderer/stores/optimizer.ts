import type { OptimizerStatus } from '../../shared/models/placement.ts';
import { createStreamStore } from './keyed.ts';

export const optimizerStore = createStreamStore('optimizer');

export const useOptimizer = (): OptimizerStatus | null =>
  optimizerStore.use((state) => state.entries.status ?? null);
