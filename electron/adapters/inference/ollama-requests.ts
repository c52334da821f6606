/** Requests to one Ollama server, with their limits and what its answers mean before they are read. */
import type * as z from 'zod';
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import { parseAnswer } from '../../../shared/json.ts';
import type { Http, HttpReply, HttpRequest, HttpStream } from '../../core/ports/network.ts';
import {
  lacksPath,
  lacksPathError,
  notAnInferenceServer,
  toDoorError,
  toServerError,
} from './ollama-errors.ts';
import { versionSchema } from './ollama-schemas.ts';

/** Upper bound, milliseconds; a probe has its own, shorter deadline in its signal. */
export const READ_DEADLINE_MS = 30_000;
/** A download says at once that it begins. */
const STREAM_HEADERS_MS = 60_000;
/** Comparing tens of gigabytes with their digest takes minutes, in which nothing is sent. */
const STREAM_IDLE_MS = 30 * 60_000;
/** Bytes. The list of a thousand models is about 500 kB, a model described without its tokens about 100 kB. */
export const MAX_ANSWER_BYTES = 2 * 1024 * 1024;

export type OllamaRequest = Omit<HttpRequest, 'url'> & { path: string };

export interface OllamaRequests {
  /** The response as a stream, whatever its status is. Rejects as `Http.open` does. */
  open(request: { path: string; body: object; signal: AbortSignal }): Promise<HttpStream>;
  /** The response, whatever its status is. */
  send(request: OllamaRequest): Promise<HttpReply>;
  /** Rejects with the error that a response outside 2xx means. */
  refuseErrors(reply: HttpReply, path: string, signal: AbortSignal): Promise<void>;
  /** The answer in its shape. Rejects with the errors of `refuseErrors`, or NOT_AN_INFERENCE_SERVER. */
  read<Schema extends z.ZodType>(
    schema: Schema,
    reply: HttpReply,
    path: string,
    signal: AbortSignal,
  ): Promise<z.output<Schema>>;
  ask<Schema extends z.ZodType>(schema: Schema, request: OllamaRequest): Promise<z.output<Schema>>;
}

export function get(path: string, signal: AbortSignal): OllamaRequest & { signal: AbortSignal } {
  return { method: 'GET', path, deadlineMs: READ_DEADLINE_MS, maxBytes: MAX_ANSWER_BYTES, signal };
}

/** A disconnect aborts a load, whose duration is unknown: the caller's signal is the only limit until it answers. */
export function post(
  path: string,
  body: object,
  signal: AbortSignal,
): OllamaRequest & { signal: AbortSignal } {
  return { method: 'POST', path, body, deadlineMs: null, maxBytes: MAX_ANSWER_BYTES, signal };
}

export function createOllamaRequests({ http, base }: { http: Http; base: string }): OllamaRequests {
  /** A server bound to loopback answers a bare 403 to an unknown host name, as behind a tunnel or proxy. */
  let host: string | null = null;

  async function send({ path, ...rest }: OllamaRequest): Promise<HttpReply> {
    const full: HttpRequest = { ...rest, url: base + path };
    const reply = await http.request(host === null ? full : { ...full, headers: { host } });
    if (reply.status !== 403 || reply.text !== '' || host !== null) return reply;
    const local = 'localhost:11434';
    const again = await http.request({ ...full, headers: { host: local } });
    // Only a server that was let in by this name is one; a locked door stays locked.
    if (again.status !== 403) host = local;
    return again;
  }

  async function refuseErrors(reply: HttpReply, path: string, signal: AbortSignal): Promise<void> {
    const door = toDoorError(reply, base, path);
    if (door !== null) throw door;
    if (reply.status >= 200 && reply.status <= 299) return;
    if (lacksPath(reply)) {
      const version = await versionOf(path, signal);
      if (version !== null) throw lacksPathError(version, path);
    }
    throw toServerError(reply, path);
  }

  /** The version of a server without this path, by which its age can be named; null if it is no Ollama. */
  async function versionOf(lacking: string, signal: AbortSignal): Promise<string | null> {
    if (lacking === '/api/version') return null;
    try {
      const reply = await send(get('/api/version', signal));
      if (reply.status !== 200) return null;
      return versionSchema.safeParse(parseAnswer(reply.text)).data?.version ?? null;
    } catch (error) {
      if (signal.aborted || !isPilotlightError(error)) throw error;
      return null;
    }
  }

  async function read<Schema extends z.ZodType>(
    schema: Schema,
    reply: HttpReply,
    path: string,
    signal: AbortSignal,
  ): Promise<z.output<Schema>> {
    await refuseErrors(reply, path, signal);
    const parsed = schema.safeParse(parseAnswer(reply.text));
    if (!parsed.success) throw notAnInferenceServer(reply, path);
    return parsed.data;
  }

  return {
    open: ({ path, body, signal }) =>
      http.open({
        method: 'POST',
        url: base + path,
        body,
        signal,
        headersMs: STREAM_HEADERS_MS,
        idleMs: STREAM_IDLE_MS,
        ...(host === null ? {} : { headers: { host } }),
      }),
    send,
    refuseErrors,
    read,
    ask: async (schema, request) =>
      read(schema, await send(request), request.path, request.signal ?? new AbortController().signal),
  };
}
