/** Recovers what can be read from a damaged database, table by table. */
import { chmodSync, copyFileSync, rmSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { WriterOf } from '../leftovers.ts';
import { isThere } from '../set-aside.ts';
import type { DamagedState } from './damage.ts';
import { activityTextToMessages, jobTextToMessages, moveTextToMessages } from './migrations.ts';

const COMPANIONS = ['', '-wal', '-shm'];

/** The writers of the copies that killed processes left of this database. */
export const salvageCopiesOf =
  (database: string): WriterOf =>
  (name) => {
    const [, file, writer] = /^(.+)\.corrupt-\d+\.([1-9]\d*)\.reading(?:-wal|-shm)?$/.exec(name) ?? [];
    return file === database ? Number(writer) : null;
  };

/** Fills a new database from the damaged one at `keptAs`, which stays untouched. */
export function salvage(database: DatabaseSync, keptAs: string): DamagedState {
  // Opening it would change it, so a copy is read.
  const copy = `${keptAs}.${process.pid}.reading`;
  const tables = tablesOf(database);
  const rows: Record<string, number> = {};
  const incomplete: string[] = [];
  try {
    // The log's index is rebuilt from the log.
    for (const suffix of ['', '-wal']) {
      if (!isThere(keptAs + suffix)) continue;
      copyFileSync(keptAs + suffix, copy + suffix);
      chmodSync(copy + suffix, 0o600);
    }
    const damaged = new DatabaseSync(copy);
    try {
      database.exec('BEGIN IMMEDIATE');
      for (const table of tables) {
        const { count, whole } = copyTable(damaged, database, table);
        if (count > 0) rows[table] = count;
        if (!whole) incomplete.push(table);
      }
      // The damaged file may be from an older version.
      database.exec(activityTextToMessages);
      database.exec(moveTextToMessages);
      database.exec(jobTextToMessages);
      database.exec('COMMIT');
    } finally {
      damaged.close();
    }
  } catch {
    if (database.isTransaction) database.exec('ROLLBACK');
    return { keptAs, rows: {}, incomplete: tables };
  } finally {
    for (const suffix of COMPANIONS) rmSync(copy + suffix, { recursive: true, force: true });
  }
  return { keptAs, rows, incomplete };
}

function tablesOf(database: DatabaseSync): string[] {
  return database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
    .all()
    .map(({ name }) => String(name));
}

/** Reads from the front to the damage, then from the back; what lies between is lost. */
function copyTable(
  damaged: DatabaseSync,
  database: DatabaseSync,
  table: string,
): { count: number; whole: boolean } {
  const all = database.prepare(`PRAGMA table_info(${table})`).all();
  const has = new Set(columnsOf(damaged, table));
  const columns = all.map(({ name }) => String(name)).filter((name) => has.has(name));
  if (columns.length === 0) return { count: 0, whole: false };
  const keys = all.filter(({ pk }) => Number(pk) > 0).sort((a, b) => Number(a.pk) - Number(b.pk));
  const order = keys.map(({ name }) => String(name));
  const insert = database.prepare(
    `INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  let count = 0;
  let whole = isWhole(damaged, table);
  for (const direction of ['ASC', 'DESC']) {
    try {
      const by = order.map((name) => `${name} ${direction}`).join(', ');
      for (const row of damaged
        .prepare(`SELECT ${columns.join(', ')} FROM ${table} ORDER BY ${by}`)
        .iterate()) {
        try {
          count += Number(insert.run(...columns.map((name) => row[name] as SQLInputValue)).changes);
        } catch {
          // Not of the column's type.
          whole = false;
        }
      }
      break;
    } catch {
      whole = false;
    }
  }
  return { count, whole };
}

function columnsOf(database: DatabaseSync, table: string): string[] {
  try {
    return database
      .prepare(`PRAGMA table_info(${table})`)
      .all()
      .map(({ name }) => String(name));
  } catch {
    return [];
  }
}

function isWhole(database: DatabaseSync, table: string): boolean {
  try {
    return database.prepare(`PRAGMA quick_check(${table})`).get()?.quick_check === 'ok';
  } catch {
    return false;
  }
}
