/**
 * The health of each node, learned by using it: its breaker, whether its GPU could be used, and whether it woke. The
 * decisions are pure; the tracker keeps one state per node.
 */
import type { Clock } from '../ports/time.ts';
import { classifyNotReady, type FailureKind, type NotReady, type ReadyStage } from './failure.ts';

/**
 * A circuit breaker. A failing node gets no requests for a while (open), then one at a time (half-open) until one
 * succeeds (closed).
 */
export interface Breaker {
  /** Failures in a row since the last success, or since it opened. */
  failures: number;
  /** How often it opened since the last success. */
  openings: number;
  /** Monotonic; null while it is closed. */
  openUntil: number | null;
}

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface Backoff {
  firstMs: number;
  longestMs: number;
}

export const closedBreaker: Breaker = { failures: 0, openings: 0, openUntil: null };

/** Consecutive failures that open a closed breaker. Other kinds say nothing about the node. */
const opensAfter: Partial<Record<FailureKind, number>> = { unavailable: 1, connection: 3, server: 6 };

const FAILURE_BACKOFF: Backoff = { firstMs: 5000, longestMs: 60_000 };
const GPU_BACKOFF: Backoff = { firstMs: 60_000, longestMs: 600_000 };
const WAKE_FAILED_MS = 300_000;
/** Short, because quiet hours may end. */
const WAKE_NOT_ALLOWED_MS = 60_000;

/** Doubles with each earlier occurrence, up to the longest. */
export function backoffMs({ firstMs, longestMs }: Backoff, earlier: number): number {
  return Math.min(longestMs, firstMs * 2 ** earlier);
}

export function breakerState({ openUntil }: Breaker, now: number): BreakerState {
  if (openUntil === null) return 'closed';
  return now < openUntil ? 'open' : 'half-open';
}

export function breakerOpened(breaker: Breaker, now: number): Breaker {
  return {
    failures: 0,
    openings: breaker.openings + 1,
    openUntil: now + backoffMs(FAILURE_BACKOFF, breaker.openings),
  };
}

export function breakerAfterFailure(breaker: Breaker, kind: FailureKind, now: number): Breaker {
  const limit = opensAfter[kind];
  const state = breakerState(breaker, now);
  // Requests that were under way when it opened belong to the same outage.
  if (limit === undefined || state === 'open') return breaker;
  const failures = breaker.failures + 1;
  if (state === 'half-open' || failures >= limit) return breakerOpened(breaker, now);
  return { ...breaker, failures };
}

/** The health of a node as the route sees it. */
export interface NodeHealth {
  /** It failed recently and gets no requests for now. */
  excluded: boolean;
  /** It loaded the model on its CPU although a GPU was needed. */
  gpuRefused: boolean;
  /** It dropped out while in use, or did not come up when woken. */
  dropped: boolean;
  /** It did not come up when woken, or may not be woken now; it is not woken for a while. */
  wakeRefused: boolean;
}

export const healthyNode: NodeHealth = {
  excluded: false,
  gpuRefused: false,
  dropped: false,
  wakeRefused: false,
};

export interface HealthTracker {
  /** A request failed. Failures that say nothing about the node, such as a refused input, change nothing. */
  failed(nodeId: string, kind: FailureKind): Breaker;
  /** It dropped out: no requests for 5 s, then twice as long each time, up to a minute. */
  dropped(nodeId: string): void;
  succeeded(nodeId: string): void;
  /** It did not become ready; records and returns why. */
  notReady(nodeId: string, error: unknown, stage: ReadyStage): NotReady;
  /** It loaded the model on its CPU: retried after a minute, then twice as long each time, up to ten. */
  gpuRefused(nodeId: string): void;
  /** It has just come up: clears all refusals, but the next back-off is as long as it would have been. */
  cameUp(nodeId: string): void;
  breaker(nodeId: string): BreakerState;
  /**
   * Begins a request: null while the breaker is open, or half-open with a request under way. Dispose when it has
   * ended.
   */
  admit(nodeId: string): Disposable | null;
  /** Called when such a request has ended: the next may be admitted. Returns how to stop. */
  onTrialEnd(listener: () => void): () => void;
  view(): Map<string, NodeHealth>;
  /** Milliseconds until the next node may be tried again; null if none is waiting. */
  nextRetryMs(): number | null;
}

