/** What the answers of a runner mean if they are not the expected ones. */
import * as z from 'zod';
import {
  type ErrorCode,
  errorCodes,
  isPilotlightError,
  PilotlightError,
} from '../../../shared/contract/errors.ts';
import { parseAnswer } from '../../../shared/json.ts';
import { oneLine } from '../../../shared/printable.ts';
import type { HttpReply } from '../../core/ports/network.ts';

const said = z.string().catch('');
const refusalSchema = z.object({
  error: z.union([
    z.object({ code: said, message: said, next: z.string().optional().catch(undefined) }),
    z.string().transform((message) => ({ code: '', message, next: undefined })),
  ]),
});
const plainSchema = z
  .object({ message: said, detail: said, code: said, next: z.string().optional().catch(undefined) })
  .transform(({ message, detail, code, next }) => ({ code, message: message || detail, next }));
/** Codes of runners for what the core has a code of its own. */
const ownCodes: Readonly<Record<string, ErrorCode>> = {
  RUNNER_NO_MODEL: 'MODEL_NOT_FOUND',
  RUNNER_OUT_OF_MEMORY: 'OUT_OF_MEMORY',
};

/** Codes of the runner that the core passes on. */
const PASSED_ON: ReadonlySet<string> = new Set<ErrorCode>([
  'ALREADY_EXISTS',
  'MODEL_NOT_FOUND',
  'RUNNER_MODEL_CHANGED',
  'PICTURE_UNREADABLE',
  'PULL_RUNNING',
  'OUT_OF_MEMORY',
  'NOT_FOUND',
]);
/** What a runner refuses with 503, although waiting does not help. */
const LASTING: ReadonlySet<string> = new Set(['RUNNER_NOT_INSTALLED', 'RUNNER_OUT_OF_MEMORY']);
const MOST_CHARACTERS = 500;
/** While it starts, or is full, and does not say how long. */
const BUSY_MS = 1000;
const LONGEST_BUSY_MS = 60_000;

/** Something answers, but it is not a runner. */
export function notARunner(path: string, reply: Pick<HttpReply, 'status' | 'text'>): PilotlightError {
  return new PilotlightError('NOT_A_RUNNER', {
    details: { phase: 'answer', path, status: reply.status, answer: oneLine(reply.text.slice(0, 200)) },
  });
}

/** An answer outside 2xx as an error. */
export function toRunnerError(reply: HttpReply, path: string): PilotlightError {
  const { status } = reply;
  if (status === 401 || status === 403) return new PilotlightError('RUNNER_REFUSED', { details: { status } });
  const body = parseAnswer(reply.text);
  const nested = refusalSchema.safeParse(body);
  const plain = nested.success ? null : plainSchema.safeParse(body);
  const refusal = nested.success ? nested.data.error : plain?.success ? plain.data : null;
  const lasts = refusal !== null && LASTING.has(refusal.code);
  if ((status === 503 || status === 429) && !lasts) {
    return new PilotlightError('SERVER_BUSY', {
      details: { status, retryAfterMs: retryAfter(reply.headers['retry-after']) },
    });
  }
  if (refusal === null || (status < 400 && refusal.message === '')) return notARunner(path, reply);
  const server = oneLine(refusal.message).slice(0, MOST_CHARACTERS);
  const details = { status, code: refusal.code, server };
  const code = codeFor(refusal.code, status, path);
  return new PilotlightError(code, {
    ...(server === '' ? {} : { message: server }),
    ...(refusal.next === undefined ? {} : { next: oneLine(refusal.next).slice(0, MOST_CHARACTERS) }),
    details,
  });
}

function codeFor(code: string, status: number, path: string): ErrorCode {
  const upper = code.toUpperCase();
  const known = ownCodes[upper] ?? upper;
  if (PASSED_ON.has(known)) return known as ErrorCode;
  if (path.startsWith('/detect') && (status === 413 || status === 415 || status === 422)) {
    return 'PICTURE_UNREADABLE';
  }
  // What a person adds is judged in the runner's own words.
  if (path.startsWith('/runner/') && errorCodes.some((one) => one === known && one.startsWith('RUNNER_'))) {
    return known as ErrorCode;
  }
  if (status === 404 && (path.startsWith('/v1/embeddings') || path.startsWith('/runner/models/'))) {
    return 'MODEL_NOT_FOUND';
  }
  return 'RUNNER_ERROR';
}

/** Seconds, as runners send it. */
function retryAfter(header: string | undefined): number {
  const seconds = Number(header);
  return header === undefined || !Number.isFinite(seconds) || seconds < 0
    ? BUSY_MS
    : Math.min(LONGEST_BUSY_MS, seconds * 1000);
}

/** The Http port's errors are worded for inference servers; these are a runner's. */
export function toLinkError(error: unknown, path: string): unknown {
  if (!isPilotlightError(error)) return error;
  const { code } = error;
  return code === 'NOT_AN_INFERENCE_SERVER' || code === 'RESPONSE_TOO_LARGE'
    ? notARunner(path, { status: 0, text: '' })
    : error;
}
