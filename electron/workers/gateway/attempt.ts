/** One model at one node after the other, before the first byte of an answer, and then the fallbacks. */
import { contextToSend } from '../../core/acquire/context-guard.ts';
import { type RankedChoice, type RequestRoute, routeRequest } from '../../core/acquire/route-request.ts';
import { canonicalName } from '../../core/fleet/model-placement.ts';
import type { GatewayTable, TableNode } from '../../core/gateway/model.ts';
import { answerHeaders } from './answer-headers.ts';
import { mayUse } from './callers.ts';
import { conversationKeys } from './conversation.ts';
import type { Exchange } from './exchange.ts';
import { fallbacksOf } from './fallbacks.ts';
import { headersToServer } from './headers.ts';
import { endHold, type HeldRequest, type Hold } from './hold.ts';
import { holdForMove, holdForTurn } from './hold-for-turn.ts';
import { holdForWake, MOST_LOST } from './hold-for-wake.ts';
import { judge } from './judge.ts';
import { noteEnd } from './kept-back.ts';
import { isBusy, learn, type Sent } from './learn.ts';
import { noRoute } from './model-refusals.ts';
import { requestNodes } from './nodes.ts';
import type { KeptBody } from './read-body.ts';
import { Refusal } from './refusal.ts';
import { type RelayEnd, relay } from './relay.ts';
import { bodyFor } from './rename.ts';
import { takeStep } from './request-facts.ts';
import { splitEmbed } from './split-embed.ts';
import type { GatewayState } from './state.ts';
import { isFull } from './turns.ts';

export interface Attempt {
  exchange: Exchange;
  body: KeptBody;
  state: GatewayState;
  /** Only this node; null for all. */
  scope: string | null;
  model: string;
  /** Nodes that were asked: none is asked twice. */
  tried: Set<string>;
  /** Why the last one did not answer. */
  refusal: Refusal | null;
  /** Models that are left to try; null while the model itself is tried. */
  fallbacks: readonly string[] | null;
  hold: Hold;
}

/** Of the present table: the one of its arrival may be old if it has waited. */
const tableOf = ({ state, exchange }: Attempt): GatewayTable => state.table() ?? exchange.table;

const nodesOf = (attempt: Attempt): readonly TableNode[] => {
  const { nodes } = tableOf(attempt);
  return attempt.scope === null ? nodes : nodes.filter(({ id }) => id === attempt.scope);
};

export function tryModel(attempt: Attempt): void {
  const plan = planFor(attempt);
  if (plan === 'taken') return;
  if (plan instanceof Refusal) {
    attempt.refusal ??= plan;
    next(attempt);
  } else tryChoices(attempt, plan.choices, plan.conversation);
}

interface Plan {
  choices: readonly RankedChoice[];
  conversation: readonly string[];
}

/** Which nodes to try, or why none; `taken` if it waits, or is being sent already. */
function planFor(attempt: Attempt): Plan | 'taken' | Refusal {
  const { exchange, body, state, model, hold } = attempt;
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
    requestNodes(nodesOf(attempt), key, {
      onNode: traffic.onNode,
      ofModel: traffic.ofModel,
      isOpen: (nodeId) => health.breaker(nodeId) === 'open',
      slotsOf: state.desk.slotsOf,
    }),
    { stickiness, beta: table.settings.beta },
  );
  const request = heldRequest(attempt);
  // A fallback is there because the model itself could not be waited for.
  const waits = attempt.fallbacks === null ? waitingOf(request, route, state) : 'go';
  if (waits === 'held') return 'taken';
  if (waits !== 'go') return waits;
  // A body that the server might not decode is not sent anywhere by chance.
  if (route.kind === 'none' && route.code === 'MODEL_NOT_FOUND' && body.encoding === null) {
    const changed = state.justChanged.choices(model, nodesOf(attempt), endpoint.dialect);
    if (changed.length > 0) return { choices: changed, conversation: [] };
  }
  if (route.kind === 'none') return noRoute(route.code, route.nodes, model, endpoint);
  const allowed = route.choices.filter(({ cloud }) => table.settings.allowCloud || !cloud);
  if (allowed.length === 0) return new Refusal('CLOUD_NOT_ALLOWED');
  const choices = allowed.filter(({ nodeId }) => !attempt.tried.has(nodeId));
  if (choices.length === 0) return attempt.refusal ?? noRoute('NODE_FAILING', [], model, endpoint);
  const isFirst = attempt.fallbacks === null && hold.heldSince === null;
  if (isFirst && splitEmbed({ exchange, body, state, choices })) return 'taken';
  const turn = holdForTurn(request, choices, state);
  if (turn === 'held') return 'taken';
  return turn instanceof Refusal ? turn : { choices: turn, conversation };
}

