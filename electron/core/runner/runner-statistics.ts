/** How the batches of the last hour went with one runner. */
import type { RunnerView } from '../../../shared/models/runner.ts';
import { addDuration, addHistogram, type Histogram, newHistogram, quantile } from '../gateway/histogram.ts';
import type { Clock } from '../ports/time.ts';
import { targetsOf } from './targets.ts';

export interface FinishedBatch {
  ok: boolean;
  /** Texts or pictures. */
  items: number;
  tookMs: number;
  gpu: boolean;
  /** A CPU made it, because no GPU was available. */
  fallback: boolean;
}

export interface RunnerStatistics {
  /** A batch was sent; call the result once with how it ended. */
  begin(): (batch: FinishedBatch) => void;
  /** Items a second while it worked, in the last minutes; null while nothing was measured. */
  perSecond(): number | null;
  view(hasGpu: boolean): RunnerView['client'];
  /** Since the start, for metrics. */
  totals(): { batches: number; failed: number; items: number; onGpu: number; fallbacks: number };
}

const MINUTE_MS = 60_000;
const KEPT_MINUTES = 60;
/** The speed is that of the last minutes: a model that moved to the GPU is not judged by its past. */
const SPEED_MINUTES = 5;
/** Upper bounds of the histogram that is shown, milliseconds. */
const BOUNDS_MS = [10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000] as const;

interface Minute {
  at: number;
  batches: number;
  failed: number;
  onGpu: number;
  fallbacks: number;
  items: number;
  busyMs: number;
  durations: Histogram;
  shown: number[];
}

export function createRunnerStatistics({ clock }: { clock: Pick<Clock, 'monotonic'> }): RunnerStatistics {
  let minutes: Minute[] = [];
  let running = 0;
  let busySince = 0;
  const all = { batches: 0, failed: 0, items: 0, onGpu: 0, fallbacks: 0 };

  function current(): Minute {
    const at = Math.floor(clock.monotonic() / MINUTE_MS);
    const last = minutes.at(-1);
    if (last?.at === at) return last;
    const next: Minute = {
      at,
      batches: 0,
      failed: 0,
      onGpu: 0,
      fallbacks: 0,
      items: 0,
      busyMs: 0,
      durations: newHistogram(),
      shown: Array.from({ length: BOUNDS_MS.length + 1 }, () => 0),
    };
    minutes = [...minutes.filter((minute) => minute.at > at - KEPT_MINUTES), next];
    return next;
  }

  const lately = (count: number) => {
    const now = Math.floor(clock.monotonic() / MINUTE_MS);
    return minutes.filter(({ at }) => at > now - count);
  };

  function perSecond(): number | null {
    const recent = lately(SPEED_MINUTES);
    const measured = recent.some(({ busyMs }) => busyMs > 0) ? recent : lately(KEPT_MINUTES);
    const busyMs = sum(measured, 'busyMs');
    return busyMs === 0 ? null : (sum(measured, 'items') * 1000) / busyMs;
  }

  return {
    begin() {
      if (running === 0) busySince = clock.monotonic();
      running += 1;
      let isOver = false;
      return ({ ok, items, tookMs, gpu, fallback }) => {
        if (isOver) return;
        isOver = true;
        const minute = current();
        running -= 1;
        // Two batches at once are worked on in the same time.
        const now = clock.monotonic();
        minute.busyMs += now - busySince;
        busySince = now;
        minute.batches += 1;
        all.batches += 1;
        if (fallback) {
          minute.fallbacks += 1;
          all.fallbacks += 1;
        }
        if (!ok) {
          minute.failed += 1;
          all.failed += 1;
          return;
        }
        minute.items += items;
        all.items += items;
        if (gpu) {
          minute.onGpu += 1;
          all.onGpu += 1;
        }
        addDuration(minute.durations, tookMs);
        const place = BOUNDS_MS.findIndex((bound) => tookMs < bound);
        const bucket = place < 0 ? BOUNDS_MS.length : place;
        minute.shown[bucket] = (minute.shown[bucket] ?? 0) + 1;
      };
    },
    perSecond,
    totals: () => ({ ...all }),
    view(hasGpu) {
      const hour = lately(KEPT_MINUTES);
      const durations = newHistogram();
      for (const minute of hour) addHistogram(durations, minute.durations);
      const p50 = quantile(durations, 0.5);
      const p95 = quantile(durations, 0.95);
      const p99 = quantile(durations, 0.99);
      const speed = perSecond();
      const batches = sum(hour, 'batches');
      return {
        batches,
        perSecond: speed === null ? null : Math.round(speed * 10) / 10,
        latencyMs: p50 === null || p95 === null || p99 === null ? null : { p50, p95, p99 },
        histogram: [...BOUNDS_MS, null].map((belowMs, place) => ({
          belowMs,
          count: hour.reduce((total, { shown }) => total + (shown[place] ?? 0), 0),
        })),
        targets: targetsOf({
          batches,
          failed: sum(hour, 'failed'),
          onGpu: sum(hour, 'onGpu'),
          fallbacks: sum(hour, 'fallbacks'),
          p95Ms: p95,
          hasGpu,
        }),
      };
    },
  };
}

type Count = 'batches' | 'failed' | 'onGpu' | 'fallbacks' | 'items' | 'busyMs';
const sum = (minutes: readonly Minute[], key: Count) =>
  minutes.reduce((total, minute) => total + minute[key], 0);
