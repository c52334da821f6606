/** What of a data folder belongs into a backup. */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { digestOf } from './format.ts';

/** Sealed values and the keys that open them: only with a passphrase. */
export const secretFiles = ['secrets.json', 'secrets.key', 'session.key'] as const;

/** Of this process, this computer or this window only, or kept aside from earlier. */
const leftOut = [
  /^core\.lock$/,
  /^port$/,
  /^(endpoint|gateway)\.json$/,
  /^window$/,
  /^updates(\.json)?$/,
  /^(before|unfinished)-restore-/,
  /\.corrupt-\d+$/,
  /\.new$/,
  // An index of a log, which SQLite makes again.
  /-shm$/,
];

export const isLeftOut = (name: string): boolean => leftOut.some((pattern) => pattern.test(name));

/** The names at the top of the folder that a backup has, secrets aside. */
export function topNames(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => !isLeftOut(name) && !(secretFiles as readonly string[]).includes(name))
    .sort();
}

/** Every file below, as a path with slashes. Links are not followed and not kept. */
export function filesIn(folder: string): string[] {
  const files: string[] = [];
  const visit = (path: string) => {
    for (const entry of readdirSync(join(folder, path), { withFileTypes: true })) {
      const inside = `${path}/${entry.name}`;
      if (entry.isDirectory()) visit(inside);
      else if (entry.isFile() && !isLeftOut(entry.name)) files.push(inside);
    }
  };
  for (const name of topNames(folder)) {
    const found = readdirSync(folder, { withFileTypes: true }).find((entry) => entry.name === name);
    if (found?.isDirectory()) visit(name);
    else if (found?.isFile()) files.push(name);
  }
  return files;
}

/** Brings what is in a write-ahead log into its database. A damaged one is copied as it is, with its log. */
export function settleDatabases(folder: string): void {
  for (const path of filesIn(folder).filter((name) => /\.(sqlite|db)$/.test(name))) {
    try {
      const database = new DatabaseSync(join(folder, path));
      try {
        database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      } finally {
        database.close();
      }
    } catch {
      // The core repairs it when it starts, from the backup as well.
    }
  }
}

/**
 * How many migrations a database has had; 0 if it can't be read. From its first page: opening it would leave a log beside
 * it. What is still in a log counts once `settleDatabases` has brought it in.
 */
export function versionOf(path: string): number {
  const page = Buffer.alloc(64);
  try {
    const file = openSync(path, 'r');
    try {
      if (readSync(file, page, 0, page.length, 0) < page.length) return 0;
    } finally {
      closeSync(file);
    }
  } catch {
    return 0;
  }
  return page.toString('latin1', 0, 15) === 'SQLite format 3' ? page.readUInt32BE(60) : 0;
}

/** A digest of what tells this computer from others. */
export function machineDigest(read = (path: string): string => readFileSync(path, 'utf8')): string {
  for (const path of ['/etc/machine-id', '/var/lib/dbus/machine-id']) {
    try {
      const id = read(path).trim();
      if (id !== '') return digestOf(`pilotlight ${id}`).slice(0, 16);
    } catch {
      // Not on this system.
    }
  }
  return digestOf(`pilotlight ${hostname()}`).slice(0, 16);
}

/** Whether a key store of the system sealed some secrets: then their file opens on this computer only. */
export function areBound(secretsFile: string): boolean {
  return /"by":\s*"(?!key-file")[^"]+"/.test(secretsFile);
}
