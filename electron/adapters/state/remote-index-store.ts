/** Indexes on other servers in the database, with the run that is in progress there. */
import { remoteIndexRecordSchema } from '../../../shared/models/remote-index.ts';
import type { Store } from '../../core/ports/state.ts';
import type { PowerStoreParts } from './power-store.ts';

export function createRemoteIndexStore({ run, all, rows }: PowerStoreParts): Store['remoteIndexes'] {
  return {
    list: () =>
      rows
        .parseRows(
          'remote_indexes',
          all('SELECT id, value FROM remote_indexes ORDER BY id'),
          remoteIndexRecordSchema,
        )
        .sort((one, other) => one.addedAt - other.addedAt),
    put: (record) => {
      run(
        'INSERT INTO remote_indexes (id, value) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value',
        record.id,
        JSON.stringify(record),
      );
    },
    remove: (id) => {
      run('DELETE FROM remote_indexes WHERE id = ?', id);
    },
  };
}
