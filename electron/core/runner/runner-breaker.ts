/** The circuit breaker of one runner. Pure: every function returns the next state. */

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface RunnerBreaker {
  /** Requests, and how many of them failed, since it closed; failures are forgotten at a success. */
  requests: number;
  failures: number;
  /** Successes since it became half-open. */
  successes: number;
  /** Monotonic; null while it is closed. */
  openedAt: number | null;
}

/** A runner that fails this often in a row gets no requests for a while. */
export const FAILURES_TO_OPEN = 15;
/** Before that many requests, nothing is known about it. */
export const LEAST_REQUESTS = 10;
export const OPEN_MS = 20_000;
/** A runner that answers this often after a pause has recovered. */
export const SUCCESSES_TO_CLOSE = 3;

export const closedRunnerBreaker: RunnerBreaker = { requests: 0, failures: 0, successes: 0, openedAt: null };

export function stateOfBreaker({ openedAt }: RunnerBreaker, now: number): BreakerState {
  if (openedAt === null) return 'closed';
  return now - openedAt < OPEN_MS ? 'open' : 'half-open';
}

export function afterSuccess(breaker: RunnerBreaker, now: number): RunnerBreaker {
  switch (stateOfBreaker(breaker, now)) {
    // An answer to a request from before it opened proves nothing.
    case 'open':
      return breaker;
    case 'closed':
      return { ...breaker, requests: breaker.requests + 1, failures: 0 };
    case 'half-open': {
      const successes = breaker.successes + 1;
      return successes >= SUCCESSES_TO_CLOSE ? closedRunnerBreaker : { ...breaker, successes };
    }
  }
}

export function afterFailure(breaker: RunnerBreaker, now: number): RunnerBreaker {
  const state = stateOfBreaker(breaker, now);
  if (state === 'open') return breaker;
  const requests = breaker.requests + 1;
  const failures = breaker.failures + 1;
  const opens = state === 'half-open' || (failures >= FAILURES_TO_OPEN && requests >= LEAST_REQUESTS);
  return opens ? { requests, failures, successes: 0, openedAt: now } : { ...breaker, requests, failures };
}

/** Milliseconds until it may be tried again; null unless it is open. */
export function restOfBreaker(breaker: RunnerBreaker, now: number): number | null {
  return stateOfBreaker(breaker, now) === 'open' ? (breaker.openedAt ?? now) + OPEN_MS - now : null;
}
