import { type ErrorCode, PilotlightError } from '../../../shared/contract/errors.ts';
import type { Clock } from '../ports/time.ts';

/**
 * Does the work with a signal that also aborts after `ms`, with an error of this code as its reason. Rejects with that
 * reason once the signal has aborted, whatever the work itself rejects with then.
 */
export async function withDeadline<Result>(
  clock: Pick<Clock, 'timer'>,
  ms: number,
  signal: AbortSignal,
  work: (limited: AbortSignal) => Promise<Result>,
  code: ErrorCode = 'HOST_TIMEOUT',
): Promise<Result> {
  const controller = new AbortController();
  const stop = () => controller.abort(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const timer = clock.timer(ms, () => controller.abort(new PilotlightError(code)));
  try {
    return await work(controller.signal);
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', stop);
  }
}
