/** One model at one node after the other, before the first byte of an answer, and then the fallbacks. */
import { type RankedChoice, routeRequest } from '../../core/acquire/route-request.ts';
import { canonicalName } from '../../core/fleet/model-placement.ts';
import type { TableNode } from '../../core/gateway/model.ts';
import { mayUse } from './callers.ts';
import { conversationKeys } from './conversation.ts';
import type { Exchange } from './exchange.ts';
import { fallbacksOf } from './fallbacks.ts';
import { headersToServer, headerText } from './headers.ts';
import { judge } from './judge.ts';
import { noRoute } from './model-refusals.ts';
import { requestNodes } from './nodes.ts';
import type { KeptBody } from './read-body.ts';
import { Refusal } from './refusal.ts';
import { relay } from './relay.ts';
import { bodyFor } from './rename.ts';
import { splitEmbed } from './split-embed.ts';
import type { GatewayState } from './state.ts';

export interface Attempt {
  exchange: Exchange;
  body: KeptBody;
  state: GatewayState;
  nodes: readonly TableNode[];
  model: string;
  /** Nodes that were asked: none is asked twice. */
  tried: Set<string>;
  /** Why the last one did not answer. */
  refusal: Refusal | null;
  /** Models that are left to try; null while the model itself is tried. */
  fallbacks: readonly string[] | null;
}

export function tryModel(attempt: Attempt): void {
  const { exchange, body, state, nodes, model } = attempt;
  const { health, traffic, stickiness } = state;
  const { endpoint, table } = exchange;
  const key = canonicalName(model);
  const conversation = conversationKeys(exchange.request.headers, body.fields, key);
  const route = routeRequest(
    {
      model,
      digest: null,
      contextLength: body.fields.contextLength,
      capability: endpoint.capability,
      dialect: endpoint.dialect,
      conversation,
    },
    requestNodes(nodes, key, {
      onNode: traffic.onNode,
      ofModel: traffic.ofModel,
      isOpen: (nodeId) => health.breaker(nodeId) === 'open',
    }),
    { stickiness, beta: table.settings.beta },
  );
  if (route.kind === 'none') {
    attempt.refusal ??= noRoute(route.code, route.nodes, model, endpoint);
    next(attempt);
    return;
  }
  const choices = route.choices.filter(({ cloud }) => table.settings.allowCloud || !cloud);
  if (choices.length === 0) attempt.refusal ??= new Refusal('CLOUD_NOT_ALLOWED');
  if (attempt.fallbacks === null && splitEmbed({ exchange, body, state, choices })) return;
  tryChoices(attempt, choices, conversation);
}

function tryChoices(
  attempt: Attempt,
  choices: readonly RankedChoice[],
  conversation: readonly string[],
): void {
  const { exchange, state, tried } = attempt;
  for (const [index, choice] of choices.entries()) {
    if (tried.has(choice.nodeId)) continue;
    // Half-open: one request at a time finds out whether the node works again.
    const admitted = state.health.admit(choice.nodeId);
    const dispatcher = state.upstreams.pool(choice.nodeId);
    if (admitted === null || dispatcher === null) {
      admitted?.[Symbol.dispose]();
      attempt.refusal ??= noRoute('NODE_FAILING', [choice.node], attempt.model, exchange.endpoint);
      continue;
    }
    const others = choices.slice(index + 1).filter(({ nodeId }) => !tried.has(nodeId));
    if (tried.size > 0) exchange.retries += 1;
    tried.add(choice.nodeId);
    send(attempt, { choice, dispatcher, admitted, others, isOnly: choices.length === 1, conversation });
    return;
  }
  next(attempt);
}

interface Sending {
  choice: RankedChoice;
  dispatcher: NonNullable<ReturnType<GatewayState['upstreams']['pool']>>;
  admitted: Disposable;
  /** For a retry. */
  others: readonly RankedChoice[];
  /** No other node could serve it. */
  isOnly: boolean;
  conversation: readonly string[];
}

function send(attempt: Attempt, sending: Sending): void {
  const { choice, dispatcher, admitted, others, isOnly, conversation } = sending;
  const { exchange, body, state, nodes } = attempt;
  const { request, target } = exchange;
  const { nodeId } = choice;
  const node = nodes.find(({ id }) => id === nodeId);
  const isFallback = attempt.fallbacks !== null;
  const sent = bodyFor(body, choice.model, node?.dialects ?? [], isFallback);
  const slot = state.traffic.begin(nodeId, attempt.model);
  exchange.nodeId = nodeId;
  exchange.reason = choice.reason.code;
  exchange.fallback = isFallback ? choice.model : null;
  relay({
    exchange,
    dispatcher,
    node: choice.node,
    path: target.path + target.query,
    headers: headersToServer(request.rawHeaders, sent.length),
    body: sent.body,
    answerHeaders: answerHeaders(choice, isFallback),
    mustComplete: exchange.endpoint.known,
    leavesBusy: others.length > 0,
    onCommitted: body.drop,
    onEnd(end) {
      slot[Symbol.dispose]();
      judge(state, nodeId, end, isOnly);
      admitted[Symbol.dispose]();
      if (end.kind === 'answered' && end.ok && conversation.length > 0) {
        state.stickiness.remember(conversation, { nodeId, digest: choice.digest });
      }
      if (end.kind !== 'unanswered') return body.drop();
      attempt.refusal = end.refusal;
      try {
        tryChoices(attempt, others, conversation);
      } catch (error) {
        body.drop();
        exchange.refuse(error, 'failed');
      }
    },
  });
}

/** No node of this model is left: the next fallback, or the error. */
function next(attempt: Attempt): void {
  const { exchange, body, model, refusal } = attempt;
  if (exchange.isGone) {
    body.drop();
    exchange.finish('cancelled');
    return;
  }
  const canRename = body.encoding === null;
  attempt.fallbacks ??= canRename ? fallbacksOf(exchange.table, model, exchange.endpoint) : [];
  const [first, ...others] = attempt.fallbacks.filter((name) => mayUse(exchange.caller, name));
  if (first !== undefined) {
    tryModel({ ...attempt, model: first, fallbacks: others });
    return;
  }
  body.drop();
  const outcome = exchange.nodeId === null ? 'refused' : 'failed';
  exchange.refuse(refusal ?? noRoute('NODE_FAILING', [], model, exchange.endpoint), outcome);
}

function answerHeaders(choice: RankedChoice, isFallback: boolean): string[] {
  const headers = [
    'X-Pilotlight-Node',
    headerText(choice.node),
    'X-Pilotlight-Route',
    headerText(choice.reason.code),
  ];
  if (isFallback) headers.push('X-Pilotlight-Fallback', headerText(choice.model));
  return headers;
}
