import type { GpuReading } from '../../../shared/models/telemetry.ts';
import type { LocalHardware } from '../ports/local-machine.ts';
import type { Log } from '../ports/log.ts';
import type { Clock } from '../ports/time.ts';

/** Readings of this computer's tools, shared by all callers; the tools run one call at a time. */
export interface LocalReadings {
  /** The newest reading, or a new one if it is older than `maxAgeMs`. Rejects only with the signal's reason. */
  gpus(maxAgeMs: number, signal: AbortSignal): Promise<GpuReading[]>;
  /** The newest reading there is, without running anything. */
  latest(): GpuReading[];
}

export function createLocalReadings(deps: {
  clock: Clock;
  hardware: LocalHardware;
  log: Log;
}): LocalReadings {
  const { clock, hardware, log } = deps;
  let latest: GpuReading[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  let lastError: string | null = null;
  let running: { done: Promise<void>; signal: AbortSignal } | null = null;

  function begin(signal: AbortSignal): NonNullable<typeof running> {
    const done = hardware
      .readGpus(signal)
      .then(
        (gpus) => {
          latest = gpus;
          lastError = null;
          readAt = clock.monotonic();
        },
        (error: unknown) => {
          if (signal.aborted) return;
          latest = [];
          readAt = clock.monotonic();
          // The tools run every few seconds; log the same error once.
          if (lastError !== String(error))
            log.warn('The GPU tools of this computer could not be read.', { error: String(error) });
          lastError = String(error);
        },
      )
      .finally(() => {
        running = null;
      });
    return { done, signal };
  }

  return {
    latest: () => latest,
    async gpus(maxAgeMs, signal) {
      signal.throwIfAborted();
      if (clock.monotonic() - readAt < maxAgeMs) return latest;
      for (;;) {
        running ??= begin(signal);
        const { done, signal: begunWith } = running;
        await done;
        signal.throwIfAborted();
        // The caller that started it aborted, and the reading with it: try again.
        if (!begunWith.aborted) return latest;
      }
    },
  };
}
