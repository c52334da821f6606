import type { Settings } from '../../shared/models/settings.ts';
import { createStreamStore } from './keyed.ts';

export const settingsStore = createStreamStore('settings');

export const useSettings = (): Settings | null =>
  settingsStore.use((state) => state.entries.settings ?? null);
