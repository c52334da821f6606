/** Counts of the runner since it started. */
import type { RunnerStatus } from '../../../../shared/models/runner.ts';
import type { AnsweredRequest } from '../http/server.ts';

export interface Statistics {
  answered(request: AnsweredRequest): void;
  texts(count: number): void;
  pictures(count: number): void;
  speech(seconds: number): void;
  totals(): Pick<RunnerStatus['totals'], 'requests' | 'failed' | 'texts' | 'pictures' | 'speechSeconds'>;
  latency(): RunnerStatus['latencyMs'];
}

/** Latencies that are kept. */
const KEPT = 1024;

export function createStatistics(
  isWork: (request: AnsweredRequest) => boolean,
  isTimed: (request: AnsweredRequest) => boolean,
): Statistics {
  const times = new Float64Array(KEPT);
  let timed = 0;
  const counts = { requests: 0, failed: 0, texts: 0, pictures: 0, speechSeconds: 0 };

  return {
    answered(request) {
      if (!isWork(request)) return;
      const { status, ms } = request;
      counts.requests += 1;
      if (status >= 500) counts.failed += 1;
      if (!isTimed(request)) return;
      times[timed % KEPT] = ms;
      timed += 1;
    },
    texts(count) {
      counts.texts += count;
    },
    pictures(count) {
      counts.pictures += count;
    },
    speech(seconds) {
      counts.speechSeconds += seconds;
    },
    totals: () => ({ ...counts }),
    latency() {
      const known = times.slice(0, Math.min(timed, KEPT)).sort();
      if (known.length === 0) return null;
      const at = (part: number) =>
        known[Math.min(known.length - 1, Math.floor(known.length * part))] as number;
      return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
    },
  };
}
