/** One opened database with everything that is kept in memory about it. A damaged one is replaced as a whole. */
import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../core/ports/time.ts';
import { createAttempts } from './attempts.ts';
import { type Counts, createCounts } from './counts.ts';
import { createLeases, type Leases } from './leases.ts';
import { createManagement } from './management.ts';
import { createReads } from './reads.ts';
import { createSql, type Sql } from './rows.ts';
import { createTaskTable } from './task-table.ts';
import type { Lease } from './turn.ts';

export interface QueueStore {
  database: DatabaseSync;
  sql: Sql;
  attempts: ReturnType<typeof createAttempts>;
  management: ReturnType<typeof createManagement>;
  reads: ReturnType<typeof createReads>;
  leases: Leases;
  counts: Counts;
  held: ReturnType<typeof createTaskTable>['held'];
  find: ReturnType<typeof createTaskTable>['find'];
  /** When the next delayed task may start; null without one. */
  nextDelayed(): number | null;
  close(): void;
}

export function createQueueStore(
  database: DatabaseSync,
  clock: Pick<Clock, 'monotonic' | 'timer'>,
  onLeasesEnded: (ended: readonly Lease[]) => void,
): QueueStore {
  const sql = createSql(database);
  const last = sql.get<{ place: number | null }>('SELECT MAX(place) AS place FROM tasks');
  let place = Number(last?.place ?? 0);
  const table = createTaskTable(sql, () => {
    place += 1;
    return place;
  });
  const present = sql.all<{ id: string; token: string; worker_id: string; lease_ms: number }>(
    "SELECT id, token, worker_id, lease_ms FROM tasks WHERE state = 'active'",
  );
  const leases = createLeases(
    clock,
    present.map(({ id, token, worker_id, lease_ms }) => ({
      id,
      token,
      workerId: worker_id,
      leaseMs: lease_ms,
    })),
    onLeasesEnded,
  );
  return {
    database,
    sql,
    attempts: createAttempts(table),
    management: createManagement(table),
    reads: createReads(sql),
    leases,
    counts: createCounts(sql),
    held: table.held,
    find: table.find,
    nextDelayed: () =>
      sql.get<{ at: number | null }>("SELECT MIN(run_at) AS at FROM tasks WHERE state = 'delayed'")?.at ??
      null,
    close() {
      leases.stop();
      database.close();
    },
  };
}
