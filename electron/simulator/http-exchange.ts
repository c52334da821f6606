/** One request and its response over node:http, in the formats of Ollama's web framework. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseGoJson } from './go-json.ts';
import { OllamaError } from './model.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  /** Aborted when the client disconnects before the response is complete. */
  readonly signal: AbortSignal;
}

export type JsonObject = Record<string, unknown>;

/** Bytes. A larger request is refused; real requests with images stay below it. */
const LARGEST_BODY_BYTES = 256 * 1024 * 1024;

/** Go sends a body without its length once it is larger than this, bytes. */
const LARGEST_WHOLE_BYTES = 2048;

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, 'application/json; charset=utf-8', JSON.stringify(body));
}

/** As Go's own encoder writes it: without a charset, with a line break at the end. */
export function sendEncodedJson(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, 'application/json', `${JSON.stringify(body)}\n`);
}

/** What would have been a stream, as one answer: without a charset and without a line break. */
export function sendPlainJson(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, 'application/json', JSON.stringify(body));
}

/** The same where a stream was asked for, but its first line is an error: in chunks. */
export function sendFirstError(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify({ error: message }));
}

/** A status and nothing else. */
export function sendNothing(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'Content-Length': 0 });
  response.end();
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  const bytes = Buffer.byteLength(text);
  response.writeHead(status, {
    'Content-Type': type,
    ...(bytes <= LARGEST_WHOLE_BYTES && { 'Content-Length': bytes }),
  });
  response.end(text);
}

export function sendError(response: ServerResponse, status: number, message: string): void {
  sendJson(response, status, { error: message });
}

export function sendText(response: ServerResponse, status: number, text: string, type = 'text/plain'): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

export function startLines(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
}

/** One JSON object per line, sent at once. */
export function writeLine(response: ServerResponse, value: unknown): void {
  if (!response.headersSent) startLines(response);
  response.write(`${JSON.stringify(value)}\n`);
}

/** Server-sent events of the OpenAI dialect, sent at once and together. */
export function writeEvents(response: ServerResponse, ...values: readonly unknown[]): void {
  if (!response.headersSent) response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  const lines = values.map(
    (value) => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`,
  );
  response.write(lines.join(''));
}

/** Server-sent events with names, sent at once and together. */
export function writeNamedEvents(
  response: ServerResponse,
  ...events: readonly (readonly [name: string, value: object])[]
): void {
  if (!response.headersSent) response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.write(
    events.map(([name, value]) => `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`).join(''),
  );
}

/** The body as a JSON object. Throws 400 `missing request body`, or the Go parser's message. */
export async function readJson(request: IncomingMessage): Promise<JsonObject> {
  const body = await readBody(request);
  if (body.length === 0) throw new OllamaError(400, 'missing request body');
  return parseGoJson(body.toString('utf8'));
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    const bytes = part as Buffer;
    size += bytes.length;
    if (size > LARGEST_BODY_BYTES) throw new OllamaError(413, 'http: request body too large');
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

/** A field that must be a string. Throws the Go decoder's 400. */
export function textField(body: JsonObject, name: string, owner: string): string {
  const value = body[name];
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  throw new OllamaError(
    400,
    `json: cannot unmarshal ${goKind(value)} into Go struct field ${owner}.${name} of type string`,
  );
}

/** A field that must be a boolean; `null` if absent. */
export function booleanField(body: JsonObject, name: string, owner: string): boolean | null {
  const value = body[name];
  if (value === undefined || value === null) return null;
  if (typeof value === 'boolean') return value;
  throw new OllamaError(
    400,
    `json: cannot unmarshal ${goKind(value)} into Go struct field ${owner}.${name} of type bool`,
  );
}

/** A field that must be an object; empty if absent. */
export function objectField(body: JsonObject, name: string, owner: string): JsonObject {
  const value = body[name];
  if (value === undefined || value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as JsonObject;
  throw new OllamaError(
    400,
    `json: cannot unmarshal ${goKind(value)} into Go struct field ${owner}.${name} of type map[string]interface {}`,
  );
}

function goKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return typeof value;
}

/** An object without the members that Go's `omitempty` omits. */
export function withoutEmpty<T extends JsonObject>(value: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(value).filter(([, member]) => {
      if (member === undefined || member === null || member === 0 || member === '' || member === false) {
        return false;
      }
      return !(Array.isArray(member) && member.length === 0);
    }),
  ) as Partial<T>;
}