function waitingOf(request: HeldRequest, route: RequestRoute, state: GatewayState): 'go' | 'held' | Refusal {
  if (route.kind === 'use' || route.code === 'NODE_ASLEEP') return holdForWake(request, state);
  return route.code === 'MODEL_IS_MOVING' ? holdForMove(request, state) : 'go';
}

function heldRequest(attempt: Attempt): HeldRequest {
  const { exchange, body, scope, model, tried, hold, state } = attempt;
  return {
    exchange,
    body,
    scope,
    model,
    tried,
    hold,
    again() {
      try {
        checkStillAllowed(attempt);
        tryModel(attempt);
      } catch (error) {
        fail(attempt, error);
      }
    },
    refuse: (refusal) => fail(attempt, refusal),
  };

  function fail(failed: Attempt, error: unknown): void {
    endHold(failed);
    body.drop();
    if (error instanceof Refusal) noteEnd(exchange, exchange.model ?? model, error, state);
    exchange.refuse(error);
  }
}

/** Its key may have been revoked while it waited. */
function checkStillAllowed(attempt: Attempt): void {
  const { credential } = attempt.exchange.caller;
  if (credential === null) return;
  const now = tableOf(attempt).credentials.find(({ id }) => id === credential.id);
  if (now === undefined || now.revoked) throw new Refusal('GATEWAY_KEY_NEEDED');
}

function tryChoices(
  attempt: Attempt,
  choices: readonly RankedChoice[],
  conversation: readonly string[],
): void {
  const { exchange, state, tried } = attempt;
  const isRetry = tried.size > 0;
  const order = isRetry
    ? choices.toSorted((one, other) => fullness(attempt, one) - fullness(attempt, other))
    : choices;
  let skipped = false;
  for (const [index, choice] of order.entries()) {
    if (tried.has(choice.nodeId)) continue;
    // It waits for its turn there, like every request.
    if (isRetry && !skipped && fullness(attempt, choice) > 0) {
      tryModel(attempt);
      return;
    }
    // Half-open: one request at a time finds out whether the node works again.
    const admitted = state.health.admit(choice.nodeId);
    const dispatcher = state.upstreams.pool(choice.nodeId);
    if (admitted === null || dispatcher === null) {
      admitted?.[Symbol.dispose]();
      skipped = true;
      attempt.refusal ??= noRoute('NODE_FAILING', [choice.node], attempt.model, exchange.endpoint);
      continue;
    }
    const others = order.slice(index + 1).filter(({ nodeId }) => !tried.has(nodeId));
    if (isRetry) exchange.retries += 1;
    tried.add(choice.nodeId);
    send(attempt, { choice, dispatcher, admitted, others, isOnly: choices.length === 1, conversation });
    return;
  }
  next(attempt);
}

