/**
 * Server-Sent Events over node:http, as far as an agent speaks them: `event` and `data`, one line each. Bounded in
 * everything: a line that never ends, or a server that falls silent, ends the stream.
 */
import http from 'node:http';
import https from 'node:https';
import { StringDecoder } from 'node:string_decoder';
import type { PilotlightError } from '../../../shared/contract/errors.ts';
import type { HttpReply } from '../../core/ports/network.ts';
import { timeoutError, toHostError } from '../network/http-errors.ts';
import { notAnAgent, toAgentError, toLinkError } from './agent-errors.ts';

export interface EventStreamOptions {
  url: string;
  headers: Readonly<Record<string, string>>;
  /** Called for each event with its data. What it throws ends the stream. */
  onEvent(event: string, data: string): void;
  signal: AbortSignal;
  /** Whether the connection stands, and then each event, must come within this time. Milliseconds. */
  connectMs: number;
  /** A machine that was suspended says nothing, and its connection stays open. Milliseconds. */
  silenceMs: number;
}

/** Far more than a machine with many cards says in one moment. */
const MOST_EVENT_CHARACTERS = 256 * 1024;
const MOST_REFUSAL_BYTES = 64 * 1024;

// A connection each, so that an ended stream leaves nothing behind.
const plainAgent = new http.Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });
const secureAgent = new https.Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });

/**
 * Resolves when the server ends the stream. Rejects with HOST_UNREACHABLE, HOST_TIMEOUT, NAME_NOT_RESOLVED,
 * NOT_AN_AGENT, what `toAgentError` makes of a refusal, or the signal's reason.
 */
export function readEventStream(options: EventStreamOptions): Promise<void> {
  const { url, headers, onEvent, signal, connectMs, silenceMs } = options;
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const path = new URL(url).pathname;
    let answered = false;
    let settled = false;

    const secure = url.startsWith('https:');
    const outgoing = (secure ? https : http).request(url, {
      headers: { accept: 'text/event-stream', ...headers },
      agent: secure ? secureAgent : plainAgent,
    });

    const settle = (finish: () => void) => {
      if (settled) return;
      settled = true;
      clearTimeout(connecting);
      signal.removeEventListener('abort', onAbort);
      outgoing.destroy();
      finish();
    };
    const fail = (error: unknown) => settle(() => reject(error));
    const onAbort = () => fail(signal.reason);
    const connecting = setTimeout(() => fail(timeoutError('connect')), connectMs);
    signal.addEventListener('abort', onAbort, { once: true });

    outgoing.on('error', (error) =>
      fail(toLinkError(toHostError(error, answered ? 'answer' : 'connect'), path)),
    );
    outgoing.on('response', (incoming) => {
      answered = true;
      clearTimeout(connecting);
      const { statusCode = 0 } = incoming;
      const type = incoming.headers['content-type'] ?? '';
      outgoing.setTimeout(silenceMs, () => fail(timeoutError('answer')));
      incoming.on('error', (error) => fail(toLinkError(toHostError(error, 'answer'), path)));
      if (statusCode !== 200) {
        readRefusal(incoming).then((reply) => fail(toAgentError(reply, path)), fail);
        return;
      }
      if (!type.startsWith('text/event-stream')) {
        fail(notAnAgent(path, { status: statusCode, answer: type }));
        return;
      }
      const read = createEventReader(onEvent, () => notAnAgent(path, { status: statusCode }));
      const decoder = new StringDecoder('utf8');
      incoming.on('data', (chunk: Buffer) => {
        if (settled) return;
        try {
          read(decoder.write(chunk));
        } catch (error) {
          fail(error);
        }
      });
      incoming.on('end', () => settle(resolve));
      incoming.on('close', () => settle(resolve));
    });
    outgoing.end();
  });
}

/** Takes pieces of text; calls `onEvent` for each whole event. Throws when one is longer than is bearable. */
function createEventReader(
  onEvent: (event: string, data: string) => void,
  tooLong: () => PilotlightError,
): (piece: string) => void {
  let rest = '';
  let event = '';
  let data = '';

  return (piece) => {
    rest = rest === '' ? piece : rest + piece;
    let from = 0;
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', from)) {
      const line = rest.slice(from, end > from && rest[end - 1] === '\r' ? end - 1 : end);
      from = end + 1;
      if (line === '') {
        if (data !== '') onEvent(event, data);
        event = '';
        data = '';
      } else if (line.startsWith('data:')) {
        const text = line.slice(line[5] === ' ' ? 6 : 5);
        data = data === '' ? text : `${data}\n${text}`;
        if (data.length > MOST_EVENT_CHARACTERS) throw tooLong();
      } else if (line.startsWith('event:')) event = line.slice(line[6] === ' ' ? 7 : 6);
    }
    rest = from === 0 ? rest : rest.slice(from);
    if (rest.length > MOST_EVENT_CHARACTERS) throw tooLong();
  };
}

function readRefusal(incoming: http.IncomingMessage): Promise<HttpReply> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = () => {
      const retry = incoming.headers['retry-after'];
      resolve({
        status: incoming.statusCode ?? 0,
        headers: retry === undefined ? {} : { 'retry-after': retry },
        text: Buffer.concat(chunks).toString('utf8'),
      });
    };
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MOST_REFUSAL_BYTES) chunks.push(chunk);
      else finish();
    });
    incoming.on('end', finish);
  });
}
