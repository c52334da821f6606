/** Keeps the files by which a runner is found: somebody may remove them, or another runner may have taken over. */
import type { Log } from '../../../core/ports/log.ts';
import type { Clock } from '../../../core/ports/time.ts';

export interface KeepPlacesOptions {
  clock: Pick<Clock, 'sleep'>;
  log: Pick<Log, 'warn'>;
  signal: AbortSignal;
  /** Writes what is missing. Resolves with the other one, if there is one. */
  claim(): Promise<object | null>;
  onLost(): void;
}

const EVERY_MS = 10_000;

export function keepPlaces({ clock, log, signal, claim, onLost }: KeepPlacesOptions): void {
  void (async () => {
    while (!signal.aborted) {
      await clock.sleep(EVERY_MS, signal);
      try {
        const other = await claim();
        if (!signal.aborted && other !== null) return onLost();
      } catch (error) {
        log.warn('The place of the runner could not be kept.', { error: String(error) });
      }
    }
    // Stopped.
  })().catch(() => {});
}
