/** Waiting in a queue; and turns for what is not routed again: a part of a batch, or a file that is still arriving. */
import type { Priority } from '../../core/acquire/admission.ts';
import { canonicalName } from '../../core/fleet/model-placement.ts';
import type { TableNode } from '../../core/gateway/model.ts';
import type { Place, Queued } from './admission-desk.ts';
import type { Exchange } from './exchange.ts';
import { Refusal } from './refusal.ts';
import { takeStep } from './request-facts.ts';
import { hasRoom } from './room-on-node.ts';
import type { GatewayState } from './state.ts';

/** It waits from now on. @param entry where it waits for its turn; null if it waits for a machine */
export function takePlace(exchange: Exchange, place: Place, entry: Queued | null): void {
  exchange.waitingSince ??= exchange.elapsed();
  exchange.place = place;
  exchange.entry = entry;
  takeStep(exchange, entry === null ? 'waking' : 'queued');
}

/** It has no place in a queue any more. */
export function leavePlace(exchange: Exchange): void {
  if (exchange.waitingSince !== null) exchange.heldMs += exchange.elapsed() - exchange.waitingSince;
  exchange.waitingSince = null;
  exchange.place = null;
  exchange.entry = null;
}

/** Whether the node has as many requests as it takes at once. */
export function isFull({ desk, traffic }: GatewayState, node: Pick<TableNode, 'id' | 'slots'>): boolean {
  const slots = desk.slotsOf(node);
  return slots !== null && traffic.onNode(node.id) >= slots;
}

/** Those that only these nodes may serve wait in an order of their own: others must not wait behind them. */
export const scopedKey = (model: string, nodeIds: readonly string[]): string =>
  `${canonicalName(model)} ${nodeIds.toSorted().join(' ')}`;

export interface Turn {
  /** It must be counted there before this returns. */
  begin(nodeId: string): void;
  /** It has waited as long as it may, or none of the nodes serves any more. */
  refuse(refusal: Refusal): void;
}

/** Waits until one of these nodes takes it; until disposed. It may begin before this returns. Throws QUEUE_FULL. */
export function waitForTurn(
  exchange: Exchange,
  state: GatewayState,
  { model, nodes, priority }: { model: string; nodes: readonly TableNode[]; priority: Priority },
  turn: Turn,
): Disposable {
  const { desk, clock, room } = state;
  const nodeIds = nodes.map(({ id }) => id);
  const key = scopedKey(model, nodeIds);
  const place = desk.placeOf({ model: key, priority }, nodes);
  if (desk.waiting(key) >= (state.table()?.holding?.queueLimit ?? 0)) throw new Refusal('QUEUE_FULL');
  const nodeNow = (nodeId: string) => state.table()?.nodes.find(({ id }) => id === nodeId);
  const isMovingOn = (nodeId: string) => nodeNow(nodeId)?.moving.includes(canonicalName(model)) === true;
  // Nothing can be sent early: it is not known yet what its answer looks like.
  const stay = room.enter(exchange, null);
  let isOver = false;

  function end(): void {
    if (isOver) return;
    isOver = true;
    stay.end();
    leavePlace(exchange);
  }

  const entry: Queued = {
    id: 0,
    model: key,
    priority,
    since: clock.monotonic(),
    serves: (nodeId) => nodeIds.includes(nodeId) && nodeNow(nodeId)?.serving === true,
    isReady: (nodeId) => state.health.breaker(nodeId) !== 'open' && !isMovingOn(nodeId),
    fits(nodeId) {
      const node = nodeNow(nodeId);
      return node !== undefined && hasRoom(node, model, state.traffic.models(nodeId));
    },
    isMoving: () => nodeIds.every(isMovingOn),
    begin(nodeId) {
      end();
      if (nodeId === null) turn.refuse(new Refusal('NODE_FAILING'));
      else turn.begin(nodeId);
    },
    expire() {
      end();
      turn.refuse(new Refusal('QUEUE_WAIT_OVER'));
    },
  };
  const waiting = desk.enter(entry);
  if (!isOver) takePlace(exchange, place, entry);
  return {
    [Symbol.dispose]() {
      waiting[Symbol.dispose]();
      end();
    },
  };
}
