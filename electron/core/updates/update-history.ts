/** What the record of updates says at a start: whether the last update happened, and what is still kept. Pure. */
import { compareVersions, isVersion } from '../../../shared/version.ts';
import type { UpdateRecord } from '../ports/updates.ts';

/** How long the version before an update is kept once the new one has started well. */
export const KEPT_MS = 14 * 86_400_000;

export interface StartFinding {
  record: UpdateRecord;
  /** `failed`: what was to be installed isn't what runs. */
  update: { kind: 'happened'; from: string } | { kind: 'failed'; version: string } | null;
  /** Kept programs that are no longer needed. */
  remove: string[];
}

export function readStart(record: UpdateRecord, running: string, now: number): StartFinding {
  const { previous, unproved } = record;
  const forgotten = { record: { ...record, unproved: null, previous: null }, remove: pathsOf(previous) };
  if (unproved !== null && unproved !== running) {
    // A newer one still was installed by hand meanwhile. Otherwise the kept copy is of the version that still runs.
    const isPassed = isVersion(running) && isVersion(unproved) && compareVersions(running, unproved) > 0;
    return { ...forgotten, update: isPassed ? null : { kind: 'failed', version: unproved } };
  }
  if (previous !== null && previous.version === running) return { ...forgotten, update: null };
  if (previous !== null && previous.keptUntil !== null && previous.keptUntil <= now) {
    return { record: { ...record, previous: null }, update: null, remove: pathsOf(previous) };
  }
  const isFirst = unproved === running && previous !== null && previous.keptUntil === null;
  return { record, update: isFirst ? { kind: 'happened', from: previous.version } : null, remove: [] };
}

/** The version that runs has started well: from now on, the one before it is kept for a while only. */
export function startedWell(record: UpdateRecord, now: number): UpdateRecord {
  if (record.unproved === null) return record;
  const { previous } = record;
  return {
    ...record,
    unproved: null,
    previous: previous && { ...previous, keptUntil: now + KEPT_MS },
  };
}

const pathsOf = (previous: UpdateRecord['previous']): string[] =>
  previous === null || previous.path === null ? [] : [previous.path];
