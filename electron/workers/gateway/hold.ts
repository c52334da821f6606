/** Whether a request is served now, waits for a machine to wake or for its turn, or is refused. */
import { fact } from '../../../shared/models/message.ts';
import { printable } from '../../../shared/printable.ts';
import type { Priority } from '../../core/acquire/admission.ts';
import { heldModel } from '../../core/acquire/held-model.ts';
import type { RankedChoice } from '../../core/acquire/route-request.ts';
import { canonicalName } from '../../core/fleet/model-placement.ts';
import type { GatewayTable, TableHolding, TableNode } from '../../core/gateway/model.ts';
import {
  type AppliedRule,
  type CallKind,
  decideWake,
  ruleFor,
  type WakeRefusal,
} from '../../core/gateway/wake-policy.ts';
import type { Timer } from '../../core/ports/time.ts';
import { type Place, SENT_AT_ONCE } from './admission-desk.ts';
import { earlyKind } from './early-answer.ts';
import type { Endpoint } from './endpoints.ts';
import type { Exchange } from './exchange.ts';
import type { KeptBody } from './read-body.ts';
import { Refusal } from './refusal.ts';
import { hasRoom } from './room-on-node.ts';
import type { GatewayState } from './state.ts';
import type { Stay } from './waiting-room.ts';
import { noCore, type WakeWant } from './wakes.ts';

/** What one request remembers over all its tries. */
export interface Hold {
  /** null until the first try. */
  rule: AppliedRule | null;
  stay: Stay | null;
  /** While it waits. */
  waiting: Disposable | null;
  cpuTimer: Timer | null;
  /** It has waited for a GPU as long as its rule says. */
  mayUseCpu: boolean;
  /** Why no machine was woken for it. */
  failure: Refusal | null;
  asks: number;
  /** The node that did not accept a connection, while the table says that it serves. */
  unreachable: string | null;
  /** How often that happened. */
  lost: number;
  /** The node at which it is its turn. */
  turn: string | null;
  /** A server that was busy got it back once. */
  returned: boolean;
  heldSince: number | null;
}

export const newHold = (): Hold => ({
  rule: null,
  stay: null,
  waiting: null,
  cpuTimer: null,
  mayUseCpu: false,
  failure: null,
  asks: 0,
  unreachable: null,
  lost: 0,
  turn: null,
  returned: false,
  heldSince: null,
});

export interface HeldRequest {
  exchange: Exchange;
  body: KeptBody;
  /** Only this node; null for all. */
  scope: string | null;
  model: string;
  hold: Hold;
  /** Routes it once more. */
  again(): void;
  refuse(refusal: Refusal): void;
}

/** So often may a machine turn out to be asleep while the table says that it serves. */
export const MOST_LOST = 3;
/** A machine that falls asleep whenever it is needed is not waited for without end. */
const MOST_ASKS = 3;

/** Whether it may go on by the route, waits from now on, or is refused. Called when no machine with a GPU is there. */
export function holdForWake(request: HeldRequest, state: GatewayState): 'go' | 'held' | Refusal {
  const { exchange, hold, model } = request;
  const table = state.table();
  const holding = table?.holding;
  if (table == null || holding === undefined) return 'go';
  const rule = ruleOf(request, holding);
  const kind = callKind(exchange.endpoint);
  const { awake, asleep } = standing(table, request, state);
  const gaveUp = (hold.mayUseCpu || (hold.failure !== null && rule.wake !== 'wait')) && awake.length > 0;
  if (hold.failure !== null && !gaveUp && !awake.some(({ isCpu }) => !isCpu)) return hold.failure;
  if (gaveUp) return 'go';
  const mayWake = holding.mayWake.includes(kind) && !request.body.fields.unloads;
  const decision = decideWake({ rule, mayWake, awake, asleep });
  if (decision.kind === 'refuse') return refusalFor(decision.why, request);
  const { credential } = exchange.caller;
  const want: WakeWant = {
    model,
    key: canonicalName(model),
    nodeIds: decision.wake,
    credentialId: credential?.id ?? null,
    program: exchange.program,
    unreachable: hold.unreachable !== null && decision.wake.includes(hold.unreachable),
  };
  hold.unreachable = null;
  if (decision.kind === 'serve') {
    if (decision.wake.length > 0) state.wakes.inBackground(want);
    return 'go';
  }
  if (!state.wakes.connected) return noCore();
  if (hold.asks >= MOST_ASKS) return refusalFor('no-way', request);
  const waiting = state.wakes.waiting(want.key);
  const expectedMs = wakeMs(table, decision.wake);
  if (waiting >= holding.queueLimit) return queueFull(exchange, { position: waiting + 1, expectedMs });
  hold.asks += 1;
  begin(request, state, { position: waiting + 1, expectedMs });
  const joined = state.wakes.join(want, {
    released: () => resume(request),
    failed(refusal) {
      hold.failure = refusal;
      resume(request);
    },
  });
  keep(request, state, joined);
  const { cpuAfterMs } = decision;
  if (cpuAfterMs !== null && hold.cpuTimer === null) {
    const leftMs = cpuAfterMs - (state.clock.monotonic() - (hold.heldSince ?? 0));
    hold.cpuTimer = state.clock.timer(Math.max(0, leftMs), () => {
      hold.mayUseCpu = true;
      if (hold.waiting === null) return;
      joined[Symbol.dispose]();
      resume(request);
    });
  }
  return 'held';
}

