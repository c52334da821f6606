/** Requests that pass through to one chosen node while they arrive: they are not kept, and never sent twice. */
import type { IncomingMessage } from 'node:http';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { TableNode } from '../../core/gateway/model.ts';
import type { Exchange } from './exchange.ts';
import { headersToServer, headerText } from './headers.ts';
import { judge } from './judge.ts';
import { asleep } from './node-refusals.ts';
import { chosenNode } from './nodes.ts';
import { Refusal } from './refusal.ts';
import { relay } from './relay.ts';
import { takeStep } from './request-facts.ts';
import type { GatewayState } from './state.ts';

export interface Forwarding {
  node: TableNode;
  /** null for none. */
  model: string | null;
  /** Why this node. */
  why: Message;
  /** Chunks that came before, in place of those that were read. */
  first: Buffer[];
  /** They have been sent, or never will be. */
  onFirstSent?: () => void;
  /** Of the whole body; null if unknown. */
  length: number | null;
  mustComplete: boolean;
}

/** A call that changes a node, or asks the Internet by way of one. */
export function manage(exchange: Exchange, state: GatewayState): void {
  const { table, target, request, endpoint } = exchange;
  if (endpoint.kind === 'web' && !table.settings.allowCloud) throw new Refusal('CLOUD_NOT_ALLOWED');
  const header = request.headers['x-pilotlight-node'];
  const wanted =
    target.node ?? (typeof header === 'string' && header !== '' ? header : table.settings.managementNodeId);
  if (wanted === null) throw new Refusal('NODE_NOT_CHOSEN');
  const node = chosenNode(table, wanted);
  forward(exchange, state, {
    node,
    model: null,
    why: fact('ROUTE_CHOSEN_NODE'),
    first: [],
    length: announcedLength(request),
    mustComplete: false,
  });
}

export function forward(exchange: Exchange, state: GatewayState, forwarding: Forwarding): void {
  const { node, model, why, first, length } = forwarding;
  const { request, target } = exchange;
  const dispatcher = state.upstreams.pool(node.id);
  exchange.nodeId = node.id;
  exchange.why = why;
  if (!node.serving || dispatcher === null) {
    throw asleep(node.name);
  }
  const hasBody = first.length > 0 || hasBodyOf(request);
  const slot = state.traffic.begin(node.id, model);
  takeStep(exchange, 'sent', node.id);
  // Calls such as a pull take long and load nothing.
  slot.answered();
  relay({
    exchange,
    dispatcher,
    node: node.name,
    path: target.path + target.query,
    headers: headersToServer(request.rawHeaders, hasBody ? length : null),
    body: hasBody ? restOf(exchange, forwarding) : null,
    answerHeaders: ['X-Pilotlight-Node', headerText(node.name), 'X-Pilotlight-Route', why.code],
    mustComplete: forwarding.mustComplete,
    leavesBusy: false,
    onCommitted() {},
    onEnd(end) {
      slot[Symbol.dispose]();
      forwarding.onFirstSent?.();
      judge(state, node.id, end, true);
      if (end.kind === 'answered' && end.ok) state.justChanged.note(node.id, target.path);
      if (end.kind === 'unanswered') {
        takeStep(exchange, 'tried', node.id, end.refusal.code);
        exchange.refuse(end.refusal, 'failed');
      }
    },
  });
}

export function announcedLength({ headers }: IncomingMessage): number | null {
  const length = headers['content-length'];
  return length === undefined ? null : Number(length);
}

function hasBodyOf({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** The node takes it as fast as it can; the client is read no faster. Its connection outlives the node's. */
async function* restOf(
  exchange: Exchange,
  { first, onFirstSent }: Pick<Forwarding, 'first' | 'onFirstSent'>,
): AsyncGenerator<Buffer> {
  // Each is forgotten as it goes: the rest may take hours.
  for (let chunk = first.shift(); chunk !== undefined; chunk = first.shift()) yield chunk;
  onFirstSent?.();
  for await (const chunk of exchange.request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    exchange.bytesIn += chunk.length;
    yield chunk;
  }
}
