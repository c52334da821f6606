/**
 * The panel’s errors. Errors from the core arrive with their text, so the catalogue and its schemas stay in the core.
 * Only the few errors that the panel itself raises are here, with the same text.
 */
import type { ErrorCode, WireError } from '../../shared/contract/errors.ts';

/** Copied from the catalogue; a test keeps them in step. */
export const ownErrors = {
  UNAUTHORIZED: {
    message: 'This needs a token.',
    next: 'Open the address that Pilotlight printed when it started.',
  },
  SESSION_ENDED: {
    message: 'This browser was signed out, or was not used for too long.',
    next: 'Run "npm run pilotlight -- open" and open the address that it prints.',
  },
  OTHER_PROGRAM: {
    message: "Another program answers at Pilotlight's address.",
    next: 'End that program and start Pilotlight again. Your session was not sent to it.',
  },
  CANCELLED: { message: 'It was cancelled.', next: 'Start it again if you still need it.' },
  LINK_LOST: {
    message: 'The connection to Pilotlight was lost.',
    next: 'It reconnects by itself; if not, start Pilotlight again.',
  },
  INTERNAL: {
    message: 'Something went wrong inside Pilotlight.',
    next: 'Try again. If it happens again, report it with the log.',
  },
} as const satisfies Partial<Record<ErrorCode, { message: string; next: string }>>;

export const ownError = (code: keyof typeof ownErrors): WireError => ({ code, ...ownErrors[code] });

/** What a call rejects with: an error from the core or from the panel. */
export class CallError extends Error {
  readonly code: ErrorCode;
  readonly next: string;
  readonly details: Record<string, unknown> | undefined;

  constructor({ code, message, next, details }: WireError) {
    super(message);
    this.name = 'CallError';
    this.code = code;
    this.next = next;
    this.details = details;
  }
}

/** Converts anything thrown into a displayable error. Aborts become CANCELLED, defects INTERNAL. */
export function toWireError(error: unknown): WireError {
  if (error instanceof CallError) {
    const { code, message, next, details } = error;
    return { code, message, next, ...(details === undefined ? {} : { details }) };
  }
  return ownError(error instanceof Error && error.name === 'AbortError' ? 'CANCELLED' : 'INTERNAL');
}

/** Reads `{code, message, next}`, bare or under `error`; null if it is neither. */
export function readWireError(body: unknown): WireError | null {
  const error = isRecord(body) && 'error' in body ? body.error : body;
  if (!isRecord(error)) return null;
  const { code, message, next } = error;
  if (typeof code !== 'string' || typeof message !== 'string' || typeof next !== 'string') return null;
  // An unknown code is shown as it is; its message explains it.
  return {
    code: code as ErrorCode,
    message,
    next,
    ...(isRecord(error.details) ? { details: error.details } : {}),
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
