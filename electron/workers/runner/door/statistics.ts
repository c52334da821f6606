/** Counts of the runner since it started. */
import type { RunnerStatus } from '../../../../shared/models/runner.ts';
import type { AnsweredRequest } from '../http/server.ts';

export interface Statistics {
  answered(request: AnsweredRequest): void;
  texts(count: number): void;
  pictures(count: number): void;
  totals(): Pick<RunnerStatus['totals'], 'requests' | 'failed' | 'texts' | 'pictures'>;
  latency(): RunnerStatus['latencyMs'];
}

/** Latencies that are kept. */
const KEPT = 1024;

export function createStatistics(isWork: (request: AnsweredRequest) => boolean): Statistics {
  const times = new Float64Array(KEPT);
  const counts = { requests: 0, failed: 0, texts: 0, pictures: 0 };

  return {
    answered(request) {
      if (!isWork(request)) return;
      const { status, ms } = request;
      times[counts.requests % KEPT] = ms;
      counts.requests += 1;
      if (status >= 500) counts.failed += 1;
    },
    texts(count) {
      counts.texts += count;
    },
    pictures(count) {
      counts.pictures += count;
    },
    totals: () => ({ ...counts }),
    latency() {
      const known = times.slice(0, Math.min(counts.requests, KEPT)).sort();
      if (known.length === 0) return null;
      const at = (part: number) =>
        known[Math.min(known.length - 1, Math.floor(known.length * part))] as number;
      return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
    },
  };
}
