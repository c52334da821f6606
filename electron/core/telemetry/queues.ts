import { type QueueKind, type QueueSample, queueKindSchema } from '../../../shared/models/requests.ts';
import type { Clock, Timer } from '../ports/time.ts';

/** Samples what waits, once a second while anything does. */
export interface QueueMeter {
  /** So many of this kind wait from now on. */
  set(kind: QueueKind, waiting: number): void;
  /** The last hour, oldest first; idle periods are left out after a few zeros. */
  samples(): QueueSample[];
  stop(): void;
}

const SAMPLE_MS = 1000;
const HOUR_MS = 3_600_000;
const MOST_SAMPLES = 3600;
/** Zeros at the end of a queue, so that a chart falls to zero. */
const QUIET_SAMPLES = 5;

export function createQueueMeter({
  clock,
  onSample,
}: {
  clock: Pick<Clock, 'now' | 'timer'>;
  onSample(sample: QueueSample): void;
}): QueueMeter {
  const waiting = Object.fromEntries(queueKindSchema.options.map((kind) => [kind, 0])) as Record<
    QueueKind,
    number
  >;
  /** The most since the last sample: a short queue must not fall between two. */
  const most = { ...waiting };
  let samples: QueueSample[] = [];
  let timer: Timer | null = null;
  let quiet = 0;

  function sample(): void {
    const taken = { at: clock.now(), waiting: { ...most } };
    samples.push(taken);
    if (samples.length > MOST_SAMPLES * 1.1) samples = samples.slice(-MOST_SAMPLES);
    quiet = Object.values(most).some((count) => count > 0) ? 0 : quiet + 1;
    Object.assign(most, waiting);
    onSample(taken);
    timer = quiet < QUIET_SAMPLES ? clock.timer(SAMPLE_MS, sample) : null;
  }

  return {
    set(kind, count) {
      waiting[kind] = count;
      most[kind] = Math.max(most[kind], count);
      if (timer !== null || count === 0) return;
      quiet = 0;
      // The line of a chart rises here, not where it ended an hour ago.
      if (samples.length > 0) samples.push({ at: clock.now(), waiting: zeros() });
      sample();
    },
    samples() {
      const since = clock.now() - HOUR_MS;
      return samples.filter(({ at }) => at >= since).slice(-MOST_SAMPLES);
    },
    stop() {
      timer?.cancel();
      timer = null;
    },
  };
}

const zeros = () =>
  Object.fromEntries(queueKindSchema.options.map((kind) => [kind, 0])) as Record<QueueKind, number>;
