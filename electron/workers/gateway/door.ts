/** What happens to a request before anything is known but its first lines: who sends it, and whether it may. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { linger } from '../../adapters/http/linger.ts';
import type { Listener } from '../../adapters/http/listener.ts';
import type { DoorReason, FinishedRequest, GatewayTable } from '../../core/gateway/model.ts';
import { type Caller, checkRight } from './callers.ts';
import { dialectOf, type Endpoint, findEndpoint } from './endpoints.ts';
import type { Exchange } from './exchange.ts';
import { manage } from './forward.ts';
import { infer } from './infer.ts';
import type { KeyLimits } from './key-limits.ts';
import { answerLocally } from './local-answers.ts';
import { createExchange } from './open-exchange.ts';
import { redirect, sendNothing, sendText } from './plain-answers.ts';
import { answerPreflight } from './preflight.ts';
import { readBody } from './read-body.ts';
import { Refusal } from './refusal.ts';
import { sendRefusal } from './send-refusal.ts';
import { corsHeaders, isOwnHost, isOwnPage, isPreflight } from './sources.ts';
import type { GatewayState } from './state.ts';
import { readTarget, type Target } from './target.ts';
import { isForm, receiveForm } from './upload.ts';

export interface DoorOptions {
  state: GatewayState;
  limits: KeyLimits;
  /** null before the first one came. */
  table(): GatewayTable | null;
  listener(): Pick<Listener<Caller>, 'authenticate'>;
  onFinish(request: FinishedRequest): void;
  onUsed(credentialId: string): void;
  /** Its request was not read: nothing else counts it. */
  onTurnedAway(reason: DoorReason): void;
  onDefect(error: unknown): void;
}

export function createDoor(
  options: DoorOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { state, limits } = options;
  const { clock } = state;

  /** null if it was refused; the answer has been sent then. */
  function admit(request: IncomingMessage, response: ServerResponse, target: Target): Caller | null {
    const refuse = (refusal: Refusal): null => {
      options.onTurnedAway(refusal.code);
      sendRefusal(response, dialectOf(target.path), refusal);
      linger(request, clock);
      return null;
    };
    const identity = options.listener().authenticate(request);
    const caller = identity.principal;
    const isKnown = caller !== null && caller.credential !== null;
    if (!isKnown && !isOwnHost(request)) {
      options.onTurnedAway('FOREIGN_HOST');
      sendNothing(response, 403);
      linger(request, clock);
      return null;
    }
    if (!isKnown && !isOwnPage(request)) return refuse(new Refusal('GATEWAY_FOREIGN_PAGE'));
    if (caller === null) {
      if (identity.refusal.reason !== 'slow-down') return refuse(new Refusal('GATEWAY_KEY_NEEDED'));
      const retryAfter = identity.refusal.retryAfterSeconds;
      return refuse(new Refusal('TOO_MANY_WRONG_KEYS', { retryAfter }));
    }
    return caller;
  }

  function serve(exchange: Exchange): void {
    const { endpoint, caller } = exchange;
    const { credential } = caller;
    checkRight(caller, endpoint.kind === 'manage' ? 'control' : 'infer');
    if (credential !== null) {
      options.onUsed(credential.id);
      const { requestsPerMinute } = credential;
      const retryAfter = requestsPerMinute === null ? 0 : limits.take(credential.id, requestsPerMinute);
      if (retryAfter > 0) throw new Refusal('TOO_MANY_REQUESTS', { retryAfter });
    }
    if (endpoint.kind === 'manage' || endpoint.kind === 'web') manage(exchange, state);
    else if (endpoint.kind === 'infer' || endpoint.kind === 'upload') {
      if (endpoint.kind === 'upload' && isForm(exchange)) {
        receiveForm(exchange, state);
        return;
      }
      readBody(exchange, state, (body) => infer(exchange, body, state));
    } else answerLocally(exchange, endpoint.kind, clock.now());
  }

  function handle(
    request: IncomingMessage,
    response: ServerResponse,
    target: Target,
    endpoint: Endpoint,
  ): void {
    const caller = admit(request, response, target);
    if (caller === null) return;
    const table = options.table();
    if (table === null) {
      options.onTurnedAway('GATEWAY_NOT_READY');
      sendRefusal(response, endpoint.dialect, new Refusal('GATEWAY_NOT_READY'));
      linger(request, clock);
      return;
    }
    const { onFinish, onDefect } = options;
    const exchange = createExchange({
      request,
      response,
      target,
      endpoint,
      caller,
      table,
      clock,
      live: state.live,
      onFinish,
      onDefect,
    });
    try {
      serve(exchange);
    } catch (error) {
      exchange.refuse(error);
    }
  }

  return (request, response) => {
    const method = request.method ?? 'GET';
    const target = readTarget(request.url ?? '');
    if (target === null) {
      options.onTurnedAway('BAD_TARGET');
      sendRefusal(response, 'ollama', new Refusal('BAD_TARGET'));
      return linger(request, clock);
    }
    const found = findEndpoint(method, target.path);
    if (isPreflight(request)) return answerPreflight(request, response, target, options.table());
    if (found.kind === 'endpoint') return handle(request, response, target, found.endpoint);
    if (admit(request, response, target) === null) return;
    const headers = corsHeaders(request.headers.origin);
    if (found.kind !== 'slash')
      options.onTurnedAway(found.kind === 'missing' ? 'NO_SUCH_PATH' : 'WRONG_METHOD');
    if (found.kind === 'missing') sendText(response, 404, '404 page not found', { headers });
    else if (found.kind === 'slash') redirect(response, method, found.to, headers);
    else {
      const allow = ['Allow', found.allowed.join(', ')];
      sendText(response, 405, '405 method not allowed', { headers: [...headers, ...allow] });
    }
    linger(request, clock);
  };
}
