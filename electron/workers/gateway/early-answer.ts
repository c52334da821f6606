/**
 * The beginning of an answer before any node has answered, so that a client that waits does not give up.
 *
 * It commits the status 200: what goes wrong later is said in the body, in the way of the dialect. A space may precede
 * any JSON text and any line of one; a line that begins with a colon is a comment in a stream of events.
 */

import type { Dialect } from '../../core/gateway/model.ts';
import type { BodyFields } from './body-fields.ts';
import type { StreamKind } from './completion.ts';
import type { Endpoint } from './endpoints.ts';
import { errorBody, errorInStream, type Refusal } from './refusal.ts';

/** How an answer is written. `json`: one object. */
export type EarlyKind = StreamKind | 'json';

/** null for a path of another server's, whose answers are not known to be JSON. */
export function earlyKind(endpoint: Endpoint, { stream }: Pick<BodyFields, 'stream'>): EarlyKind | null {
  if (!endpoint.known || endpoint.kind !== 'infer') return null;
  if (endpoint.dialect !== 'ollama') return stream === true ? 'events' : 'json';
  const streams = endpoint.capability === 'chat' || endpoint.capability === 'generate';
  return streams && stream !== false ? 'lines' : 'json';
}

const contentTypes: Readonly<Record<EarlyKind, string>> = {
  lines: 'application/x-ndjson',
  events: 'text/event-stream',
  json: 'application/json; charset=utf-8',
};

/** Names and values in turn. */
export const earlyHead = (kind: EarlyKind): string[] => [
  'Content-Type',
  contentTypes[kind],
  'Cache-Control',
  'no-cache',
  'X-Accel-Buffering',
  'no',
];

export const signOfLife = (kind: EarlyKind): string => (kind === 'events' ? ': keep-alive\n\n' : ' ');

/** The gateway's own error after the head was sent. */
export function lateRefusal(kind: EarlyKind, dialect: Dialect, refusal: Refusal): string {
  return kind === 'json'
    ? JSON.stringify(errorBody(dialect, refusal))
    : errorInStream(kind, dialect, refusal, true);
}

/** A node's error after the head was sent: its own body, in the place where the dialect has errors. */
export function lateError(kind: EarlyKind, dialect: Dialect, body: string): string {
  const text = body.trim().replace(/[\r\n]+/g, ' ');
  if (kind === 'json') return text;
  if (kind === 'lines') return `${text}\n`;
  return `${dialect === 'anthropic' ? 'event: error\n' : ''}data: ${text}\n\n`;
}
