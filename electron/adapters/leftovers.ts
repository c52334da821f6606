/** Files that a killed process left in the middle of a write. */
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MAX_PID, runsElsewhere } from './processes/is-running.ts';

/** Where this process writes the next content of a file, which gets its name afterwards. */
export const draftOf = (path: string): string => `${path}.${process.pid}.new`;

/** The process id in a name that a process of ours gave to an unfinished file; null for any other name. */
export type WriterOf = (name: string) => number | null;

/** The writers of drafts of the files with these names. */
export function draftsOf(names: readonly string[]): WriterOf {
  return (name) => {
    const [, file = '', writer] = /^(.+)\.([1-9]\d*)\.new$/.exec(name) ?? [];
    return names.includes(file) ? Number(writer) : null;
  };
}

/**
 * Deletes the unfinished files of processes that have ended, and returns their names. Call it before this process writes
 * to the folder: a file with its own id is from an earlier one. Links, folders and other names stay. Never throws: a
 * file that cannot be deleted costs nothing but space.
 */
export function sweepLeftovers(
  folder: string,
  writerOf: WriterOf,
  isRunning: (pid: number) => boolean = runsElsewhere,
): string[] {
  return entriesOf(folder).filter((name) => {
    const pid = writerOf(name);
    if (pid === null || pid > MAX_PID || isRunning(pid)) return false;
    const path = join(folder, name);
    try {
      if (!lstatSync(path).isFile()) return false;
      rmSync(path);
      return true;
    } catch {
      return false;
    }
  });
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
