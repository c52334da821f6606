/** Walks a folder: every regular file in it, always in the same order, without reading any. */

import { isUtf8 } from 'node:buffer';
import { type Dirent, lstat, type Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { JobFailure } from '../../../shared/models/indexing.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { OwnFolders } from '../../adapters/own-folders.ts';
import { systemCode } from '../../adapters/system-code.ts';
import type { IgnoredFiles } from '../../core/ports/vectors.ts';
import type { FileStamp } from './file-rows.ts';
import { openFolderRules, parentOf } from './folder-rules.ts';

export interface WalkedFile extends FileStamp {
  /** Relative to the folder, with `/`. */
  path: string;
}

export interface Walk {
  /** Sorted by path. */
  files: WalkedFile[];
  skipped: JobFailure[];
  /** Existing files and folders that could not be checked: what is indexed beneath them stays. */
  unreadable: string[];
  /** By ignore file, sorted by path. */
  ignored: IgnoredFiles[];
  /** Identifies the disk of the folder. */
  rootIdentity: string;
  /** It ended early. */
  isCut: boolean;
}

/** Skipped without a report, like everything whose name begins with a dot. */
const IGNORED_FOLDERS = new Set(['node_modules', '__pycache__', 'bower_components']);
const LANES = 16;

const statOf = (path: string) =>
  new Promise<Stats>((resolve, reject) => {
    lstat(path, (error, stats) => (error ? reject(error) : resolve(stats)));
  });

const stampOf = (stats: Stats): FileStamp => ({
  size: stats.size,
  modifiedMs: stats.mtimeMs,
  changedMs: stats.ctimeMs,
});

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

const isMissing = (error: unknown) => systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR';

/** Checks the folder itself: that it exists, is a folder, is readable and not ours. */
async function checkRoot(root: string, own: OwnFolders): Promise<string> {
  try {
    const stats = await stat(root);
    if (!stats.isDirectory()) throw new PilotlightError('NOT_A_FOLDER', { details: { path: root } });
    if (await own.contain(await realpath(root))) {
      throw new PilotlightError('OWN_DATA_FOLDER', { details: { path: root } });
    }
    return `${stats.dev}:${stats.ino}`;
  } catch (error) {
    if (error instanceof PilotlightError) throw error;
    throw new PilotlightError(isMissing(error) ? 'FOLDER_NOT_FOUND' : 'FOLDER_UNREADABLE', {
      details: { path: root },
      cause: error,
    });
  }
}

/**
 * @param options.root canonical absolute path
 * @param options.own folders that are left out, and refused as the root
 * @throws FOLDER_NOT_FOUND, NOT_A_FOLDER, FOLDER_UNREADABLE, also if the folder disappeared meanwhile;
 * OWN_DATA_FOLDER; the signal's reason
 */
export async function walkFolder(options: {
  root: string;
  own: OwnFolders;
  /** Whether ignore files are obeyed. */
  ignoreFiles?: boolean;
  /** As in an ignore file above the folder: those in it overrule them. */
  patterns?: readonly string[];
  /** Ends the walk early, with what was found. */
  isEnough?: (seen: number) => boolean;
  signal: AbortSignal;
  onSeen: (seen: number) => void;
}): Promise<Walk> {
  const { root, own, signal } = options;
  const rootIdentity = await checkRoot(root, own);
  const files: WalkedFile[] = [];
  const skipped: JobFailure[] = [];
  const unreadable: string[] = [];
  const links: string[] = [];
  let isCut = false;

  const absolute = (path: string) => (path === '' ? root : join(root, ...path.split('/')));

  function cannotRead(path: string, reason: Message): void {
    unreadable.push(path);
    skipped.push({ path, code: 'FILE_UNREADABLE', reason });
  }

  function addFile(path: string, stats: Stats): void {
    if (stats.isFile()) files.push({ path, ...stampOf(stats) });
    else skipped.push({ path, code: 'FILE_UNREADABLE', reason: fact('NOT_A_REGULAR_FILE') });
  }

  async function checkFile(path: string): Promise<void> {
    try {
      addFile(path, await statOf(absolute(path)));
    } catch (error) {
      if (!isMissing(error)) cannotRead(path, fact('FILE_CANNOT_BE_READ', { code: systemCode(error) }));
    }
  }

  const rules = await openFolderRules({
    root,
    ignoreFiles: options.ignoreFiles !== false,
    patterns: options.patterns ?? [],
    onProblem: (path, reason) => skipped.push({ path, code: 'FILE_UNREADABLE', reason }),
  });

  /** Reads one folder; returns the folders in it. */
  async function readFolder(path: string): Promise<string[]> {
    let entries: Dirent[];
    try {
      entries = await readdir(absolute(path), { withFileTypes: true });
    } catch (error) {
      if (path === '') {
        throw new PilotlightError(isMissing(error) ? 'FOLDER_NOT_FOUND' : 'FOLDER_UNREADABLE', {
          details: { path: root },
          cause: error,
        });
      }
      if (!isMissing(error)) cannotRead(path, fact('FOLDER_CANNOT_BE_READ', { code: systemCode(error) }));
      return [];
    }
    const names = new Set(entries.map(({ name }) => name));
    if (await own.is(absolute(path), names)) {
      skipped.push({ path, code: 'OWN_DATA_FOLDER', reason: fact('OWN_DATA_LEFT_OUT') });
      return [];
    }
    // A folder of that name has no rules.
    const ruleNames = new Set(entries.flatMap((entry) => (entry.isDirectory() ? [] : entry.name)));
    if (!(await rules.read(path, ruleNames))) {
      unreadable.push(path);
      return [];
    }
    const nameless = await namesNotUtf8(absolute(path), entries);
    for (const name of nameless) {
      if (!name.startsWith('.'))
        cannotRead(path === '' ? name : `${path}/${name}`, fact('FILE_NAME_NOT_UTF_8'));
    }
    const seen = new Set<string>();
    const folders: string[] = [];
    const waiting: Promise<void>[] = [];
    for (const entry of entries) {
      if (entry.name.startsWith('.') || nameless.has(entry.name) || seen.has(entry.name)) continue;
      seen.add(entry.name);
      const inside = path === '' ? entry.name : `${path}/${entry.name}`;
      if (IGNORED_FOLDERS.has(entry.name) && entry.isDirectory()) continue;
      if (rules.isIgnored(inside, entry.isDirectory())) continue;
      if (entry.isDirectory()) folders.push(inside);
      else if (entry.isSymbolicLink()) links.push(inside);
      else waiting.push(checkFile(inside));
    }
    await Promise.all(waiting);
    options.onSeen(files.length);
    return folders;
  }

  /** Walks a tree of real folders, many at a time. */
  async function walkTree(top: string): Promise<void> {
    const queue = [top];
    const busy = new Set<Promise<void>>();
    while (queue.length > 0 || busy.size > 0) {
      signal.throwIfAborted();
      if (options.isEnough?.(files.length)) {
        isCut = isCut || queue.length > 0;
        queue.length = 0;
      }
      while (queue.length > 0 && busy.size < LANES) {
        const path = queue.pop() as string;
        const task: Promise<void> = readFolder(path).then((folders) => {
          for (const folder of folders) queue.push(folder);
        });
        const settled = task.finally(() => busy.delete(settled));
        busy.add(settled);
      }
      if (busy.size > 0) await Promise.race(busy);
    }
  }

  if (rules.canObeyAbove) await walkTree('');
  else unreadable.push('');
  await followLinks({
    root,
    own,
    links,
    signal,
    addFile,
    walkTree,
    absolute,
    skip: (path, code, reason) => skipped.push({ path, code, reason }),
    keep: (path) => unreadable.push(path),
  });

  // A disk that was unmounted meanwhile looks like an emptied folder.
  if ((await checkRoot(root, own)) !== rootIdentity) {
    throw new PilotlightError('FOLDER_NOT_FOUND', { details: { path: root } });
  }
  const byPath = (a: { path: string }, b: { path: string }) =>
    a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
  files.sort(byPath);
  skipped.sort(byPath);
  return { files, skipped, unreadable, ignored: rules.ignored().sort(byPath), rootIdentity, isCut };
}

/**
 * Names that Node could not turn into text: files, folders and links that cannot be opened by the name that it returned.
 * Another entry may have exactly that name, with the replacement character in it.
 */
async function namesNotUtf8(folder: string, entries: readonly Dirent[]): Promise<ReadonlySet<string>> {
  if (!entries.some(({ name }) => name.includes('\ufffd'))) return new Set();
  const names = await readdir(folder, { encoding: 'buffer' });
  const whole = new Set(names.filter((name) => isUtf8(name)).map((name) => name.toString()));
  return new Set(
    entries.map(({ name }) => name).filter((name) => name.includes('\ufffd') && !whole.has(name)),
  );
}

/**
 * Inserts links found in one folder into the list, which is sorted backwards. No other link lies beneath that folder,
 * so they belong in one place: sorting the whole list for each folder would take too long for many.
 */
export function addLinks(left: string[], found: string[]): void {
  const first = found.sort().reverse().at(-1);
  if (first === undefined) return;
  let low = 0;
  let high = left.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((left[middle] as string) > first) low = middle + 1;
    else high = middle;
  }
  left.splice(low, 0, ...found);
}

