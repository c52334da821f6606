/** Applies a wake to an entry, and learns boot times. */
import { isServing, type Trouble } from '../../../shared/models/fleet.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/state.ts';
import type { Clock } from '../ports/time.ts';
import { BOOTS_REMEMBERED, usualBootMs } from './boot.ts';
import type { Entry, Waking } from './entry.ts';
import { beginWaking, endWaking } from './node-state.ts';

export interface WakingNodes {
  begin(entry: Entry, waking: Waking): void;
  /** `error` is why the wake failed; null or left out if there is nothing to report. */
  end(entry: Entry, error?: Trouble | null): void;
  /** Saves a boot time; the caller publishes the entry. */
  learnBoot(entry: Entry, durationMs: number): void;
  readBoot(entry: Pick<Entry, 'record' | 'boot'>): void;
}

export function createWakingNodes({
  clock,
  log,
  store,
  publish,
}: {
  clock: Clock;
  log: Log;
  store: Pick<Store, 'bootTimes'>;
  publish(entry: Entry): void;
}): WakingNodes {
  function readBoot(entry: Pick<Entry, 'record' | 'boot'>): void {
    const recent = store.bootTimes.recent(entry.record.id, BOOTS_REMEMBERED);
    entry.boot = { usualMs: usualBootMs(recent), count: recent.length };
  }

  return {
    begin(entry, waking) {
      entry.waking = waking;
      entry.observation = beginWaking(entry.observation, clock.now());
      entry.lastWakeError = null;
      publish(entry);
      // Ends the current probe, which may take seconds; the next ones are short.
      entry.interruptProbe?.();
    },

    end(entry, error) {
      entry.waking = null;
      entry.observation = endWaking(entry.observation, clock.now());
      if (error) entry.lastWakeError = error;
      publish(entry);
      if (!isServing(entry.observation.state)) entry.watch?.reschedule();
    },

    learnBoot(entry, durationMs) {
      const nodeId = entry.record.id;
      try {
        store.bootTimes.add(nodeId, clock.now(), Math.round(durationMs));
      } catch (error) {
        log.warn('A boot time could not be saved.', { nodeId, error: String(error) });
      }
      readBoot(entry);
    },

    readBoot,
  };
}
