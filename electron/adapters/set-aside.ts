/**
 * A damaged file is never deleted or overwritten: it is renamed beside its old place, to the first free `.corrupt-<n>`.
 */

import { chmodSync, copyFileSync, lstatSync, renameSync } from 'node:fs';
import { readOwn, UnsafePathsError } from './ownership/read-own.ts';
import { systemCode } from './system-code.ts';

export type FileContent =
  | { kind: 'missing' }
  | { kind: 'read'; text: string }
  /** Something exists there, but cannot be read as a file. */
  | { kind: 'unreadable'; reason: string };

/** What is at this path. Throws UnsafePathsError if another user could have changed it, and nothing else. */
export function readContent(path: string, part: 'file' | 'secret'): FileContent {
  try {
    return { kind: 'read', text: readOwn(path, part).bytes.toString('utf8') };
  } catch (error) {
    if (error instanceof UnsafePathsError) throw error;
    const reason = systemCode(error) ?? String(error);
    return reason === 'ENOENT' ? { kind: 'missing' } : { kind: 'unreadable', reason };
  }
}

/**
 * Renames the file, or whatever is in its place, with its companions (`-wal` and so on), and returns the new path. Only
 * this user can read the renamed file. Throws the file system's error.
 */
export function setAside(path: string, companions: readonly string[] = []): string {
  return toFreeName(path, companions, renameSync);
}

/** Like `setAside` for a file that stays in use: makes a copy instead. */
export function copyAside(path: string, companions: readonly string[] = []): string {
  return toFreeName(path, companions, copyFileSync);
}

/** Like `setAside`, but only for a folder: the trailing slash matches nothing else that may have taken its place. */
export function setFolderAside(path: string): string {
  return toFreeName(path, [], (from, to) => renameSync(`${from}/`, to));
}

/** null if it cannot be moved and therefore stays in place. */
export function trySetAside(path: string, companions: readonly string[] = []): string | null {
  try {
    return setAside(path, companions);
  } catch {
    return null;
  }
}

/** Whether anything exists there, even a broken link. */
export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function toFreeName(
  path: string,
  companions: readonly string[],
  move: (from: string, to: string) => void,
): string {
  const names = ['', ...companions];
  let number = 1;
  while (names.some((name) => isThere(`${path}.corrupt-${number}${name}`))) number += 1;
  const aside = `${path}.corrupt-${number}`;
  for (const name of names) {
    if (name !== '' && !isThere(path + name)) continue;
    move(path + name, aside + name);
    makePrivate(aside + name);
  }
  return aside;
}

/** It has one of our names, so it may contain a secret, however it got there. */
function makePrivate(path: string): void {
  try {
    const found = lstatSync(path);
    if (!found.isSymbolicLink()) chmodSync(path, found.isDirectory() ? 0o700 : 0o600);
  } catch {
    // It belongs to someone else, and so does its mode.
  }
}
