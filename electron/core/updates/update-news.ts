/** What is new since the version that ran here before. Pure. */
import { compareVersions, isVersion } from '../../../shared/version.ts';

export interface ChangesOfVersion {
  version: string;
  /** Markdown, without the version's own heading. */
  notes: string;
}

/** The sections of a list of changes: a heading of the second level for each version, such as `## 1.2.0`. */
export function readChanges(text: string): ChangesOfVersion[] {
  const sections: ChangesOfVersion[] = [];
  let lines: string[] | null = null;
  const finish = () => {
    const last = sections.at(-1);
    if (last !== undefined && lines !== null) last.notes = lines.join('\n').trim();
  };
  for (const line of text.split(/\r?\n/)) {
    const heading = /^## +\[?([^\s\]]+)/.exec(line)?.[1];
    if (heading === undefined || !isVersion(heading)) lines?.push(line);
    else {
      finish();
      sections.push({ version: heading, notes: '' });
      lines = [];
    }
  }
  finish();
  return sections;
}

/**
 * - `first`: nothing ran here before, so nothing is new.
 * - `same`: the news have been seen.
 * - `back`: an earlier version runs again.
 * - `newer`: there is something to show.
 */
export function newsState(seen: string | null, running: string): 'first' | 'same' | 'back' | 'newer' {
  if (seen === null) return 'first';
  if (!isVersion(seen) || !isVersion(running) || seen === running) return 'same';
  return compareVersions(running, seen) > 0 ? 'newer' : 'back';
}

/**
 * The notes of all versions after `seen` up to the one that runs, newest first; with several, each under its version. null
 * if there are none.
 */
export function newsSince(
  changes: readonly ChangesOfVersion[],
  { seen, running }: { seen: string; running: string },
): string | null {
  const fresh = changes
    .filter(
      ({ version, notes }) =>
        notes !== '' && compareVersions(version, seen) > 0 && compareVersions(version, running) <= 0,
    )
    .sort((one, other) => compareVersions(other.version, one.version));
  const [only] = fresh;
  if (only === undefined) return null;
  if (fresh.length === 1) return only.notes;
  return fresh.map(({ version, notes }) => `## ${version}\n\n${notes}`).join('\n\n');
}
