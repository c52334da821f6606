/** Maps failures on the way to a host to the codes that core knows. */
import { PilotlightError } from '../../../shared/contract/errors.ts';

/** How far an exchange came: a host that accepted a connection is on, whatever happens later. */
export type HttpPhase = 'connect' | 'answer';

/** Why a host could not be reached, in `details.reason`. `refused` means that something answered "no". */
export type UnreachableReason = 'refused' | 'no-route' | 'reset' | 'secure-connection' | 'other';

const NAME_CODES = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME']);
const NO_ROUTE_CODES = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EADDRNOTAVAIL']);
const RESET_CODES = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE']);

/** The system's code of an error; of several attempts (IPv6, then IPv4), that of the last one. */
export function systemCode(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return systemCode(error.errors.at(-1));
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'string' ? code : '';
}

export function toHostError(error: unknown, phase: HttpPhase, cause: unknown = error): PilotlightError {
  if (error instanceof PilotlightError) return error;
  const code = systemCode(error);
  const details = { phase, system: code };
  if (NAME_CODES.has(code)) return new PilotlightError('NAME_NOT_RESOLVED', { details, cause });
  if (code === 'ETIMEDOUT') return new PilotlightError('HOST_TIMEOUT', { details, cause });
  if (code.startsWith('HPE_')) {
    return new PilotlightError('NOT_AN_INFERENCE_SERVER', {
      message: 'Something answers there, but not with HTTP.',
      details,
      cause,
    });
  }
  const reason = unreachableReason(code);
  return new PilotlightError('HOST_UNREACHABLE', {
    ...(reason === 'secure-connection'
      ? {
          message: `A secure connection could not be made (${code}).`,
          next: 'Check the certificate of that server, or use http:// inside your own network.',
        }
      : {}),
    details: { ...details, reason },
    cause,
  });
}

/** The host switched to another protocol, which was not asked for; named as Node's parser names it. */
export function upgradeError(): Error {
  return Object.assign(new Error('The host switched to another protocol.'), { code: 'HPE_PAUSED_UPGRADE' });
}

/** What Node refuses before it connects: saved by a version that did not check it yet. */
export function toInputError(error: unknown): unknown {
  const code = systemCode(error);
  if (code === 'ERR_INVALID_CHAR') {
    return new PilotlightError('BAD_TOKEN', {
      message: 'A saved token contains characters that cannot be sent.',
      next: 'Enter it again.',
      cause: error,
    });
  }
  if (code === 'ERR_INVALID_URL' || error instanceof URIError)
    return new PilotlightError('BAD_URL', { cause: error });
  return error;
}

export function timeoutError(phase: HttpPhase): PilotlightError {
  return new PilotlightError('HOST_TIMEOUT', { details: { phase } });
}

export function tooLargeError(limitBytes: number): PilotlightError {
  return new PilotlightError('RESPONSE_TOO_LARGE', { details: { phase: 'answer', limitBytes } });
}

function unreachableReason(code: string): UnreachableReason {
  if (code === 'ECONNREFUSED') return 'refused';
  if (NO_ROUTE_CODES.has(code)) return 'no-route';
  if (RESET_CODES.has(code)) return 'reset';
  if (/CERT|SSL|TLS|EPROTO|ALTNAME/.test(code)) return 'secure-connection';
  return 'other';
}
