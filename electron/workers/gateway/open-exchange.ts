/** Makes the record of a request, which lives until it has been answered. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import type { Message } from '../../../shared/models/message.ts';
import { linger } from '../../adapters/http/linger.ts';
import type { FinishedRequest, GatewayTable, StepTaken } from '../../core/gateway/model.ts';
import type { Clock } from '../../core/ports/time.ts';
import type { Caller } from './callers.ts';
import { answerCancelled } from './cancel.ts';
import { lateRefusal } from './early-answer.ts';
import type { Endpoint } from './endpoints.ts';
import type { Exchange, LiveExchanges, WritableExchange } from './exchange.ts';
import { programOf } from './programs.ts';
import { Refusal } from './refusal.ts';
import { factsOf } from './request-facts.ts';
import { sendRefusal } from './send-refusal.ts';
import { corsHeaders } from './sources.ts';
import type { Target } from './target.ts';

export interface ExchangeOptions {
  request: IncomingMessage;
  response: ServerResponse;
  target: Target;
  endpoint: Endpoint;
  caller: Caller;
  table: GatewayTable;
  clock: Pick<Clock, 'now' | 'monotonic' | 'timer'>;
  /** Those in progress, by id. */
  live: LiveExchanges;
  onFinish(request: FinishedRequest): void;
  onDefect(error: unknown): void;
}

const noSteps: readonly StepTaken[] = [];

export function createExchange(options: ExchangeOptions): Exchange {
  const { request, response, target, endpoint, caller, table, clock, live, onFinish, onDefect } = options;
  const startedAt = clock.monotonic();
  let message: Message | null = null;

  // No getters in objects that are made for each request: each such object has a shape of its own, which only a full
  // garbage collection frees, together with all that the getters reach.
  const exchange: WritableExchange = {
    id: live.nextId(),
    at: clock.now(),
    request,
    response,
    target,
    endpoint,
    caller,
    table,
    cors: corsHeaders(request.headers.origin),
    elapsed: () => clock.monotonic() - startedAt,
    isGone: false,
    cancelled: false,
    finished: false,
    onGone: null,
    model: null,
    nodeId: null,
    why: null,
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
    placesModel: false,
    early: null,
    holdHeaders: [],
    state: 'arriving',
    steps: noSteps,
    place: null,
    waitingSince: null,
    entry: null,
    hasPrompt: false,
    changed: true,
    reported: false,
    refuse(error, outcome = 'refused') {
      const refusal = error instanceof Refusal ? error : asRefusal(error, onDefect);
      if (exchange.isGone) exchange.finish('cancelled');
      else {
        message = refusal.said as Message | null;
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
      if (exchange.cancelled) answerCancelled(exchange, clock);
      live.remove(exchange);
      onFinish({
        ...factsOf(exchange),
        outcome,
        status: response.headersSent ? response.statusCode : null,
        code: exchange.cancelled ? 'REQUEST_CANCELLED' : code,
        message,
        durationMs: clock.monotonic() - startedAt,
        bytesIn: exchange.bytesIn,
        bytesOut: exchange.bytesOut,
        inputTokens: exchange.tokens?.input ?? null,
        outputTokens: exchange.tokens?.output ?? null,
        loadMs: exchange.times?.loadMs ?? null,
        outputMs: exchange.times?.outputMs ?? null,
        ...(exchange.placesModel && { placesModel: true }),
      });
    },
  };
  live.add(exchange);

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
