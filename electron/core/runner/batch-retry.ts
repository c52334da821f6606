/** Whether and when a failed batch is tried again. Pure. */
import { isPilotlightError } from '../../../shared/contract/errors.ts';

/**
 * - `later`: the runner or the way to it failed; another try may succeed
 * - `texts`: the runner refuses the input; each text is tried alone, once
 * - `never`: no try will succeed
 */
export type Retry = 'later' | 'texts' | 'never';

const FIRST_MS = 250;
const LONGEST_MS = 8000;

export function retryOf(error: unknown): Retry {
  if (!isPilotlightError(error)) return 'never';
  switch (error.code) {
    case 'HOST_UNREACHABLE':
    case 'HOST_TIMEOUT':
    case 'NAME_NOT_RESOLVED':
    case 'SERVER_BUSY':
    case 'ANSWER_INCOMPLETE':
    case 'NOT_A_RUNNER':
      return 'later';
    case 'SERVER_ERROR':
      return 'texts';
    case 'RUNNER_ERROR': {
      const { status } = error.details ?? {};
      if (typeof status !== 'number') return 'later';
      // A text that makes the graph fail, or kills the process, spoils its neighbours only.
      return status >= 500 || [400, 413, 422].includes(status) ? 'texts' : 'never';
    }
    case 'OUT_OF_MEMORY':
      return 'texts';
    default:
      return 'never';
  }
}

/** Whether a failure says something about the runner, and not about its input. */
export function countsAgainstRunner(error: unknown): boolean {
  if (!isPilotlightError(error)) return true;
  const { status } = error.details ?? {};
  if (error.code === 'RUNNER_ERROR') return typeof status !== 'number' || status >= 500;
  return !['MODEL_NOT_FOUND', 'PICTURE_UNREADABLE', 'CANCELLED', 'SERVER_BUSY'].includes(error.code);
}

/**
 * How long to wait before the next try, milliseconds: doubled each time, at random between a half and the whole, so that
 * callers do not come back in step; and at least as long as the runner asked for.
 * @param attempt of the failed try, from 0
 */
export function retryDelayMs(attempt: number, random: number, error: unknown): number {
  const backOff = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
  const asked = isPilotlightError(error) ? Number(error.details?.retryAfterMs ?? 0) : 0;
  return Math.max(backOff * (0.5 + random / 2), Number.isFinite(asked) ? asked : 0);
}
