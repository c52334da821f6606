/** What the stores of histories do with the database alike: errors of the store, and transactions. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { toStoreError } from './open-database.ts';

export interface HistoryAccess {
  /** All of the work is written, or nothing. Throws a store error. @param onRollback what was learned is void then */
  inTransaction(work: () => void, onRollback?: () => void): void;
  /** Throws a store error. */
  all(sql: string, ...values: SQLInputValue[]): Record<string, unknown>[];
}

export function createHistoryAccess({
  database,
  statement,
}: {
  database: DatabaseSync;
  statement: (sql: string) => StatementSync;
}): HistoryAccess {
  return {
    inTransaction(work, onRollback) {
      try {
        database.exec('BEGIN IMMEDIATE');
        try {
          work();
          database.exec('COMMIT');
        } catch (error) {
          // A full disk may already have rolled it back.
          if (database.isTransaction) database.exec('ROLLBACK');
          onRollback?.();
          throw error;
        }
      } catch (error) {
        throw toStoreError(error);
      }
    },
    all(sql, ...values) {
      try {
        return statement(sql).all(...values);
      } catch (error) {
        throw toStoreError(error);
      }
    },
  };
}
