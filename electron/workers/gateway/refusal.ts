/** Errors that the gateway itself answers, in the dialect of the caller. Pure. */
import { type ErrorCode, errorCatalogue, PilotlightError } from '../../../shared/contract/errors.ts';
import { type Message, plainText } from '../../../shared/models/message.ts';
import type { Dialect } from '../../core/gateway/model.ts';

export class Refusal extends PilotlightError {
  readonly status: number;
  /** Seconds; null for no advice. */
  readonly retryAfter: number | null;
  /** The text is the server's own, which programs know: nothing is added to it. */
  readonly verbatim: boolean;

  constructor(
    code: ErrorCode,
    options: { message?: Message; retryAfter?: number; status?: number; verbatim?: boolean } = {},
  ) {
    super(code, options.message === undefined ? {} : { message: options.message });
    this.status = options.status ?? (code === 'NODE_ASLEEP' ? 503 : errorCatalogue[code].status);
    this.retryAfter = options.retryAfter ?? retryAfterOf[code] ?? null;
    this.verbatim = options.verbatim ?? false;
  }
}

/** Bad input, with the text of Ollama's own answer. */
export function badRequest(text: string, status = 400): Refusal {
  return new Refusal('BAD_REQUEST', { message: plainText(text), status, verbatim: true });
}

const retryAfterOf: Partial<Record<ErrorCode, number>> = {
  NODE_ASLEEP: 30,
  NODE_FAILING: 5,
  MODEL_IS_MOVING: 5,
  BODY_MEMORY_FULL: 5,
  GATEWAY_NOT_READY: 2,
};

/** The body of an error answer, as an object. */
export function errorBody(dialect: Dialect, refusal: Refusal): unknown {
  const text = refusal.verbatim ? refusal.message : `${refusal.message} ${refusal.next}`;
  const { status } = refusal;
  if (dialect === 'ollama') return { error: text };
  if (dialect === 'anthropic') {
    return { type: 'error', error: { type: anthropicTypes[status] ?? 'api_error', message: text } };
  }
  const code = refusal.verbatim ? null : refusal.code;
  return { error: { message: text, type: openaiTypes[status] ?? 'api_error', param: null, code } };
}

const openaiTypes: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'invalid_request_error',
  415: 'invalid_request_error',
  429: 'rate_limit_error',
};

const anthropicTypes: Readonly<Record<number, string>> = {
  ...openaiTypes,
  413: 'request_too_large',
  503: 'overloaded_error',
};

/** The same in the middle of a stream, where the status has been sent. `onNewLine`: nothing has to be ended before. */
export function errorInStream(
  stream: 'lines' | 'events',
  dialect: Dialect,
  refusal: Refusal,
  onNewLine: boolean,
): string {
  const body = JSON.stringify(errorBody(dialect, refusal));
  if (stream === 'lines') return `${onNewLine ? '' : '\n'}${body}\n`;
  const event = dialect === 'anthropic' ? 'event: error\n' : '';
  return `${onNewLine ? '' : '\n\n'}${event}data: ${body}\n\n`;
}
