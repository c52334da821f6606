import type { WorkSample } from '../../../shared/models/telemetry.ts';
import type { Clock, Timer } from '../ports/time.ts';

/** Counts vectors in buckets of one second. */
export interface WorkMeter {
  record(nodeId: string, count: number): void;
  /** The last hour, oldest first; idle periods are left out after a few zeros. */
  samples(): WorkSample[];
  stop(): void;
}

const BUCKET_MS = 1000;
const HOUR_MS = 3_600_000;
const MOST_SAMPLES = 3600;
/** Zeros after the last vectors, so that a chart falls to zero and a slow node does not look idle. */
const QUIET_BUCKETS = 5;

export function createWorkMeter(deps: { clock: Clock; onSample: (sample: WorkSample) => void }): WorkMeter {
  const { clock, onSample } = deps;
  const counts = new Map<string, number>();
  let samples: WorkSample[] = [];
  let timer: Timer | null = null;
  let quiet = 0;
  let bucketStart = 0;

  function close(): void {
    const now = clock.monotonic();
    const seconds = Math.max(0.001, (now - bucketStart) / 1000);
    bucketStart = now;
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    quiet = total === 0 ? quiet + 1 : 0;
    const sample = {
      at: clock.now(),
      vectorsPerSecondByNode: Object.fromEntries(
        [...counts].map(([nodeId, count]) => [nodeId, count / seconds]),
      ),
    };
    samples.push(sample);
    if (samples.length > MOST_SAMPLES * 1.1) samples = samples.slice(-MOST_SAMPLES);
    onSample(sample);
    for (const nodeId of counts.keys()) counts.set(nodeId, 0);
    if (quiet < QUIET_BUCKETS) {
      timer = clock.timer(BUCKET_MS, close);
    } else {
      timer = null;
      counts.clear();
    }
  }

  return {
    record(nodeId, count) {
      counts.set(nodeId, (counts.get(nodeId) ?? 0) + count);
      if (timer) return;
      quiet = 0;
      bucketStart = clock.monotonic();
      timer = clock.timer(BUCKET_MS, close);
    },
    samples() {
      const since = clock.now() - HOUR_MS;
      return samples.filter((sample) => sample.at >= since).slice(-MOST_SAMPLES);
    },
    stop() {
      timer?.cancel();
      timer = null;
    },
  };
}
