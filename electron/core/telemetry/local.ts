import type { GpuReading } from '../../../shared/models/telemetry.ts';
import type { LocalHardware } from '../ports/local-machine.ts';
import type { Log } from '../ports/log.ts';
import type { Clock } from '../ports/time.ts';

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
          // It is read every few seconds, and its complaint is worth one line.
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
        // Whoever began it went away, and it ended with them: what is known is as old as before.
        if (!begunWith.aborted) return latest;
      }
    },
  };
}
