/** One request at the gateway: who sent it, what is known of it so far, and how it is answered and counted once. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import { printable } from '../../../shared/printable.ts';
import type { Priority } from '../../core/acquire/admission.ts';
import type { ServerTimes } from '../../core/acquire/slot-learning.ts';
import type { Dialect, FinishedRequest, GatewayTable, RequestOutcome } from '../../core/gateway/model.ts';
import type { Clock } from '../../core/ports/time.ts';
import type { Caller } from './callers.ts';
import { type EarlyKind, lateRefusal } from './early-answer.ts';
import type { Endpoint } from './endpoints.ts';
import { programOf } from './programs.ts';
import { errorBody, Refusal } from './refusal.ts';
import { corsHeaders } from './sources.ts';
import type { Target } from './target.ts';
import type { Tokens } from './tokens.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: Target;
  readonly endpoint: Endpoint;
  readonly caller: Caller;
  /** As it was when the request arrived. */
  readonly table: GatewayTable;
  /** Headers for pages, names and values in turn. */
  readonly cors: readonly string[];
  /** Milliseconds since its arrival. */
  elapsed(): number;
  /** The client went away before the answer was complete. */
  readonly isGone: boolean;
  /** Called once, when the client goes away. Replaces the one before. */
  onGone: (() => void) | null;
  model: string | null;
  nodeId: string | null;
  reason: string | null;
  fallback: string | null;
  retries: number;
  firstByteMs: number | null;
  bytesIn: number;
  bytesOut: number;
  tokens: Tokens | null;
  /** How the server says that it spent the time; null while it has not. */
  times: ServerTimes | null;
  /** As the program names itself; null if it does not. */
  readonly program: string | null;
  priority: Priority | null;
  heldMs: number;
  /** `num_ctx` that was sent instead of its own; null if that was left alone. */
  contextLength: number | null;
  /** How the answer was begun before a node answered; null if it was not. */
  early: EarlyKind | null;
  /** Its place in the queue, names and values in turn; empty if it did not wait. */
  holdHeaders: readonly string[];
  /** Answers with an error, unless the client is gone. Anything but a refusal is a defect and becomes INTERNAL. */
  refuse(error: unknown, outcome?: RequestOutcome): void;
  /** Counts it; later calls do nothing. `code` is that of the error, if any. */
  finish(outcome: RequestOutcome, code?: string | null): void;
  readonly finished: boolean;
}

/** How long the rest of a refused request may arrive: closing at once would discard the answer. */
const LINGER_MS = 1000;

/** Of a path or a name in a report, characters. */
const MOST_SHOWN = 200;

export interface ExchangeOptions {
  request: IncomingMessage;
  response: ServerResponse;
  target: Target;
  endpoint: Endpoint;
  caller: Caller;
  table: GatewayTable;
  clock: Pick<Clock, 'now' | 'monotonic' | 'timer'>;
  onFinish(request: Omit<FinishedRequest, 'id'>): void;
  onDefect(error: unknown): void;
}

export function createExchange(options: ExchangeOptions): Exchange {
  const { request, response, target, endpoint, caller, table, clock, onFinish, onDefect } = options;
  const at = clock.now();
  const startedAt = clock.monotonic();
  let isGone = false;
  let finished = false;

  const exchange: Exchange = {
    request,
    response,
    target,
    endpoint,
    caller,
    table,
    cors: corsHeaders(request.headers.origin),
    elapsed: () => clock.monotonic() - startedAt,
    get isGone() {
      return isGone;
    },
    onGone: null,
    model: null,
    nodeId: null,
    reason: null,
    fallback: null,
    retries: 0,
    firstByteMs: null,
    bytesIn: 0,
    bytesOut: 0,
    tokens: null,
    times: null,
    program: programOf(request.headers),
    priority: null,
    heldMs: 0,
    contextLength: null,
    early: null,
    holdHeaders: [],
    refuse(error, outcome = 'refused') {
      const refusal = error instanceof Refusal ? error : asRefusal(error, onDefect);
      if (isGone) exchange.finish('cancelled');
      else {
        if (exchange.early !== null) response.end(lateRefusal(exchange.early, endpoint.dialect, refusal));
        else sendRefusal(response, endpoint.dialect, refusal, [...exchange.cors, ...exchange.holdHeaders]);
        linger(request, clock);
        exchange.finish(outcome, refusal.code);
      }
    },
    finish(outcome, code = null) {
      if (finished) return;
      finished = true;
      exchange.onGone = null;
      onFinish({
        at,
        dialect: endpoint.dialect,
        method: request.method ?? '',
        path: target.path.slice(0, MOST_SHOWN),
        model: exchange.model === null ? null : printable(exchange.model).slice(0, MOST_SHOWN),
        nodeId: exchange.nodeId,
        credentialId: caller.credential?.id ?? null,
        outcome,
        status: response.headersSent ? response.statusCode : null,
        code,
        reason: exchange.reason,
        fallback: exchange.fallback,
        retries: exchange.retries,
        program: exchange.program,
        priority: exchange.priority,
        heldMs: exchange.heldMs,
        contextLength: exchange.contextLength,
        firstByteMs: exchange.firstByteMs,
        durationMs: clock.monotonic() - startedAt,
        bytesIn: exchange.bytesIn,
        bytesOut: exchange.bytesOut,
        inputTokens: exchange.tokens?.input ?? null,
        outputTokens: exchange.tokens?.output ?? null,
      });
    },
    get finished() {
      return finished;
    },
  };

  // A client that went away shows in `close`.
  response.on('error', () => {});
  response.once('close', () => {
    if (response.writableFinished || finished) return;
    isGone = true;
    const act = exchange.onGone;
    exchange.onGone = null;
    if (act === null) exchange.finish('cancelled');
    else act();
  });
  return exchange;
}

function asRefusal(error: unknown, onDefect: (error: unknown) => void): Refusal {
  if (isPilotlightError(error)) return new Refusal(error.code);
  onDefect(error);
  return new Refusal('INTERNAL');
}

export function sendRefusal(
  response: ServerResponse,
  dialect: Dialect,
  refusal: Refusal,
  cors: readonly string[] = [],
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = JSON.stringify(errorBody(dialect, refusal));
  // A body that a server could not read is refused by its web framework, in every dialect; the rest by Go's encoder.
  const byFramework = dialect === 'ollama' || refusal.code === 'BAD_REQUEST';
  const text = byFramework ? body : `${body}\n`;
  const headers = [
    ...cors,
    'Content-Type',
    byFramework ? 'application/json; charset=utf-8' : 'application/json',
    'Content-Length',
    String(Buffer.byteLength(text)),
    'X-Pilotlight-Error',
    refusal.code,
  ];
  if (refusal.retryAfter !== null) headers.push('Retry-After', String(refusal.retryAfter));
  response.writeHead(refusal.status, headers);
  response.end(text);
}

/** Reads away what still comes, for a moment. */
export function linger(request: IncomingMessage, clock: Pick<Clock, 'timer'>): void {
  if (request.complete) return;
  request.resume();
  const timer = clock.timer(LINGER_MS, () => request.socket.destroy());
  request.once('end', timer.cancel);
  request.once('close', timer.cancel);
}
