/** A request to a server of models. It may take long: a machine may have to wake for it, and a CPU may do the work. */
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { parseJson } from '../../../shared/json.ts';
import type { Clock } from '../../core/ports/time.ts';
import type { ModelServer } from '../tasks/means.ts';

export interface ModelReply {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  text: string;
  /** Seconds that the server wants to be left alone; null if it does not say. */
  retryAfter: number | null;
}

export interface ModelCall {
  server: Pick<ModelServer, 'url' | 'key'>;
  path: string;
  contentType: string;
  body: readonly Buffer[];
  clock: Pick<Clock, 'timer'>;
  /** Of the whole call, milliseconds. */
  deadlineMs: number;
  signal: AbortSignal;
}

export type SendModelCall = (call: ModelCall) => Promise<ModelReply>;

const MOST_REPLY = 32 * 1024 * 1024;

/** Rejects with HOST_UNREACHABLE, HOST_TIMEOUT, RESPONSE_TOO_LARGE, or the signal's reason. Follows no redirect. */
export const sendModelCall: SendModelCall = (call) => {
  const { server, path, contentType, body, clock, deadlineMs, signal } = call;
  const url = new URL(`${server.url}${path}`);
  const send = url.protocol === 'https:' ? secureRequest : plainRequest;
  const length = body.reduce((sum, part) => sum + part.length, 0);
  return new Promise((resolve, reject) => {
    const outgoing = send(url, {
      method: 'POST',
      agent: false,
      signal,
      headers: {
        ...(server.key === null ? {} : { authorization: `Bearer ${server.key}` }),
        accept: 'application/json',
        'content-type': contentType,
        'content-length': length,
        'user-agent': 'Pilotlight',
      },
    });
    const fail = (error: unknown) => {
      timer.cancel();
      outgoing.destroy();
      if (signal.aborted) reject(signal.reason);
      else reject(error instanceof PilotlightError ? error : unreachable(error));
    };
    const timer = clock.timer(deadlineMs, () => fail(new PilotlightError('HOST_TIMEOUT')));
    outgoing.on('error', fail);
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      incoming.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MOST_REPLY) fail(new PilotlightError('RESPONSE_TOO_LARGE'));
        else chunks.push(chunk);
      });
      incoming.on('error', fail);
      incoming.on('close', () => {
        if (!incoming.complete)
          return fail(new Error('The connection was closed in the middle of the answer.'));
        timer.cancel();
        const seconds = Number(incoming.headers['retry-after']);
        resolve({
          status: incoming.statusCode ?? 502,
          headers: incoming.headers,
          text: Buffer.concat(chunks).toString('utf8'),
          retryAfter: Number.isFinite(seconds) && seconds >= 0 ? seconds : null,
        });
      });
    });
    for (const part of body) outgoing.write(part);
    outgoing.end();
  });
};

const unreachable = (error: unknown) =>
  new PilotlightError('HOST_UNREACHABLE', {
    details: { system: error instanceof Error ? error.message : String(error) },
    cause: error,
  });

/** What a server's error says, in any of the usual shapes. */
export function errorTextOf({ status, text }: ModelReply): string {
  const body = Object(parseJson(text)) as Record<string, unknown>;
  const { error = body.detail ?? body.message } = body;
  const said = typeof error === 'object' && error !== null ? (error as { message?: unknown }).message : error;
  const shown = typeof said === 'string' && said !== '' ? said : text.trim();
  return shown === '' ? `status ${status}` : shown.slice(0, 300);
}

/** Worth another try: the server is busy, or a machine wakes. */
export const isPassing = (status: number): boolean => status === 408 || status === 429 || status >= 500;

const ATTEMPTS = 6;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;

/** Without a known key: Pilotlight may be starting again. */
const mayPass = ({ status }: ModelReply): boolean => isPassing(status) || status === 401;

/**
 * Sends it again while the server is busy, unreachable, or does not know the key. Resolves with the last answer; rejects
 * as `SendModelCall` does.
 * @param again whether an answer is worth another try
 */
export async function sendPatiently(
  call: Omit<ModelCall, 'clock'> & { clock: Pick<Clock, 'timer' | 'sleep'> },
  send: SendModelCall = sendModelCall,
  again: (reply: ModelReply) => boolean = mayPass,
): Promise<ModelReply> {
  let waitMs = FIRST_WAIT_MS;
  for (let attempt = 1; ; attempt += 1) {
    let seconds: number | null = null;
    try {
      const reply = await send(call);
      if (attempt === ATTEMPTS || !again(reply)) return reply;
      seconds = reply.retryAfter;
    } catch (error) {
      call.signal.throwIfAborted();
      const isAway = error instanceof PilotlightError && error.code === 'HOST_UNREACHABLE';
      if (attempt === ATTEMPTS || !isAway) throw error;
    }
    await call.clock.sleep(Math.min(LONGEST_WAIT_MS, Math.max(waitMs, (seconds ?? 0) * 1000)), call.signal);
    waitMs *= 2;
  }
}