interface Known {
  breaker: Breaker;
  gpuRefusedUntil: number;
  gpuRefusals: number;
  wakeRefusedUntil: number;
  dropped: boolean;
  trial: boolean;
}

/** For every request to a node whose breaker is closed. */
const admitted: Disposable = { [Symbol.dispose]() {} };

export function createHealthTracker({ clock }: { clock: Pick<Clock, 'monotonic'> }): HealthTracker {
  const nodes = new Map<string, Known>();
  const listeners = new Set<() => void>();

  function of(nodeId: string): Known {
    let known = nodes.get(nodeId);
    if (!known) {
      known = {
        breaker: closedBreaker,
        gpuRefusedUntil: 0,
        gpuRefusals: 0,
        wakeRefusedUntil: 0,
        dropped: false,
        trial: false,
      };
      nodes.set(nodeId, known);
    }
    return known;
  }

  const stateOf = (nodeId: string): BreakerState => {
    const known = nodes.get(nodeId);
    return known === undefined ? 'closed' : breakerState(known.breaker, clock.monotonic());
  };

  function open(known: Known): void {
    const now = clock.monotonic();
    if (breakerState(known.breaker, now) !== 'open') known.breaker = breakerOpened(known.breaker, now);
  }

  return {
    failed(nodeId, kind) {
      const known = of(nodeId);
      const after = breakerAfterFailure(known.breaker, kind, clock.monotonic());
      if (after.openings > known.breaker.openings) known.dropped = true;
      known.breaker = after;
      return after;
    },
    dropped(nodeId) {
      const known = of(nodeId);
      known.dropped = true;
      open(known);
    },
    succeeded(nodeId) {
      // An answer to a request from before it opened does not close it.
      if (stateOf(nodeId) !== 'open') of(nodeId).breaker = closedBreaker;
    },
    gpuRefused(nodeId) {
      const known = of(nodeId);
      known.gpuRefusedUntil = clock.monotonic() + backoffMs(GPU_BACKOFF, known.gpuRefusals);
      known.gpuRefusals += 1;
    },
    notReady(nodeId, error, stage) {
      const why = classifyNotReady(error, stage);
      const known = of(nodeId);
      if (why !== 'wake-not-allowed') known.dropped = true;
      if (why === 'dropped') open(known);
      else {
        const restMs = why === 'wake-failed' ? WAKE_FAILED_MS : WAKE_NOT_ALLOWED_MS;
        known.wakeRefusedUntil = clock.monotonic() + restMs;
      }
      return why;
    },
    cameUp(nodeId) {
      const known = nodes.get(nodeId);
      if (!known) return;
      known.breaker = { ...known.breaker, failures: 0, openUntil: null };
      known.gpuRefusedUntil = 0;
      known.wakeRefusedUntil = 0;
    },
    breaker: stateOf,
    admit(nodeId) {
      const state = stateOf(nodeId);
      if (state === 'closed') return admitted;
      const known = of(nodeId);
      if (state === 'open' || known.trial) return null;
      known.trial = true;
      let ended = false;
      return {
        [Symbol.dispose]() {
          if (ended) return;
          ended = true;
          known.trial = false;
          for (const listener of [...listeners]) listener();
        },
      };
    },
    onTrialEnd(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    view() {
      const now = clock.monotonic();
      return new Map(
        [...nodes].map(([nodeId, known]) => [
          nodeId,
          {
            excluded: breakerState(known.breaker, now) === 'open',
            gpuRefused: known.gpuRefusedUntil > now,
            dropped: known.dropped,
            wakeRefused: known.wakeRefusedUntil > now,
          },
        ]),
      );
    },
    nextRetryMs() {
      const now = clock.monotonic();
      const times = [...nodes.values()].flatMap(({ breaker, gpuRefusedUntil, wakeRefusedUntil }) => [
        breaker.openUntil ?? 0,
        gpuRefusedUntil,
        wakeRefusedUntil,
      ]);
      const next = Math.min(...times.filter((time) => time > now));
      return Number.isFinite(next) ? next - now : null;
    },
  };
}