/** The choices to try, or that it waits for its turn. A node without a limit takes every request. */
export function holdForTurn(
  request: HeldRequest,
  choices: readonly RankedChoice[],
  state: GatewayState,
): readonly RankedChoice[] | 'held' | Refusal {
  const { desk } = state;
  const { hold, exchange } = request;
  const table = state.table();
  const holding = table?.holding;
  const [first] = choices;
  if (table == null || holding === undefined || first === undefined) return choices;
  const { turn } = hold;
  hold.turn = null;
  if (turn !== null) return choices.toSorted((one, other) => at(other, turn) - at(one, turn));
  const isCrowded = hold.heldSince !== null && state.traffic.onNode(first.nodeId) >= SENT_AT_ONCE;
  const nodes = choices.flatMap(({ nodeId }) => table.nodes.find(({ id }) => id === nodeId) ?? []);
  if (!nodes.some(({ id }) => id === first.nodeId) || nodes.every((node) => desk.slotsOf(node) === null)) {
    if (!isCrowded) return choices;
  }
  const key = queueKey(request);
  const free = choices.filter(({ standing }) => standing.free === 1);
  if (free.length > 0 && desk.total === 0 && !isCrowded)
    return [...free, ...choices.filter((one) => !free.includes(one))];
  const priority = priorityOf(request, holding);
  const place = desk.placeOf({ model: key, priority }, nodes);
  if (desk.waiting(key) >= holding.queueLimit) return queueFull(exchange, place);
  return enterQueue(request, state, { key, priority, place });
}

/** It waits until the model has been moved. */
export function holdForMove(request: HeldRequest, state: GatewayState): 'go' | 'held' | Refusal {
  const table = state.table();
  if (table?.holding === undefined) return 'go';
  const key = queueKey(request);
  const priority = priorityOf(request, table.holding);
  const nodes = table.nodes.filter((node) => node.serving && hasModel(node, request));
  const place = state.desk.placeOf({ model: key, priority }, nodes);
  if (state.desk.waiting(key) >= table.holding.queueLimit) return queueFull(request.exchange, place);
  return enterQueue(request, state, { key, priority, place });
}

function enterQueue(
  request: HeldRequest,
  state: GatewayState,
  { key, priority, place }: { key: string; priority: Priority; place: Place },
): 'held' {
  const { hold, model } = request;
  let began = false;
  const entry = state.desk.enter({
    id: 0,
    model: key,
    priority,
    since: state.clock.monotonic(),
    serves: (nodeId) => serves(state.table(), nodeId, request),
    isReady: (nodeId) => isReady(state, nodeId, model),
    fits(nodeId) {
      const node = nodeOf(state.table(), nodeId);
      return node !== undefined && hasRoom(node, model, state.traffic.models(nodeId));
    },
    begin(nodeId) {
      began = true;
      hold.turn = nodeId;
      resume(request);
    },
    expire() {
      hold.waiting = null;
      request.refuse(new Refusal('QUEUE_WAIT_OVER', { retryAfter: seconds(place.expectedMs) }));
    },
  });
  // It was its turn at once: everything has happened already.
  if (began) return 'held';
  begin(request, state, place);
  keep(request, state, entry);
  return 'held';
}

/** The request ends, or its answer begins. @param now monotonic milliseconds */
export function endHold({ exchange, hold }: Pick<HeldRequest, 'exchange' | 'hold'>, now: number): void {
  hold.waiting?.[Symbol.dispose]();
  hold.waiting = null;
  hold.cpuTimer?.cancel();
  hold.stay?.end();
  hold.stay = null;
  if (hold.heldSince !== null) exchange.heldMs = now - hold.heldSince;
}

const at = ({ nodeId }: RankedChoice, turn: string) => Number(nodeId === turn);

function ruleOf({ hold, model, exchange }: HeldRequest, { rules }: TableHolding): AppliedRule {
  hold.rule ??= ruleFor(rules, { model, credentialId: exchange.caller.credential?.id ?? null });
  return hold.rule;
}

