/** The named values of an index. */
import type { DatabaseSync } from 'node:sqlite';

export function createMetaRows(database: DatabaseSync) {
  const select = database.prepare('SELECT value FROM meta WHERE key = ?');
  const upsert = database.prepare(
    'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  );
  const drop = database.prepare('DELETE FROM meta WHERE key = ?');
  return {
    get(key: string): string | null {
      const row = select.get(key);
      return row === undefined ? null : String(row.value);
    },
    /** null removes it. */
    set(key: string, value: string | null): void {
      if (value === null) drop.run(key);
      else upsert.run(key, value);
    },
  };
}
