import type { SQLInputValue, StatementSync } from 'node:sqlite';
import {
  type CredentialRecord,
  credentialRecordSchema,
  damagedCredential,
} from '../../../shared/models/access.ts';
import { type ActivityEntry, activityEntrySchema } from '../../../shared/models/activity.ts';
import { nodeRecordSchema } from '../../../shared/models/fleet.ts';
import { indexJobSchema, sourceRecordSchema } from '../../../shared/models/indexing.ts';
import { listingRecordSchema, type MoveRecord, moveRecordSchema } from '../../../shared/models/placement.ts';
import { runnerRecordSchema } from '../../../shared/models/runner.ts';
import type { Secrets, Store } from '../../core/ports/state.ts';
import type { Parser } from './columns.ts';
import { type DamagedRow, type DamagedState, isDamage } from './damage.ts';
import { createDamagedRows } from './damaged-rows.ts';
import { createHistoryStore } from './history.ts';
import { createHistoryUse } from './history-use.ts';
import { openDatabase, toStoreError } from './open-database.ts';
import { type MovedSecrets, movePlainSecrets } from './plain-secrets.ts';
import { createPowerStore } from './power-store.ts';
import { createQueueHistoryStore } from './queue-history.ts';
import { createRemoteIndexStore } from './remote-index-store.ts';
import { createRequestHistoryStore } from './request-history.ts';
import { createTaskStore } from './task-store.ts';

export interface OpenedStore {
  store: Store;
  /** What was wrong with the file and what was recovered; null if nothing was. */
  damaged: DamagedState | null;
  /** Whether secrets of an older version were found in plain text, and why they could not be moved. */
  plainSecrets: MovedSecrets;
}

/** How much of the past is kept; old rows are deleted when new ones arrive. */
const keep = { moves: 5000, activity: 20_000, jobs: 500, bootTimes: 20 };

export interface SqliteStoreOptions {
  path: string;
  /** Receives secrets that an older version stored in plain text; they stay in place without it. */
  secrets?: Secrets;
  /** It was written before, so a file without content has lost it. Default false. */
  expected?: boolean;
  /** The result of `prepareDatabase`, if it has already run. Default: it runs now. */
  prepared?: DamagedState | null;
  /** A row could not be read: it was set aside, and the others are usable. May be called while the store opens. */
  onDamagedRow?(row: DamagedRow): void;
  /** The file was damaged while in use: the next start repairs it. */
  onDamagedFile?(): void;
}

/**
 * The state in one SQLite file. Values are JSON validated by the models' schemas: a row that does not match is set
 * aside and reported. Where it could let a machine power off, the safest known value replaces it.
 */
