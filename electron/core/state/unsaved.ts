/** Writes that could not be saved, for example on a full disk: kept in order and retried until they are. */
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import type { Log } from '../ports/log.ts';
import type { Clock, Timer } from '../ports/time.ts';

export interface UnsavedWrite {
  /** A later write with the same key replaces it. */
  key: string;
  /** Throws without changing anything if it cannot be saved. */
  write(): void;
  /** Called when it is saved or dropped. */
  onDone(): void;
  /** A record of the past, which may be dropped if too many are waiting. */
  isRecord: boolean;
}

export interface Unsaved {
  /** Saves it now if possible, else later. Never throws. */
  save(write: UnsavedWrite): void;
  /** Tries all of them now. Never throws. */
  flush(): void;
  readonly size: number;
  /** Tries all of them a last time. */
  stop(): void;
}

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;
/** Beyond this the oldest records of the past are dropped, so that memory stays bounded. */
const MOST_WAITING = 5000;

export function createUnsaved({
  clock,
  log,
  onTrouble,
  onSaved,
}: {
  clock: Pick<Clock, 'timer'>;
  log: Log;
  /** Called when writes begin to fail. */
  onTrouble(error: unknown): void;
  /** Called when everything that had failed is saved. */
  onSaved(): void;
}): Unsaved {
  const waiting = new Map<string, UnsavedWrite>();
  let timer: Timer | null = null;
  let retryMs = FIRST_RETRY_MS;
  let isFailing = false;
  let isFlushing = false;
  let isStopped = false;

  function flush(): void {
    // Saving may trigger a report, which is itself a write.
    if (isFlushing) return;
    isFlushing = true;
    timer?.cancel();
    timer = null;
    for (const entry of waiting.values()) {
      try {
        entry.write();
      } catch (error) {
        if (!isFailing) {
          isFailing = true;
          log.error('Something could not be saved and will be retried.', {
            key: entry.key,
            error: String(error),
          });
          onTrouble(error);
        }
        // On a full disk the others would fail as well; stopping here keeps their order.
        if (isPilotlightError(error) && error.code === 'DISK_FULL') break;
        continue;
      }
      waiting.delete(entry.key);
      entry.onDone();
      retryMs = FIRST_RETRY_MS;
    }
    isFlushing = false;
    if (waiting.size > 0) plan();
    else if (isFailing) {
      isFailing = false;
      log.info('Everything that could not be saved earlier is saved now.');
      onSaved();
    }
  }

  function plan(): void {
    giveUpOldest();
    if (isStopped) return;
    timer = clock.timer(retryMs, flush);
    retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2);
  }

  function giveUpOldest(): void {
    for (const entry of waiting.values()) {
      if (waiting.size <= MOST_WAITING) return;
      if (!entry.isRecord) continue;
      waiting.delete(entry.key);
      entry.onDone();
    }
  }

  return {
    save(entry) {
      const isNew = waiting.size === 0;
      waiting.delete(entry.key);
      waiting.set(entry.key, entry);
      // While the disk is known to be full, only the timer tries.
      if (isNew) flush();
      else giveUpOldest();
    },
    flush,
    get size() {
      return waiting.size;
    },
    stop() {
      isStopped = true;
      flush();
      timer?.cancel();
      if (waiting.size > 0) log.error('Some of what happened could not be saved.', { count: waiting.size });
    },
  };
}
