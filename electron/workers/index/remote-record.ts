/** What an index knows about its vectors in Qdrant: where they are, and what has not been sent yet. */
import type { DatabaseSync } from 'node:sqlite';
import { parseJson } from '../../../shared/json.ts';
import { inTransaction, REMOTE_META } from './database.ts';
import { createMetaRows } from './meta-rows.ts';

export interface RemoteState {
  url: string;
  collection: string;
  /** Whether the collection is there, and empty or with our points. */
  created: boolean;
  /** Every vector up to this id is there. */
  sent: number;
  /** Whether searches use it; false while the vectors are being moved. */
  active: boolean;
}

export type RemoteRecord = ReturnType<typeof createRemoteRecord>;

export function createRemoteRecord(database: DatabaseSync) {
  const meta = createMetaRows(database);
  const selectRemoved = database.prepare(
    'SELECT chunk_id FROM removed_remotely WHERE chunk_id <= ? ORDER BY chunk_id LIMIT ?',
  );
  const forgetRemoved = database.prepare('DELETE FROM removed_remotely WHERE chunk_id = ?');
  // These rows are small; those of the vectors have whole pages.
  const countUnsent = database.prepare('SELECT count(*) AS unsent FROM words_docsize WHERE id > ?');

  const write = (state: RemoteState) => meta.set(REMOTE_META, JSON.stringify(state));

  return {
    /** null if the vectors are only here. */
    read(): RemoteState | null {
      const stored = parseJson(meta.get(REMOTE_META) ?? '') as Partial<RemoteState> | null;
      if (typeof stored?.url !== 'string' || typeof stored.collection !== 'string') return null;
      const { url, collection, created = false, sent = 0, active = false } = stored;
      return { url, collection, created, sent, active };
    },
    write,
    /** The vectors are only here from now on. */
    end(): void {
      inTransaction(database, () => {
        meta.set(REMOTE_META, null);
        database.exec('DELETE FROM removed_remotely');
      });
    },
    /** Vectors that were sent and then removed. */
    removed: (upTo: number, limit: number) =>
      selectRemoved.all(upTo, limit).map((row) => Number(row.chunk_id)),
    forgetRemoved(ids: readonly number[]): void {
      inTransaction(database, () => {
        for (const id of ids) forgetRemoved.run(id);
      });
    },
    unsent: (sent: number) => Number(countUnsent.get(sent)?.unsent ?? 0),
  };
}
