import { create } from 'zustand';
import type { Draft } from './fields.ts';

/** What was changed and not saved. Kept while another page is open, in memory only: it may contain a secret. */
export const useSettingsDraft = create<Draft>()(() => ({}));
