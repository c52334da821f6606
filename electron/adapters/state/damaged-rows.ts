/** Rows that cannot be read are set aside one by one, so that the others remain usable. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { damagedCredential } from '../../../shared/models/access.ts';
import { nodeRecordSchema } from '../../../shared/models/fleet.ts';
import { safestPolicy, unknownLease } from '../../../shared/models/power.ts';
import { savedSettingsSchema } from '../../../shared/models/settings.ts';
import { type Parser, readColumn } from './columns.ts';
import type { DamagedRow } from './damage.ts';

type Row = Record<string, unknown>;

/** The replacement for a row that cannot be read. */
export interface Replacement<T> {
  record: T;
  write(): void;
}

export interface DamagedRows {
  /**
   * The values of rows with `id` and `value`; `prepare` changes the parsed value. A row that does not match is set
   * aside, and left out unless it is replaced.
   */
  parseRows<T>(
    table: string,
    rows: readonly Row[],
    schema: Parser<T>,
    prepare?: (value: unknown, row: Row) => unknown,
    replace?: (row: Row) => Replacement<T> | null,
  ): T[];
  /** The saved settings; null if none of them can be read. */
  readSettings(row: Row | undefined): unknown;
  setAside(table: string, row: Row): void;
  /**
   * After a file was damaged: keeps every machine on whose leases or policies may be missing, and remembers that there
   * may have been keys.
   */
  fillUnknown(incomplete: readonly string[]): void;
}

export interface DamagedRowsOptions {
  database: DatabaseSync;
  /** Throws coded errors. */
  run(sql: string, ...values: SQLInputValue[]): unknown;
  onDamaged(row: DamagedRow): void;
}

/** A person who wants them back has half a year, or until so many others were damaged. */
const KEPT_MS = 180 * 86_400_000;
const MOST_ROWS = 2000;

const keyOf: Readonly<Record<string, string>> = {
  power_policies: 'node_id',
  listings: 'node_id',
  runners: 'node_id',
};

export function createDamagedRows({ database, run, onDamaged }: DamagedRowsOptions): DamagedRows {
  /** In the transaction in progress, or in its own. */
  function atomically(work: () => void): void {
    if (database.isTransaction) {
      work();
      return;
    }
    run('BEGIN IMMEDIATE');
    try {
      work();
      run('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  function keep(table: string, row: Row): void {
    run(
      'INSERT INTO damaged_rows (at, source, key, value) VALUES (?, ?, ?, ?)',
      Date.now(),
      table,
      String(row.id),
      String(row.value),
    );
    run(
      'DELETE FROM damaged_rows WHERE at < ? OR id <= (SELECT max(id) FROM damaged_rows) - ?',
      Date.now() - KEPT_MS,
      MOST_ROWS,
    );
  }

  function setAside(table: string, row: Row, replacement: Replacement<unknown> | null = null): void {
    try {
      // An index that lacks the damaged row would prevent moving it.
      if (!database.isTransaction) database.exec(`REINDEX ${table}`);
      atomically(() => {
        keep(table, row);
        run(`DELETE FROM ${table} WHERE ${keyOf[table] ?? 'id'} = ?`, row.id as SQLInputValue);
        replacement?.write();
      });
    } catch {
      // With a full disk it stays in place, and is found again at the next start.
    }
    onDamaged({ table, name: nameIn(row), nodeId: nodeOf(table, row) });
  }

  return {
    setAside,
    parseRows(table, rows, schema, prepare = (value) => value, replace = () => null) {
      return rows.flatMap((row) => {
        const parsed = schema.safeParse(prepare(readColumn(row.value), row));
        if (parsed.success && belongs(parsed.data, row)) return [parsed.data];
        const replacement = replace(row);
        setAside(table, row, replacement);
        return replacement === null ? [] : [replacement.record];
      });
    },
    readSettings(row) {
      if (row === undefined) return null;
      const value = readColumn(row.value);
      if (savedSettingsSchema.safeParse(value).success) return value;
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        setAside('settings', row);
        return null;
      }
      // Part of it is usable; the next change overwrites the rest.
      try {
        atomically(() => keep('settings', row));
      } catch {}
      return value;
    },
    fillUnknown(incomplete) {
      const [leases, policies, credentials] = ['leases', 'power_policies', 'credentials'].map((table) =>
        incomplete.includes(table),
      );
      if (!leases && !policies && !credentials) return;
      const now = Date.now();
      atomically(() => {
        if (credentials) {
          const record = damagedCredential('key_unknown', now);
          run(
            'INSERT OR IGNORE INTO credentials (id, value) VALUES (?, ?)',
            record.id,
            JSON.stringify(record),
          );
        }
        for (const { value } of database.prepare('SELECT value FROM nodes').all()) {
          const node = nodeRecordSchema.safeParse(readColumn(value));
          if (!node.success || node.data.kind === 'this-computer') continue;
          const nodeId = node.data.id;
          if (leases) {
            const lease = unknownLease({ id: `lease_unknown_${nodeId}`, nodeId, createdAt: now });
            run(
              `INSERT INTO leases (id, node_id, created_at, ended_at, value) VALUES (?, ?, ?, NULL, ?)
               ON CONFLICT (id) DO UPDATE SET ended_at = NULL, value = excluded.value`,
              lease.id,
              nodeId,
              now,
              JSON.stringify(lease),
            );
          }
          if (policies) {
            run(
              'INSERT OR IGNORE INTO power_policies (node_id, value) VALUES (?, ?)',
              nodeId,
              JSON.stringify(safestPolicy(null)),
            );
          }
        }
      });
    },
  };
}

/** A record under another record's key is damaged, like one that cannot be parsed. */
function belongs(record: unknown, row: Row): boolean {
  if (typeof record !== 'object' || record === null) return true;
  const { id, nodeId, endedAt } = record as Row;
  return (
    (id === undefined || id === row.id) &&
    (nodeId === undefined || row.node_id === undefined || nodeId === row.node_id) &&
    (endedAt === undefined || row.ended_at === undefined || endedAt === row.ended_at)
  );
}

/** The name in an incomplete record helps a person more than its id. */
function nameIn(row: Row): string {
  const found = /"(?:name|label)"\s*:\s*"((?:[^"\\]|\\.){1,200})"/.exec(String(row.value))?.[1];
  return found ?? String(row.id);
}

function nodeOf(table: string, row: Row): string | null {
  if (table === 'nodes') return String(row.id);
  return row.node_id === undefined ? null : String(row.node_id);
}
