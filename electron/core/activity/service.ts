import { createEmitter } from '../../../shared/emitter.ts';
import type { ActivityEntry, ActivityQuery, NewActivityEntry } from '../../../shared/models/activity.ts';
import { redactWithin } from '../../../shared/redact.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/state.ts';
import type { Clock } from '../ports/time.ts';
import type { Streams } from '../runtime/streams.ts';

export interface ActivityService {
  /** Records an event. Never throws; a failed save is only logged, so that it cannot break the caller. */
  record(entry: NewActivityEntry): void;
  /** Called with each entry after it was recorded. */
  onRecord(listener: (entry: ActivityEntry) => void): () => void;
  /** Newest first. */
  list(query: ActivityQuery): ActivityEntry[];
  /** Deletes every entry. Throws a store error. */
  clear(): void;
}

export interface ActivityDependencies {
  clock: Clock;
  store: Pick<Store, 'activity' | 'histories'>;
  streams: Pick<Streams, 'activity'>;
  log: Log;
}

/** How many entries the stream carries; older ones are read by `activity.list`. */
const streamed = 200;

export function createActivityService({ clock, store, streams, log }: ActivityDependencies): ActivityService {
  const shown: number[] = [];
  const recorded = createEmitter<[ActivityEntry]>({ name: 'activity', log });

  function show(entry: ActivityEntry): void {
    streams.activity.set(String(entry.id), entry);
    shown.push(entry.id);
    while (shown.length > streamed) streams.activity.delete(String(shown.shift()));
  }

  for (const entry of store.activity.list({ limit: streamed }).reverse()) show(entry);

  return {
    record(entry) {
      try {
        const saved = store.activity.append(redactWithin({ ...entry, at: clock.now() }));
        show(saved);
        recorded.emit(saved);
      } catch (error) {
        log.error('An activity entry could not be saved.', {
          code: entry.message.code,
          error: String(error),
        });
      }
    },
    onRecord: recorded.on,
    list: (query) => store.activity.list(query),
    clear() {
      store.histories.clear('activity');
      for (const id of shown.splice(0)) streams.activity.delete(String(id));
    },
  };
}
