import { type ErrorCode, isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { Clock } from '../ports/time.ts';

/**
 * Runs the work with a signal that also aborts after `ms`, with an error of this code as the reason. If the work then
 * rejects with an uncoded error, this rejects with the signal's reason.
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
    throw controller.signal.aborted && !isPilotlightError(error) ? controller.signal.reason : error;
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', stop);
  }
}