/** No person waits for a batch of texts. */
function priorityOf(request: HeldRequest, holding: TableHolding): Priority {
  const { exchange, body } = request;
  const isBatch = exchange.endpoint.capability === 'embed' && (body.fields.inputs ?? 0) > 1;
  const priority = ruleOf(request, holding).priority ?? (isBatch ? 'batch' : 'interactive');
  exchange.priority = priority;
  return priority;
}

const callKind = ({ capability }: Endpoint): CallKind => capability ?? 'other';

/** Requests that any node may serve for one of them are served in one order. */
const queueKey = ({ model, scope }: HeldRequest) =>
  scope === null ? canonicalName(model) : `${canonicalName(model)} ${scope}`;

function begin({ exchange, body, hold }: HeldRequest, state: GatewayState, place: Place): void {
  hold.heldSince ??= state.clock.monotonic();
  exchange.holdHeaders = placeHeaders(place);
  hold.stay ??= state.room.enter(exchange, earlyKind(exchange.endpoint, body.fields));
}

function keep(request: HeldRequest, state: GatewayState, waiting: Disposable): void {
  const { exchange, body, hold } = request;
  hold.waiting = waiting;
  exchange.onGone = () => {
    endHold(request, state.clock.monotonic());
    body.drop();
    exchange.finish('cancelled');
  };
}

function resume({ hold, exchange, again }: HeldRequest): void {
  hold.waiting = null;
  exchange.onGone = null;
  if (!exchange.isGone) again();
}

interface Standing {
  awake: { id: string; isCpu: boolean; gpuLost: boolean }[];
  asleep: { id: string; isCpu: boolean; canWake: boolean }[];
}

function standing(table: GatewayTable, request: HeldRequest, state: GatewayState): Standing {
  const found: Standing = { awake: [], asleep: [] };
  for (const node of table.nodes) {
    if (!hasModel(node, request)) continue;
    const { id, gpuLost = false, canWake = false } = node;
    const isCpu = node.hasGpu === false || gpuLost;
    if (!node.serving || id === request.hold.unreachable) found.asleep.push({ id, isCpu, canWake });
    else if (state.health.breaker(id) !== 'open') found.awake.push({ id, isCpu, gpuLost });
  }
  return found;
}

function hasModel(node: TableNode, { exchange, model, scope }: HeldRequest): boolean {
  if (scope !== null && node.id !== scope) return false;
  return (
    node.dialects.includes(exchange.endpoint.dialect) && heldModel(node, { model, digest: null }) !== null
  );
}

function serves(table: GatewayTable | null, nodeId: string, request: HeldRequest): boolean {
  const node = nodeOf(table, nodeId);
  return node?.serving === true && hasModel(node, request);
}

function isReady(state: GatewayState, nodeId: string, model: string): boolean {
  const moving = nodeOf(state.table(), nodeId)?.moving ?? [];
  return state.health.breaker(nodeId) !== 'open' && !moving.includes(canonicalName(model));
}

const nodeOf = (table: GatewayTable | null, nodeId: string) => table?.nodes.find(({ id }) => id === nodeId);

function wakeMs({ nodes }: GatewayTable, ids: readonly string[]): number | null {
  const known = nodes.flatMap(({ id, usualWakeMs }) => (ids.includes(id) ? (usualWakeMs ?? []) : []));
  return known.length === 0 ? null : Math.min(...known);
}

const seconds = (ms: number | null): number => Math.min(300, Math.max(1, Math.ceil((ms ?? 10_000) / 1000)));

function placeHeaders({ position, expectedMs }: Place): string[] {
  const headers = ['X-Pilotlight-Queue-Position', String(position)];
  if (expectedMs !== null) headers.push('X-Pilotlight-Expected-Wait', String(seconds(expectedMs)));
  return headers;
}

function queueFull(exchange: Exchange, place: Place): Refusal {
  exchange.holdHeaders = placeHeaders(place);
  return new Refusal('QUEUE_FULL', { retryAfter: seconds(place.expectedMs) });
}

function refusalFor(why: WakeRefusal, { model, exchange }: HeldRequest): 'go' | Refusal {
  const shown = printable(model);
  switch (why) {
    case 'rule':
      return new Refusal('WAKE_NOT_ALLOWED', {
        message: fact('GATEWAY_RULE_WAKES_NOTHING', { model: shown }),
        status: 503,
        retryAfter: 60,
      });
    case 'call':
      return new Refusal('NODE_ASLEEP', {
        message: fact('GATEWAY_CALL_WAKES_NOTHING', { model: shown, path: exchange.target.path }),
      });
    case 'gpu-lost':
      return new Refusal('GPU_NOT_USED', {
        message: fact('GATEWAY_WOKE_WITHOUT_GPU', { model: shown }),
        status: 503,
        retryAfter: 60,
      });
    // The route says which machines sleep.
    case 'no-way':
      return 'go';
  }
}
