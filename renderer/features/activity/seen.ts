/** The last entry seen on the Activity page, stored in this browser. */
import { create } from 'zustand';
import type { ActivityEntry } from '../../../shared/models/activity.ts';
import { useActivityLog } from './log.ts';

const key = 'pilotlight.activity.seen';

/** null until the first visit to Activity; nothing is marked as new before that. */
const useSeen = create<{ id: number | null }>()(() => ({ id: read() }));

function read(): number | null {
  const text = globalThis.localStorage?.getItem(key);
  const id = Number(text);
  return text === null || text === undefined || !Number.isInteger(id) ? null : id;
}

export const seenId = (): number | null => useSeen.getState().id;

export function markSeen(id: number): void {
  if (useSeen.getState().id === id) return;
  useSeen.setState({ id });
  localStorage.setItem(key, String(id));
}

/** How many entries came after the last one seen. Ids that start over belong to another Pilotlight: all are new. */
export function countUnseen(entries: readonly Pick<ActivityEntry, 'id'>[], seen: number | null): number {
  const newest = entries[0]?.id;
  if (seen === null || newest === undefined) return 0;
  if (newest < seen) return entries.length;
  return entries.filter((entry) => entry.id > seen).length;
}

export function useUnseen(): number {
  const id = useSeen((state) => state.id);
  return useActivityLog((log) => countUnseen(log.entries, id));
}
