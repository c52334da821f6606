/** What one request remembers while it waits, and what waiting for a machine and for a turn have in common. */

import { heldModel } from '../../core/acquire/held-model.ts';
import type { GatewayTable, TableHolding, TableNode } from '../../core/gateway/model.ts';
import { type AppliedRule, ruleFor } from '../../core/gateway/wake-policy.ts';
import type { Timer } from '../../core/ports/time.ts';
import type { Place, Queued } from './admission-desk.ts';
import { earlyKind } from './early-answer.ts';
import type { Exchange } from './exchange.ts';
import type { KeptBody } from './read-body.ts';
import { Refusal } from './refusal.ts';
import type { GatewayState } from './state.ts';
import { leavePlace, takePlace } from './turns.ts';
import type { Stay } from './waiting-room.ts';

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
  /** Nodes that were asked: none is asked twice. */
  tried: ReadonlySet<string>;
  hold: Hold;
  /** Routes it once more. */
  again(): void;
  refuse(refusal: Refusal): void;
}

/** The request ends, or its answer begins. */
export function endHold({ exchange, hold }: Pick<HeldRequest, 'exchange' | 'hold'>): void {
  hold.waiting?.[Symbol.dispose]();
  hold.waiting = null;
  hold.cpuTimer?.cancel();
  hold.stay?.end();
  hold.stay = null;
  leavePlace(exchange);
}

/** The request waits from now on. */
export function begin(
  { exchange, body, hold }: HeldRequest,
  state: GatewayState,
  { place, entry }: { place: Place; entry: Queued | null },
): void {
  hold.heldSince ??= state.clock.monotonic();
  exchange.holdHeaders = placeHeaders(place);
  takePlace(exchange, place, entry);
  hold.stay ??= state.room.enter(exchange, earlyKind(exchange.endpoint, body.fields));
}

/** It leaves the queue with `waiting` if its program disconnects. */
export function keep(request: HeldRequest, waiting: Disposable): void {
  const { exchange, body, hold } = request;
  hold.waiting = waiting;
  exchange.onGone = () => {
    endHold(request);
    body.drop();
    exchange.finish('cancelled');
  };
}

/** It is routed once more, unless its program has disconnected. */
export function resume({ hold, exchange, again }: HeldRequest): void {
  hold.waiting = null;
  exchange.onGone = null;
  leavePlace(exchange);
  if (!exchange.isGone) again();
}

export function ruleOf({ hold, model, exchange }: HeldRequest, { rules }: TableHolding): AppliedRule {
  hold.rule ??= ruleFor(rules, { model, credentialId: exchange.caller.credential?.id ?? null });
  return hold.rule;
}

export function hasModel(node: TableNode, { exchange, model, scope }: HeldRequest): boolean {
  if (scope !== null && node.id !== scope) return false;
  return (
    node.dialects.includes(exchange.endpoint.dialect) && heldModel(node, { model, digest: null }) !== null
  );
}

export const nodeOf = (table: GatewayTable | null, nodeId: string) =>
  table?.nodes.find(({ id }) => id === nodeId);

export const seconds = (ms: number | null): number =>
  Math.min(300, Math.max(1, Math.ceil((ms ?? 10_000) / 1000)));

function placeHeaders({ position, expectedMs }: Place): string[] {
  const headers = ['X-Pilotlight-Queue-Position', String(position)];
  if (expectedMs !== null) headers.push('X-Pilotlight-Expected-Wait', String(seconds(expectedMs)));
  return headers;
}

export function queueFull(exchange: Exchange, place: Place): Refusal {
  exchange.holdHeaders = placeHeaders(place);
  return new Refusal('QUEUE_FULL', { retryAfter: seconds(place.expectedMs) });
}