/**
 * Links are followed after everything else, in order, and only within the folder. A folder is entered through links at
 * most once, so that links that cross each other cannot multiply.
 */
async function followLinks(world: {
  root: string;
  own: OwnFolders;
  links: string[];
  signal: AbortSignal;
  addFile(path: string, stats: Stats): void;
  walkTree(top: string): Promise<void>;
  absolute(path: string): string;
  skip(path: string, code: string, reason: Message): void;
  keep(path: string): void;
}): Promise<void> {
  const { links, skip, absolute } = world;
  const canonicalRoot = await realpath(world.root);
  const entered = new Set<string>();
  /** The remaining links, the next one last. */
  const left: string[] = [];
  for (;;) {
    world.signal.throwIfAborted();
    addLinks(left, links.splice(0));
    const path = left.pop();
    if (path === undefined) return;
    try {
      const target = await realpath(absolute(path));
      const isInside = target === canonicalRoot || target.startsWith(canonicalRoot + sep);
      if (!isInside) {
        skip(path, 'OUTSIDE_FOLDER', fact('LINK_LEADS_OUTSIDE'));
        continue;
      }
      if (target.includes('\ufffd') && !(await exists(target))) {
        // It can be followed, but what is there cannot be opened by the name that Node returned.
        world.keep(path);
        skip(path, 'FILE_UNREADABLE', fact('FILE_NAME_NOT_UTF_8'));
        continue;
      }
      const stats = await stat(absolute(path));
      if (await world.own.contain(stats.isDirectory() ? target : dirname(target))) {
        skip(path, 'OWN_DATA_FOLDER', fact('OWN_DATA_LEFT_OUT'));
        continue;
      }
      if (!stats.isDirectory()) {
        world.addFile(path, stats);
        continue;
      }
      const place = await realpath(absolute(parentOf(path)));
      if (place === target || place.startsWith(target + sep)) {
        skip(path, 'SYMLINK_LOOP', fact('LINK_LEADS_UP'));
      } else if (entered.has(target)) {
        skip(path, 'SYMLINK_LOOP', fact('LINK_ALREADY_FOLLOWED'));
      } else {
        entered.add(target);
        await world.walkTree(path);
      }
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ELOOP') skip(path, 'SYMLINK_LOOP', fact('LINK_LEADS_TO_ITSELF'));
      else if (isMissing(error)) skip(path, 'FILE_UNREADABLE', fact('LINK_LEADS_NOWHERE'));
      else if (code !== null) {
        world.keep(path);
        skip(path, 'FILE_UNREADABLE', fact('LINK_CANNOT_BE_FOLLOWED', { code }));
      } else throw error;
    }
  }
}
