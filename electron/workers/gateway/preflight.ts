/** What a browser asks before it sends a request of a page. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GatewayTable } from '../../core/gateway/model.ts';
import { findEndpoint } from './endpoints.ts';
import { sendNothing } from './plain-answers.ts';
import { isOwnHost, isOwnPage, preflightAnswer } from './sources.ts';
import type { Target } from './target.ts';

/** A page of another site may only send a key, so it is asked to where there are keys. */
export function answerPreflight(
  request: IncomingMessage,
  response: ServerResponse,
  { path, key }: Target,
  table: GatewayTable | null,
): void {
  const hasKeys = key !== null || (table?.credentials.length ?? 0) > 0;
  if (!hasKeys && !(isOwnHost(request) && isOwnPage(request))) {
    sendNothing(response, 403);
    return;
  }
  const found = findEndpoint('OPTIONS', path);
  const allow = found.kind === 'method' ? { Allow: found.allowed.join(', ') } : {};
  response.writeHead(204, { ...preflightAnswer(request), ...allow });
  response.end();
}
