/**
 * A form with a file, such as a recording to transcribe. It is kept until its field `model` has come, which some
 * programs send after the file; from then on it passes through to one node. The rest of it is not read while a machine
 * wakes for it.
 */

import type { Message } from '../../../shared/models/message.ts';
import { routeRequest } from '../../core/acquire/route-request.ts';
import { canonicalName } from '../../core/fleet/model-placement.ts';
import type { GatewayTable, TableNode } from '../../core/gateway/model.ts';
import { createBodyFieldsReader } from './body-fields.ts';
import { checkModel } from './callers.ts';
import type { Exchange } from './exchange.ts';
import { boundaryOf, createFormScan } from './form-scan.ts';
import { announcedLength, forward } from './forward.ts';
import { endHold, type HeldRequest, newHold } from './hold.ts';
import { holdForWake } from './hold-for-wake.ts';
import { isCloudName, missingModel, noRoute } from './model-refusals.ts';
import { chosenNode, requestNodes } from './nodes.ts';
import { Refusal } from './refusal.ts';
import { lengthOf, splice } from './splice.ts';
import type { GatewayState } from './state.ts';
import { isFull, waitForTurn } from './turns.ts';

/** Whether it is a form. Throws ENCODING_NOT_SUPPORTED for one that is compressed. */
export function isForm(exchange: Exchange): boolean {
  const { headers } = exchange.request;
  if (boundaryOf(headers['content-type']) === null) return false;
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') throw new Refusal('ENCODING_NOT_SUPPORTED');
  return true;
}

export function receiveForm(exchange: Exchange, state: GatewayState): void {
  const { request } = exchange;
  const scan = createFormScan(boundaryOf(request.headers['content-type']) ?? '');
  let chunks: Buffer[] = [];
  let kept = 0;
  const hold = newHold();

  function stopReading(): void {
    request.removeListener('data', onData);
    request.removeListener('end', onEnd);
    request.pause();
  }

  function drop(): void {
    state.budget.give(kept);
    kept = 0;
    chunks = [];
  }

  function refuse(error: unknown): void {
    endHold({ exchange, hold });
    stopReading();
    drop();
    exchange.refuse(error);
  }

  function onData(chunk: Buffer): void {
    if (!state.budget.take(chunk.length)) {
      refuse(new Refusal('BODY_MEMORY_FULL'));
      return;
    }
    kept += chunk.length;
    exchange.bytesIn += chunk.length;
    chunks.push(chunk);
    scan.write(chunk);
    if (scan.model === null) return;
    stopReading();
    route(scan.model);
  }

  /** @param chosen the field `model` */
  function route(chosen: NonNullable<typeof scan.model>): void {
    try {
      const { value, span } = chosen;
      const held: HeldRequest = {
        ...{ exchange, hold, model: value, tried: new Set() },
        scope: exchange.target.node === null ? null : chosenNode(exchange.table, exchange.target.node).id,
        body: { chunks, length: kept, encoding: null, fields: noFields, drop },
        again: () => route(chosen),
        refuse,
      };
      const found = nodeFor(held, state);
      if (found === 'held') return;
      endHold(held);
      const { node, name, why } = found;
      const first = name === value ? chunks : splice(chunks, [span], Buffer.from(name));
      const announced = announcedLength(request);
      const length = announced === null ? null : announced - kept + lengthOf(first);
      const send = () =>
        forward(exchange, state, {
          node,
          model: value,
          why,
          first,
          length,
          mustComplete: true,
          onFirstSent: drop,
        });
      if (state.table()?.holding === undefined || !isFull(state, node)) send();
      else waitUntilFree(value, node, send);
    } catch (error) {
      refuse(error);
    }
  }

  /** The rest of the file is not read meanwhile. */
  function waitUntilFree(model: string, node: TableNode, send: () => void): void {
    const want = { model, nodes: [node], priority: 'interactive' as const };
    const waiting = waitForTurn(exchange, state, want, {
      begin() {
        exchange.onGone = null;
        try {
          send();
        } catch (error) {
          refuse(error);
        }
      },
      refuse,
    });
    if (exchange.entry === null) return;
    exchange.onGone = () => {
      waiting[Symbol.dispose]();
      drop();
      exchange.finish('cancelled');
    };
  }

  const onEnd = () => refuse(missingModel(exchange.endpoint));

  exchange.onGone = () => {
    drop();
    exchange.finish('cancelled');
  };
  request.on('data', onData);
  request.on('end', onEnd);
}

type Chosen = { node: TableNode; why: Message; name: string };

/** Throws the refusal; `held` if it waits for a machine to wake. */
function nodeFor(request: HeldRequest, state: GatewayState): Chosen | 'held' {
  const { exchange, model, scope } = request;
  const { traffic, health, stickiness, desk } = state;
  const { endpoint, caller } = exchange;
  // A machine that was asleep when it came may serve now.
  const table = state.table() ?? exchange.table;
  exchange.model = model;
  checkStillKnown(exchange, table);
  checkModel(caller, model);
  if (!table.settings.allowCloud && isCloudName(model)) throw new Refusal('CLOUD_NOT_ALLOWED');
  const nodes = scope === null ? table.nodes : table.nodes.filter(({ id }) => id === scope);
  const counts = {
    onNode: traffic.onNode,
    ofModel: traffic.ofModel,
    isOpen: (nodeId: string) => health.breaker(nodeId) === 'open',
    slotsOf: desk.slotsOf,
  };
  const route = routeRequest(
    {
      model,
      digest: null,
      contextLength: null,
      capability: null,
      dialect: endpoint.dialect,
      conversation: [],
    },
    requestNodes(nodes, canonicalName(model), counts),
    { stickiness, beta: table.settings.beta },
  );
  if (route.kind === 'use' || route.code === 'NODE_ASLEEP') {
    const waits = holdForWake(request, state);
    if (waits instanceof Refusal) throw waits;
    if (waits === 'held') return waits;
  }
  if (route.kind === 'none') throw noRoute(route.code, route.nodes, model, endpoint);
  const choice = route.choices.find(({ cloud }) => table.settings.allowCloud || !cloud);
  const node = nodes.find(({ id }) => id === choice?.nodeId);
  if (choice === undefined || node === undefined) throw new Refusal('CLOUD_NOT_ALLOWED');
  return { node, why: choice.reason, name: node.dialects.includes('ollama') ? model : choice.model };
}

/** Its key may have been revoked while it waited. */
function checkStillKnown({ caller: { credential } }: Exchange, table: GatewayTable): void {
  if (credential === null) return;
  const now = table.credentials.find(({ id }) => id === credential.id);
  if (now === undefined || now.revoked) throw new Refusal('GATEWAY_KEY_NEEDED');
}

/** A form has none of them. */
const noFields = createBodyFieldsReader({ takesName: false, conversation: null }).end();