/** 1 for a node that takes no more at once; it is not waited for where nothing is held. */
function fullness(attempt: Attempt, { nodeId }: RankedChoice): 0 | 1 {
  const { nodes, holding } = tableOf(attempt);
  const node = nodes.find(({ id }) => id === nodeId);
  return holding !== undefined && node !== undefined && isFull(attempt.state, node) ? 1 : 0;
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
  const { exchange, body, state, hold } = attempt;
  const { request, target } = exchange;
  const { nodeId } = choice;
  const node = nodesOf(attempt).find(({ id }) => id === nodeId);
  const isFallback = attempt.fallbacks !== null;
  const contextLength = contextFor(attempt, choice, node);
  const sent = bodyFor(body, choice.model, { dialects: node?.dialects ?? [], isFallback, contextLength });
  const key = canonicalName(attempt.model);
  const started: Sent = {
    nodeId,
    model: key,
    atOnce: state.traffic.onNode(nodeId) + 1,
    wasLoaded: state.desk.hasServed(nodeId, key),
    sentAt: state.clock.monotonic(),
    contextLength: sent.contextLength ?? body.fields.contextLength,
  };
  exchange.contextLength = sent.contextLength;
  exchange.placesModel = body.fields.placesModel;
  const canReturn = tableOf(attempt).holding !== undefined && !isFallback;
  /** Its limit is known now, so the request waits here for its turn. */
  function waitThere(): void {
    hold.returned = true;
    attempt.refusal = null;
    attempt.tried.delete(nodeId);
    heldRequest(attempt).again();
  }
  /** The table has not noticed yet that it sleeps. */
  function wakeIt(): void {
    hold.unreachable = nodeId;
    hold.lost += 1;
    attempt.tried.delete(nodeId);
    heldRequest(attempt).again();
  }
  const slot = state.traffic.begin(nodeId, attempt.model);
  state.desk.began(nodeId, key);
  exchange.nodeId = nodeId;
  exchange.why = choice.reason;
  exchange.fallback = isFallback ? choice.model : null;
  takeStep(exchange, 'sent', nodeId);
  relay({
    exchange,
    dispatcher,
    node: choice.node,
    path: target.path + target.query,
    headers: headersToServer(request.rawHeaders, sent.length),
    body: sent.body,
    answerHeaders: answerHeaders(exchange, choice, node),
    mustComplete: exchange.endpoint.known,
    leavesBusy: others.length > 0 || (canReturn && !hold.returned),
    onCommitted() {
      slot.answered();
      endHold(attempt);
      body.drop();
    },
    onEnd(end) {
      learn(state, exchange, started, end);
      judge(state, nodeId, end, isOnly);
      admitted[Symbol.dispose]();
      slot[Symbol.dispose]();
      if (end.kind === 'answered' && end.ok && conversation.length > 0) {
        state.stickiness.remember(conversation, { nodeId, digest: choice.digest });
      }
      if (end.kind !== 'unanswered') {
        endHold(attempt);
        noteEnd(exchange, exchange.model ?? attempt.model, null, state);
        return body.drop();
      }
      attempt.refusal = end.refusal;
      takeStep(exchange, 'tried', nodeId, end.refusal.code);
      try {
        if (others.length === 0 && canReturn && hold.lost < MOST_LOST && isAsleep(end, node)) wakeIt();
        else if (others.length === 0 && canReturn && !hold.returned && isBusy(end)) waitThere();
        else tryChoices(attempt, others, conversation);
      } catch (error) {
        endHold(attempt);
        body.drop();
        exchange.refuse(error, 'failed');
      }
    },
  });
}

/** No node of this model is left: the next fallback, or the error. */
function next(attempt: Attempt): void {
  const { exchange, body, model, state } = attempt;
  if (exchange.isGone) {
    endHold(attempt);
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
  endHold(attempt);
  body.drop();
  const outcome = exchange.nodeId === null ? 'refused' : 'failed';
  const refusal = attempt.refusal ?? noRoute('NODE_FAILING', [], model, exchange.endpoint);
  noteEnd(exchange, exchange.model ?? model, refusal, state);
  exchange.refuse(refusal, outcome);
}

/** The context that a rule gives it; null to leave its own. Only this API lets a request choose one. */
function contextFor(attempt: Attempt, choice: RankedChoice, node: TableNode | undefined): number | null {
  const { exchange, body } = attempt;
  const rules = tableOf(attempt).holding?.contextRules ?? [];
  const { dialect, capability } = exchange.endpoint;
  if (rules.length === 0 || dialect !== 'ollama' || capability === null || body.encoding !== null)
    return null;
  const key = canonicalName(choice.model);
  const loaded = node?.loaded.find(({ name }) => canonicalName(name) === key)?.contextLength ?? null;
  return contextToSend(rules, { model: choice.model, requested: body.fields.contextLength, loaded });
}

/** A machine that can be woken, and did not accept a connection. */
const isAsleep = (end: RelayEnd, node: TableNode | undefined): boolean =>
  end.kind === 'unanswered' && end.failure === 'connection' && node?.canWake === true;
