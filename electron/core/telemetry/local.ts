import type { GpuReading } from '../../../shared/models/telemetry.ts';
import type { Clock, LocalHardware, Log } from '../ports.ts';

/** Readings of this computer's tools, shared by everybody who asks: a tool runs once at a time. */
export interface LocalReadings {
  /** The newest reading, or a fresh one when it is older than `maxAgeMs`. Never rejects but by the signal. */
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
  let running: Promise<void> | null = null;
  let lastError: string | null = null;

  return {
    latest: () => latest,
    async gpus(maxAgeMs, signal) {
      signal.throwIfAborted();
      if (clock.monotonic() - readAt < maxAgeMs) return latest;
      running ??= hardware
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
            // It is read every few seconds, and what it says is worth a line once.
            if (lastError !== String(error))
              log.warn('The GPU tools of this computer could not be read.', { error: String(error) });
            lastError = String(error);
          },
        )
        .finally(() => {
          running = null;
        });
      await running;
      signal.throwIfAborted();
      return latest;
    },
  };
}
