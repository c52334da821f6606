/** The real access service on a store in memory. `full` makes saving fail, as a full disk does. */
import { createAccessService } from '../../electron/core/access/service.ts';
import type { Clock } from '../../electron/core/ports/time.ts';
import { createStreams, type Streams } from '../../electron/core/runtime/streams.ts';
import { PilotlightError } from '../../shared/contract/errors.ts';
import type { CredentialRecord } from '../../shared/models/access.ts';
import type { NewActivityEntry } from '../../shared/models/activity.ts';
import { createRememberingLog } from './transport.ts';

export function createMemoryAccess({
  clock,
  streams = createStreams({ clock, epoch: 'run-1' }),
  saved = [],
}: {
  clock: Clock;
  streams?: Streams;
  saved?: readonly CredentialRecord[];
}) {
  const records = new Map(saved.map((record) => [record.id, record]));
  const state = { full: false, writes: 0 };
  const entries: NewActivityEntry[] = [];
  const log = createRememberingLog();
  let lastId = 0;
  const access = createAccessService({
    clock,
    ids: {
      next(prefix) {
        lastId += 1;
        return `${prefix}_${lastId}`;
      },
    },
    log,
    streams,
    activity: { record: (entry) => void entries.push(entry) },
    store: {
      credentials: {
        list: () => [...records.values()],
        put(record) {
          if (state.full) throw new PilotlightError('DISK_FULL');
          state.writes += 1;
          records.set(record.id, record);
        },
        remove: (id) => void records.delete(id),
      },
    },
  });
  return { access, records, state, entries, log, streams };
}
