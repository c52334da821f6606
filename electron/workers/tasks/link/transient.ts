/** Whether the same call may succeed later without anybody doing something. Pure. */
import { isPilotlightError } from '../../../../shared/contract/errors.ts';

const outages: ReadonlySet<string> = new Set(['HOST_UNREACHABLE', 'HOST_TIMEOUT', 'NAME_NOT_RESOLVED']);

/**
 * A server that is down, busy or starting. A key that is wrong, a version that does not fit or an address of something
 * else needs a person.
 */
export function isTransient(error: unknown): boolean {
  if (!isPilotlightError(error)) return false;
  if (outages.has(error.code)) return true;
  const status = statusOf(error);
  return status !== null && (status === 408 || status === 429 || status >= 500);
}

/** Status of the server's answer; null if there was none. */
export function statusOf(error: unknown): number | null {
  const status = isPilotlightError(error) ? error.details?.status : undefined;
  return typeof status === 'number' ? status : null;
}

/** The server does not know this worker any more, as after a restart: it has to introduce itself again. */
export function isForgotten(error: unknown): boolean {
  return isPilotlightError(error) && error.code === 'NOT_FOUND';
}

/** A result is kept while the server is away, restarts, or does not take the key: a person may correct that meanwhile. */
export function mayBeRepeated(error: unknown): boolean {
  const status = statusOf(error);
  return isTransient(error) || isForgotten(error) || status === 401 || status === 403;
}
