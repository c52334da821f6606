/** A request to a model whose body has been read: what it names, and whether that may be used. */
import { tryModel } from './attempt.ts';
import { bodyRefusal } from './body-faults.ts';
import { checkModel } from './callers.ts';
import type { Exchange } from './exchange.ts';
import { newHold } from './hold.ts';
import { checkRetries } from './kept-back.ts';
import { isCloudName, missingModel } from './model-refusals.ts';
import { chosenNode } from './nodes.ts';
import { sendText } from './plain-answers.ts';
import type { KeptBody } from './read-body.ts';
import { Refusal } from './refusal.ts';
import type { GatewayState } from './state.ts';

/** The body has been read. */
export function infer(exchange: Exchange, body: KeptBody, state: GatewayState): void {
  try {
    begin(exchange, body, state);
  } catch (error) {
    body.drop();
    exchange.refuse(error);
  }
}

function begin(exchange: Exchange, body: KeptBody, state: GatewayState): void {
  const { endpoint, response, caller, table, target } = exchange;
  const { fields } = body;
  if (fields.fault !== null || fields.model === null) {
    body.drop();
    if (!endpoint.known) {
      sendText(response, 404, '404 page not found', { headers: exchange.cors });
      exchange.finish('refused');
      return;
    }
    throw fields.fault === null ? missingModel(endpoint) : bodyRefusal(fields.fault, endpoint.goType);
  }
  const { model } = fields;
  exchange.model = model;
  if (body.encoding === null) state.prompts.offer(exchange, body.chunks);
  checkModel(caller, model);
  if (!table.settings.allowCloud && isCloudName(model)) throw new Refusal('CLOUD_NOT_ALLOWED');
  checkRetries(exchange, model, state);
  const scope = target.node === null ? null : chosenNode(table, target.node).id;
  const hold = newHold();
  tryModel({ exchange, body, state, scope, model, tried: new Set(), refusal: null, fallbacks: null, hold });
}
