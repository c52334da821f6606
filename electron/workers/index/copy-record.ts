/**
 * What an index knows about the copy of its vectors: which files count as one, and which vectors were removed since.
 * Vectors never change and ids only increase, so this and the vectors after the copy's last are the whole difference.
 */
import type { DatabaseSync } from 'node:sqlite';
import { parseJson } from '../../../shared/json.ts';
import { COPY_META, inTransaction } from './database.ts';
import { createMetaRows } from './meta-rows.ts';

interface StoredRecord {
  /** The last is the newest. Two while a new copy gets its name. */
  tokens: string[];
  lastId: number;
}

export type CopyRecord = ReturnType<typeof createCopyRecord>;

export function createCopyRecord(database: DatabaseSync) {
  const meta = createMetaRows(database);
  const selectRemoved = database.prepare('SELECT chunk_id FROM removed_vectors');
  const countRemoved = database.prepare('SELECT count(*) AS removed FROM removed_vectors');
  // These rows are small; those of the vectors have whole pages.
  const countAdded = database.prepare(
    'SELECT count(*) AS added FROM (SELECT 1 FROM words_docsize WHERE id > ? LIMIT ?)',
  );
  const forgetRemoved = database.prepare('DELETE FROM removed_vectors');
  const addRemoved = database.prepare('INSERT OR IGNORE INTO removed_vectors (chunk_id) VALUES (?)');

  function read(): StoredRecord | null {
    const stored = parseJson(meta.get(COPY_META) ?? '') as Partial<StoredRecord> | null;
    if (!Array.isArray(stored?.tokens) || typeof stored.lastId !== 'number') return null;
    return { tokens: stored.tokens.map(String), lastId: stored.lastId };
  }

  const write = (record: StoredRecord) => meta.set(COPY_META, JSON.stringify(record));

  return {
    tokens: () => read()?.tokens ?? [],

    removed: () => selectRemoved.all().map((row) => Number(row.chunk_id)),

    /** How many vectors differ from the copy, up to a limit; null without one. */
    difference(limit: number): number | null {
      const record = read();
      if (record === null) return null;
      const added = Number(countAdded.get(record.lastId, limit)?.added ?? 0);
      return added + Number(countRemoved.get()?.removed ?? 0);
    },

    /** A copy is complete and gets its name now; until `settle`, the previous one counts too. */
    announce(token: string, lastId: number, removed: readonly number[]): void {
      inTransaction(database, () => {
        const before = read();
        write({
          tokens: [...(before?.tokens.slice(-1) ?? []), token],
          lastId: Math.min(lastId, before?.lastId ?? lastId),
        });
        for (const id of removed) addRemoved.run(id);
      });
    },

    /** @param removed since the copy was begun */
    settle(token: string, lastId: number, removed: readonly number[]): void {
      inTransaction(database, () => {
        write({ tokens: [token], lastId });
        forgetRemoved.run();
        for (const id of removed) addRemoved.run(id);
      });
    },

    /** There is no copy. */
    forget(): void {
      if (read() === null) return;
      inTransaction(database, () => {
        meta.set(COPY_META, null);
        forgetRemoved.run();
      });
    },
  };
}
