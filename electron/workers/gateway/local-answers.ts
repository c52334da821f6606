/** Answers from the table: what the fleet has, without asking a node. */
import { fact } from '../../../shared/models/message.ts';
import { isOlderVersion } from '../../../shared/ollama-version.ts';
import { printable } from '../../../shared/printable.ts';
import { canonicalName } from '../../core/fleet/model-placement.ts';
import type { GatewayTable } from '../../core/gateway/model.ts';
import type { Listing } from './endpoints.ts';
import type { Exchange } from './exchange.ts';
import { listOpenAiModels, listRunning, listTags, openAiModel } from './listings.ts';
import { chosenNode } from './nodes.ts';
import { sendJson, sendText } from './plain-answers.ts';
import { Refusal } from './refusal.ts';
import { decoded } from './target.ts';

/** Without a server that says otherwise, the oldest that every client accepts today. */
const LEAST_VERSION = '0.33.0';

/** @param now milliseconds since the epoch */
export function answerLocally(exchange: Exchange, listing: Listing, now: number): void {
  const { response, cors, target, caller } = exchange;
  const allowed = caller.credential?.models ?? null;
  const table = onlyNode(exchange.table, target.node);
  switch (listing) {
    case 'alive':
      sendText(response, 200, 'Ollama is running', { type: 'text/plain; charset=utf-8', headers: cors });
      break;
    case 'version':
      sendJson(response, { version: versionOf(table) }, 'framework', cors);
      break;
    case 'tags':
      sendJson(response, listTags(table, allowed), 'framework', cors);
      break;
    case 'running':
      sendJson(response, listRunning(table, allowed, now), 'framework', cors);
      break;
    case 'models':
      sendJson(response, listOpenAiModels(table, allowed), 'encoder', cors);
      break;
    case 'model': {
      const id = decoded(target.path.slice('/v1/models/'.length)) ?? '';
      const model = openAiModel(table, allowed, id);
      if (model === null) {
        const message = fact('GATEWAY_MODEL_NOT_FOUND', { model: printable(canonicalName(id)) });
        exchange.refuse(new Refusal('MODEL_NOT_FOUND', { message, verbatim: true }));
        return;
      }
      sendJson(response, model, 'encoder', cors);
    }
  }
  exchange.finish('completed');
}

function onlyNode(table: GatewayTable, wanted: string | null): GatewayTable {
  return wanted === null ? table : { ...table, nodes: [chosenNode(table, wanted)] };
}

/** The oldest of the fleet: a client must not use what one of the servers lacks. */
function versionOf({ nodes }: GatewayTable): string {
  const versions = nodes.flatMap(({ serverVersion, dialects }) =>
    serverVersion != null && dialects.includes('ollama') ? [serverVersion] : [],
  );
  const [first = LEAST_VERSION, ...others] = versions;
  return others.reduce((oldest, one) => (isOlderVersion(one, oldest) ? one : oldest), first);
}
