/** The entries this panel has loaded, kept while it is open so that nothing is fetched twice. */
import { create } from 'zustand';
import type { ActivityEntry } from '../../../shared/models/activity.ts';
import type { IndexJob } from '../../../shared/models/indexing.ts';
import type { Client } from '../../client/index.ts';
import { lateFormat } from '../../late-intl.ts';
import { activityStore } from '../../stores/activity.ts';

export interface ActivityLog {
  /** Newest first, without a gap. */
  entries: readonly ActivityEntry[];
  /** There is nothing older than the last entry. */
  ended: boolean;
}

export const emptyLog: ActivityLog = { entries: [], ended: false };

/**
 * Adds the entries of a frame or an answer. A snapshot that does not overlap the known entries (after a long
 * disconnection, or from another Pilotlight) replaces them, because entries in between may be missing.
 */
export function addToLog(
  log: ActivityLog,
  more: readonly ActivityEntry[],
  kind: 'snapshot' | 'delta',
): ActivityLog {
  if (kind === 'snapshot' && log.entries.length > 0) {
    const known = new Map(log.entries.map((entry) => [entry.id, entry.at]));
    const touches = more.some((entry) => known.get(entry.id) === entry.at);
    if (!touches) return { entries: newestFirst(more), ended: false };
  }
  if (more.length === 0) return log;
  const byId = new Map([...log.entries, ...more].map((entry) => [entry.id, entry]));
  return { ...log, entries: newestFirst([...byId.values()]) };
}

const newestFirst = (entries: readonly ActivityEntry[]) => entries.toSorted((a, b) => b.id - a.id);

export const useActivityLog = create<ActivityLog>()(() => emptyLog);

activityStore.onFrame((frame) => {
  const more = frame.set.map(([, entry]) => entry);
  useActivityLog.setState((log) => addToLog(log, more, frame.kind), true);
});

const pageLength = 200;

/** Fetches the entries before the oldest one loaded. */
export async function loadOlder(client: Client): Promise<void> {
  const before = useActivityLog.getState().entries.at(-1)?.id;
  const more = await client.call('activity.list', {
    limit: pageLength,
    ...(before === undefined ? {} : { before }),
  });
  useActivityLog.setState(
    (log) => ({ ...addToLog(log, more, 'delta'), ended: more.length < pageLength }),
    true,
  );
}

export interface Day {
  /** Midnight, local time. */
  at: number;
  entries: ActivityEntry[];
}

/** Groups entries by local day, keeping their order. */
export function byDay(entries: readonly ActivityEntry[]): Day[] {
  const days: Day[] = [];
  for (const entry of entries) {
    const at = new Date(entry.at).setHours(0, 0, 0, 0);
    const last = days.at(-1);
    if (last?.at === at) last.entries.push(entry);
    else days.push({ at, entries: [entry] });
  }
  return days;
}

const dayFormat = lateFormat({ weekday: 'long', day: 'numeric', month: 'long' }, 'en');
const dayYearFormat = lateFormat({ dateStyle: 'long' }, 'en');

/** `Today`, `Yesterday`, `Monday, November 16`; with the year if it is not this year. */
export function dayTitle(at: number, now: number): string {
  const today = new Date(now).setHours(0, 0, 0, 0);
  if (at === today) return 'Today';
  if (at === new Date(new Date(today).setDate(new Date(today).getDate() - 1)).getTime()) return 'Yesterday';
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return (sameYear ? dayFormat : dayYearFormat).format(at);
}

const slack = 2000;

/** The run an entry is about: entries do not name it, but only one runs at a time. */
export function jobOfEntry(
  entry: Pick<ActivityEntry, 'kind' | 'at'>,
  jobs: readonly IndexJob[],
): IndexJob | null {
  if (entry.kind !== 'index') return null;
  return (
    jobs.find((job) => entry.at >= job.createdAt && entry.at <= (job.endedAt ?? Infinity) + slack) ?? null
  );
}
