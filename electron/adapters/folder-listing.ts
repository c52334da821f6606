/** The folders in a folder, for a person who chooses one. */
import type { Dirent } from 'node:fs';
import { access, constants, opendir, readlink, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { PilotlightError } from '../../shared/contract/errors.ts';
import type { FolderPage, FolderQuery } from '../core/ports/local-machine.ts';
import { toFolderError } from './source-folder-error.ts';

/** Entries that are read of one folder; a larger one is listed in part. */
const MOST_ENTRIES = 100_000;
/** Links whose targets are checked. */
const MOST_LINKS = 2000;

/** `~` and what begins with `~/`, for the user that runs Pilotlight. Other paths are unchanged. */
export function expandHome(path: string, home: string = homedir()): string {
  if (path === '~') return home;
  return /^~[\\/]/.test(path) ? join(home, path.slice(2)) : path;
}

const order = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
/** Names that differ by case only have an order, too. */
const byName = (a: string, b: string) => order.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);

/** Lists a page of the folders in one. Links are named as such, with their targets, and not followed. */
export async function listFolders(query: FolderQuery, signal: AbortSignal): Promise<FolderPage> {
  const home = homedir();
  const wanted = expandHome(query.path, home);
  const details = { field: 'path', path: query.path };
  if (!isAbsolute(wanted) || wanted.includes('\0'))
    throw new PilotlightError('FOLDER_NOT_FOUND', { details });
  try {
    const path = await realpath(wanted);
    const { names, links, isCut } = await readNames(path, query.hidden, signal);
    const targets = await foldersBehind(path, links, signal);
    const sorted = [...names, ...targets.keys()].sort(byName);
    const after = query.after;
    const begin = after === null ? 0 : sorted.findIndex((name) => byName(name, after) > 0);
    const page = begin < 0 ? [] : sorted.slice(begin, begin + query.limit);
    const above = dirname(path);
    return {
      path,
      parent: above === path ? null : above,
      home,
      folders: await Promise.all(
        page.map(async (name) => ({
          name,
          path: join(path, name),
          target: targets.get(name) ?? null,
          isReadable: await isReadable(join(path, name)),
        })),
      ),
      total: sorted.length,
      next: begin >= 0 && begin + query.limit < sorted.length ? (page.at(-1) ?? null) : null,
      isCut,
    };
  } catch (error) {
    signal.throwIfAborted();
    throw toFolderError(error, details);
  }
}

async function readNames(path: string, hidden: boolean, signal: AbortSignal) {
  const names: string[] = [];
  const links: string[] = [];
  let read = 0;
  const folder = await opendir(path, { bufferSize: 512 });
  for await (const entry of folder as AsyncIterable<Dirent>) {
    signal.throwIfAborted();
    read += 1;
    if (read > MOST_ENTRIES) return { names, links, isCut: true };
    if (!hidden && entry.name.startsWith('.')) continue;
    if (entry.isDirectory()) names.push(entry.name);
    else if (entry.isSymbolicLink()) links.push(entry.name);
  }
  return { names, links: links.slice(0, MOST_LINKS), isCut: links.length > MOST_LINKS };
}

/** The links that lead to folders, with what they name. */
async function foldersBehind(path: string, links: readonly string[], signal: AbortSignal) {
  const targets = new Map<string, string>();
  for (let at = 0; at < links.length; at += 32) {
    signal.throwIfAborted();
    await Promise.all(
      links.slice(at, at + 32).map(async (name) => {
        const link = join(path, name);
        try {
          if ((await stat(link)).isDirectory()) targets.set(name, await readlink(link));
        } catch {
          // It leads nowhere, or to where this user may not look.
        }
      }),
    );
  }
  return targets;
}

const isReadable = (path: string) =>
  access(path, constants.R_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
