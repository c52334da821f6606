/** One request at the gateway: who sent it, what is known of it so far, and how it is answered and counted once. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import { printable } from '../../../shared/printable.ts';
import type { Priority } from '../../core/acquire/admission.ts';
import type { ServerTimes } from '../../core/acquire/slot-learning.ts';
import type { FinishedRequest, GatewayTable, RequestOutcome } from '../../core/gateway/model.ts';
import type { Clock } from '../../core/ports/time.ts';
import type { Caller } from './callers.ts';
import { type EarlyKind, lateRefusal } from './early-answer.ts';
import type { Endpoint } from './endpoints.ts';
import { programOf } from './programs.ts';
import { Refusal } from './refusal.ts';
import { linger, sendRefusal } from './send-refusal.ts';
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

type Writable = { -readonly [Key in keyof Exchange]: Exchange[Key] };

export function createExchange(options: ExchangeOptions): Exchange {
  const { request, response, target, endpoint, caller, table, clock, onFinish, onDefect } = options;
  const at = clock.now();
  const startedAt = clock.monotonic();

  // No getters in objects that are made for each request: each such object has a shape of its own, which only a full
  // garbage collection frees, together with all that the getters reach.
  const exchange: Writable = {
    request,
    response,
    target,
    endpoint,
    caller,
    table,
    cors: corsHeaders(request.headers.origin),
    elapsed: () => clock.monotonic() - startedAt,
    isGone: false,
    finished: false,
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
      if (exchange.isGone) exchange.finish('cancelled');
      else {
        if (exchange.early !== null) response.end(lateRefusal(exchange.early, endpoint.dialect, refusal));
        else sendRefusal(response, endpoint.dialect, refusal, [...exchange.cors, ...exchange.holdHeaders]);
        linger(request, clock);
        exchange.finish(outcome, refusal.code);
      }
    },
    finish(outcome, code = null) {
      if (exchange.finished) return;
      exchange.finished = true;
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
  };

  // A client that went away shows in `close`.
  response.on('error', () => {});
  response.once('close', () => {
    if (response.writableFinished || exchange.finished) return;
    exchange.isGone = true;
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
