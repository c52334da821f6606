/** What the fleet has to know of a wake: probes are shorter, silence is no news, and its boot time is learned. */
import { isServing, type Trouble } from '../../../shared/models/fleet.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/state.ts';
import type { Clock } from '../ports/time.ts';
import { BOOTS_REMEMBERED, usualBootMs } from './boot.ts';
import type { Entry, Waking } from './entry.ts';
import { beginWaking, endWaking } from './node-state.ts';

export interface WakingNodes {
  begin(entry: Entry, waking: Waking): void;
  /** `error` is why the wake did not end well; null or left out where there is nothing to report. */
  end(entry: Entry, error?: Trouble | null): void;
  /** Takes in how long a boot took; the caller publishes it. */
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
      // A probe of a silent host can take seconds; from now on probes are short.
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