export function createSqliteStore(options: SqliteStoreOptions): OpenedStore {
  const { path, secrets } = options;
  const { database, damaged } = openDatabase(path, options);
  const plainSecrets = secrets ? movePlainSecrets(database, secrets) : { kind: 'none' as const };
  const statements = new Map<string, StatementSync>();
  let reported = false;

  function statement(sql: string): StatementSync {
    let prepared = statements.get(sql);
    if (!prepared) {
      prepared = database.prepare(sql);
      statements.set(sql, prepared);
    }
    return prepared;
  }

  function coded(error: unknown): unknown {
    if (isDamage(error) && !reported) {
      reported = true;
      options.onDamagedFile?.();
    }
    return toStoreError(error);
  }

  function run(sql: string, ...values: SQLInputValue[]): number {
    try {
      return Number(statement(sql).run(...values).lastInsertRowid);
    } catch (error) {
      throw coded(error);
    }
  }

  function all(sql: string, ...values: SQLInputValue[]): Record<string, unknown>[] {
    try {
      return statement(sql).all(...values);
    } catch (error) {
      throw coded(error);
    }
  }

  const rows = createDamagedRows({ database, run, onDamaged: options.onDamagedRow ?? (() => {}) });
  const { parseRows } = rows;

  const numbered = <T extends { id: number }>(
    table: string,
    found: Record<string, unknown>[],
    schema: Parser<T>,
  ): T[] => parseRows(table, found, schema, (value, row) => ({ ...Object(value), id: row.id }));

  function putCredential(credential: CredentialRecord): void {
    run(
      'INSERT INTO credentials (id, value) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value',
      credential.id,
      JSON.stringify(credential),
    );
  }

  const store: Store = {
    settings: {
      read: () => rows.readSettings(all('SELECT id, value FROM settings WHERE id = 1')[0]),
      write: (settings) => {
        run(
          'INSERT INTO settings (id, value) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value',
          JSON.stringify(settings),
        );
      },
    },
    nodes: {
      list: () =>
        parseRows('nodes', all('SELECT id, value FROM nodes ORDER BY id'), nodeRecordSchema).sort(byAge),
      put: (node) => {
        run(
          'INSERT INTO nodes (id, value) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value',
          node.id,
          JSON.stringify(node),
        );
      },
      remove: (id) => {
        run('DELETE FROM nodes WHERE id = ?', id);
        run('DELETE FROM boot_times WHERE node_id = ?', id);
        run('DELETE FROM pins WHERE node_id = ?', id);
        run('DELETE FROM listings WHERE node_id = ?', id);
        run('DELETE FROM runners WHERE node_id = ?', id);
      },
    },
    bootTimes: {
      add: (nodeId, at, durationMs) => {
        run('INSERT INTO boot_times (node_id, at, duration_ms) VALUES (?, ?, ?)', nodeId, at, durationMs);
        run(
          'DELETE FROM boot_times WHERE node_id = ? AND id NOT IN (SELECT id FROM boot_times WHERE node_id = ? ORDER BY id DESC LIMIT ?)',
          nodeId,
          nodeId,
          keep.bootTimes,
        );
      },
      recent: (nodeId, limit) =>
        all(
          'SELECT duration_ms FROM boot_times WHERE node_id = ? ORDER BY id DESC LIMIT ?',
          nodeId,
          limit,
        ).map((row) => Number(row.duration_ms)),
    },
    listings: {
      list: () =>
        parseRows(
          'listings',
          all('SELECT node_id AS id, node_id, value FROM listings ORDER BY node_id'),
          listingRecordSchema,
        ),
      put: (listing) => {
        run(
          'INSERT INTO listings (node_id, value) VALUES (?, ?) ON CONFLICT (node_id) DO UPDATE SET value = excluded.value',
          listing.nodeId,
          JSON.stringify(listing),
        );
      },
    },
    runners: {
      list: () =>
        parseRows(
          'runners',
          all('SELECT node_id AS id, node_id, value FROM runners ORDER BY node_id'),
          runnerRecordSchema,
        ),
      put: (record) => {
        run(
          'INSERT INTO runners (node_id, value) VALUES (?, ?) ON CONFLICT (node_id) DO UPDATE SET value = excluded.value',
          record.nodeId,
          JSON.stringify(record),
        );
      },
      remove: (nodeId) => {
        run('DELETE FROM runners WHERE node_id = ?', nodeId);
      },
    },
    pins: {
      list: () =>
        all('SELECT node_id, model FROM pins ORDER BY node_id, model').map((row) => ({
          nodeId: String(row.node_id),
          model: String(row.model),
        })),
      set: (nodeId, model, pinned) => {
        if (pinned) run('INSERT OR IGNORE INTO pins (node_id, model) VALUES (?, ?)', nodeId, model);
        else run('DELETE FROM pins WHERE node_id = ? AND model = ?', nodeId, model);
      },
    },
    moves: {
      append: (move): MoveRecord => {
        const id = run('INSERT INTO moves (at, value) VALUES (?, ?)', move.at, JSON.stringify(move));
        run('DELETE FROM moves WHERE id <= ?', id - keep.moves);
        return { ...move, id };
      },
      list: (limit) =>
        numbered(
          'moves',
          all('SELECT id, value FROM moves ORDER BY id DESC LIMIT ?', limit),
          moveRecordSchema,
        ),
    },
    activity: {
      append: (entry): ActivityEntry => {
        const whole = {
          at: entry.at,
          kind: entry.kind,
          severity: entry.severity,
          message: entry.message,
          why: entry.why ?? null,
          nodeId: entry.nodeId ?? null,
          notify: entry.notify ?? false,
        };
        const id = run(
          'INSERT INTO activity (at, kind, value) VALUES (?, ?, ?)',
          whole.at,
          whole.kind,
          JSON.stringify(whole),
        );
        run('DELETE FROM activity WHERE id <= ?', id - keep.activity);
        return { ...whole, id };
      },
      list: ({ before, limit, kinds }) => {
        const older = before ?? Number.MAX_SAFE_INTEGER;
        const found =
          kinds === undefined
            ? all('SELECT id, value FROM activity WHERE id < ? ORDER BY id DESC LIMIT ?', older, limit)
            : all(
                'SELECT id, value FROM activity WHERE id < ? AND kind IN (SELECT value FROM json_each(?)) ORDER BY id DESC LIMIT ?',
                older,
                JSON.stringify(kinds),
                limit,
              );
        return numbered('activity', found, activityEntrySchema);
      },
    },
    sources: {
      list: () =>
        parseRows('sources', all('SELECT id, value FROM sources ORDER BY id'), sourceRecordSchema).sort(
          byAge,
        ),
      put: (source) => {
        run(
          'INSERT INTO sources (id, value) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value',
          source.id,
          JSON.stringify(source),
        );
      },
      remove: (id) => {
        run('DELETE FROM sources WHERE id = ?', id);
      },
    },
    remoteIndexes: createRemoteIndexStore({ run, all, rows }),
    jobs: {
      put: (job) => {
        run(
          `INSERT INTO jobs (id, created_at, status, value) VALUES (?, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET status = excluded.status, value = excluded.value`,
          job.id,
          job.createdAt,
          job.status,
          JSON.stringify(job),
        );
        run(
          `DELETE FROM jobs WHERE status NOT IN ('pending', 'running') AND id NOT IN
             (SELECT id FROM jobs ORDER BY created_at DESC, id DESC LIMIT ?)`,
          keep.jobs,
        );
      },
      get: (id) =>
        parseRows('jobs', all('SELECT id, value FROM jobs WHERE id = ?', id), indexJobSchema)[0] ?? null,
      list: (limit) =>
        parseRows(
          'jobs',
          all('SELECT id, value FROM jobs ORDER BY created_at DESC, id DESC LIMIT ?', limit),
          indexJobSchema,
        ),
      unfinished: () =>
        parseRows(
          'jobs',
          all("SELECT id, value FROM jobs WHERE status IN ('pending', 'running') ORDER BY created_at, id"),
          indexJobSchema,
        ),
    },
    credentials: {
      list: () =>
        parseRows(
          'credentials',
          all('SELECT id, value FROM credentials ORDER BY id'),
          credentialRecordSchema,
          undefined,
          ({ id }) => {
            const record = damagedCredential(String(id), Date.now());
            return { record, write: () => putCredential(record) };
          },
        ),
      put: putCredential,
      remove: (id) => {
        run('DELETE FROM credentials WHERE id = ?', id);
      },
    },
    history: createHistoryStore({ database, statement }),
    requestHistory: createRequestHistoryStore({ database, statement }),
    queueHistory: createQueueHistoryStore({ database, statement }),
    histories: createHistoryUse({ database, statement }),
    tasks: createTaskStore({ database, statement, all, rows }),
    power: createPowerStore({ run, all, rows }),
    transaction(work) {
      run('BEGIN IMMEDIATE');
      try {
        const result = work();
        run('COMMIT');
        return result;
      } catch (error) {
        // A full disk may already have ended it.
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => database.close(),
  };

  if (damaged !== null) rows.fillUnknown(damaged.incomplete);
  return { store, damaged, plainSecrets };
}

function byAge(a: { addedAt: number }, b: { addedAt: number }): number {
  return a.addedAt - b.addedAt;
}
