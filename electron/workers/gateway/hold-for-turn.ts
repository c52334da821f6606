/** Whether a request is sent now, or waits for its turn or for a move of its model. */
import type { Priority } from '../../core/acquire/admission.ts';
import type { RankedChoice } from '../../core/acquire/route-request.ts';
import { canonicalName } from '../../core/fleet/model-placement.ts';
import type { GatewayTable, TableHolding } from '../../core/gateway/model.ts';
import { type Place, type Queued, SENT_AT_ONCE } from './admission-desk.ts';
import {
  begin,
  type HeldRequest,
  hasModel,
  keep,
  nodeOf,
  queueFull,
  resume,
  ruleOf,
  seconds,
} from './hold.ts';
import { Refusal } from './refusal.ts';
import { hasRoom } from './room-on-node.ts';
import type { GatewayState } from './state.ts';

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
  const waiting: Queued = {
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
    isMoving: () => isMoving(state, request),
    begin(nodeId) {
      began = true;
      hold.turn = nodeId;
      resume(request);
    },
    expire() {
      hold.waiting = null;
      request.refuse(new Refusal('QUEUE_WAIT_OVER', { retryAfter: seconds(place.expectedMs) }));
    },
  };
  const entry = state.desk.enter(waiting);
  // It was its turn at once: everything has happened already.
  if (began) return 'held';
  begin(request, state, { place, entry: waiting });
  keep(request, entry);
  return 'held';
}

const at = ({ nodeId }: RankedChoice, turn: string) => Number(nodeId === turn);

/** No person waits for a batch of texts. */
function priorityOf(request: HeldRequest, holding: TableHolding): Priority {
  const { exchange, body } = request;
  const isBatch = exchange.endpoint.capability === 'embed' && (body.fields.inputs ?? 0) > 1;
  const priority = ruleOf(request, holding).priority ?? (isBatch ? 'batch' : 'interactive');
  exchange.priority = priority;
  return priority;
}

/** Requests that any node may serve for one of them are served in one order. */
const queueKey = ({ model, scope, tried }: HeldRequest) => {
  if (tried.size > 0) return `${canonicalName(model)} not ${[...tried].sort().join(' ')}`;
  return scope === null ? canonicalName(model) : `${canonicalName(model)} ${scope}`;
};

/** Every node that could serve it is moving its model. */
function isMoving(state: GatewayState, request: HeldRequest): boolean {
  const key = canonicalName(request.model);
  const nodes = state.table()?.nodes.filter((node) => node.serving && hasModel(node, request)) ?? [];
  return nodes.length > 0 && nodes.every(({ moving }) => moving.includes(key));
}

function serves(table: GatewayTable | null, nodeId: string, request: HeldRequest): boolean {
  const node = nodeOf(table, nodeId);
  return node?.serving === true && !request.tried.has(nodeId) && hasModel(node, request);
}

function isReady(state: GatewayState, nodeId: string, model: string): boolean {
  const moving = nodeOf(state.table(), nodeId)?.moving ?? [];
  return state.health.breaker(nodeId) !== 'open' && !moving.includes(canonicalName(model));
}
