/** What goes wrong with a server, as errors of the contract. */
import { isPilotlightError, PilotlightError } from '../../../../shared/contract/errors.ts';

/** Passes coded errors on. */
export function toQueueError(error: unknown): unknown {
  if (isPilotlightError(error)) return error;
  const text = error instanceof Error ? `${error.name} ${error.message}` : String(error);
  if (/\b(OOM|MISCONF)\b/.test(text)) return new PilotlightError('TASK_QUEUE_FULL', { cause: error });
  if (/\bWRONGTYPE\b/.test(text)) return new PilotlightError('QUEUE_FOREIGN', { cause: error });
  if (isConnectionError(error) || /\b(READONLY|NOAUTH|WRONGPASS|NOPERM|LOADING|MASTERDOWN)\b/.test(text))
    return new PilotlightError('QUEUE_UNREACHABLE', { cause: error });
  return error;
}

/** The command was not answered: whether it was carried out is not known. */
export function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return (
    ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH'].includes(
      code,
    ) ||
    error.name === 'MaxRetriesPerRequestError' ||
    error.name === 'ConnectionClosedError' ||
    error.name === 'AbortError' ||
    /connection is closed|connection close|Stream isn't writeable|max retries per request|timed out/i.test(
      error.message,
    )
  );
}
