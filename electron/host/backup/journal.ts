/**
 * The renames of a restore, as a journal: what is written here before the first of them is finished at the next start,
 * whenever the process was ended. Each step looks at what is there, so it may be repeated.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { writeDurably } from '../../adapters/durable-write.ts';
import { folderError } from '../../adapters/folder-error.ts';
import { setAside } from '../../adapters/set-aside.ts';

const journalName = 'unfinished-restore-journal.json';
const workName = /^unfinished-restore-[A-Za-z0-9]{6}$/;

/** A name in the folder itself. */
const plain = z.string().regex(/^(?!\.{1,2}$)[^/\\]{1,255}$/);
const journalSchema = z.object({
  /** What was unpacked is in `work/new`. */
  work: plain.regex(workName),
  /** Where the former content goes. */
  before: plain.regex(/^before-restore-/),
  former: z.array(plain),
  fresh: z.array(plain),
});
export type RestoreJournal = z.infer<typeof journalSchema>;

export type Rename = (from: string, to: string) => void;

/** From here on, the restore will be finished. Throws the system's error and has changed nothing then. */
export function beginRestore(folder: string, journal: RestoreJournal): void {
  writeDurably(join(folder, journalName), `${JSON.stringify(journal)}\n`);
}

/** Moves the former content away and the new one in. Throws the system's error; what is done then stays done. */
export function carryOut(folder: string, journal: RestoreJournal, rename: Rename = renameSync): void {
  const { work, before, former, fresh } = journal;
  if (former.length > 0) mkdirSync(join(folder, before), { recursive: true, mode: 0o700 });
  for (const name of former) {
    const to = join(folder, before, name);
    // The new one may have its place already.
    if (!isThere(to)) rename(join(folder, name), to);
  }
  for (const name of fresh) {
    const from = join(folder, work, 'new', name);
    if (isThere(from)) rename(from, join(folder, name));
  }
  endRestore(folder, journal);
}

/** Moves everything back to where it was. */
export function undo(
  folder: string,
  { work, before, former, fresh }: RestoreJournal,
  rename: Rename = renameSync,
): void {
  for (const name of fresh) {
    const to = join(folder, work, 'new', name);
    // One that hasn't been moved in has no place to be moved back from.
    const wasMovedIn = !isThere(to) && (!former.includes(name) || isThere(join(folder, before, name)));
    if (wasMovedIn && isThere(join(folder, name))) rename(join(folder, name), to);
  }
  for (const name of former) {
    const from = join(folder, before, name);
    if (isThere(from)) rename(from, join(folder, name));
  }
  rmSync(join(folder, before), { recursive: true, force: true });
  rmSync(join(folder, journalName), { force: true });
}

function endRestore(folder: string, { work }: RestoreJournal): void {
  rmSync(join(folder, journalName), { force: true });
  rmSync(join(folder, work), { recursive: true, force: true });
}

/**
 * Finishes a restore that was interrupted in its renames, and deletes what one left that was interrupted before. For the
 * process that has the folder's lock. Throws the system's error if it can't be finished; the next start tries again.
 */
export function settleRestore(folder: string): 'finished' | 'nothing' {
  const journal = readJournal(folder);
  if (journal !== null) carryOut(folder, journal);
  for (const name of readdirSync(folder)) {
    if (workName.test(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
  return journal === null ? 'nothing' : 'finished';
}

/** The same before a start. Throws DISK_FULL or DATA_FOLDER_UNUSABLE: nothing starts on half of a restore. */
export function finishRestore(folder: string): 'finished' | 'nothing' {
  try {
    return settleRestore(folder);
  } catch (error) {
    throw folderError(folder, error);
  }
}

function readJournal(folder: string): RestoreJournal | null {
  const path = join(folder, journalName);
  if (!existsSync(path)) return null;
  try {
    return journalSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // It was written as a whole, so something else has changed it: nothing is moved by what it says.
    setAside(path);
    return null;
  }
}

/** Links count, wherever they lead. */
const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;
