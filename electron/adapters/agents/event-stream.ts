/**
 * Server-Sent Events, as far as an agent uses them: `event` and `data`, one line each. Bounded throughout: an endless
 * line, or a server that falls silent, ends the stream.
 */
import type { PilotlightError } from '../../../shared/contract/errors.ts';
import type { Http, HttpStream } from '../../core/ports/network.ts';
import { notAnAgent, toAgentError, toLinkError } from './agent-errors.ts';

export interface EventStreamOptions {
  http: Pick<Http, 'open'>;
  url: string;
  headers: Readonly<Record<string, string>>;
  /** Called for each event with its data. An error it throws ends the stream. */
  onEvent(event: string, data: string): void;
  signal: AbortSignal;
  /** Limit for the response to begin, milliseconds. */
  connectMs: number;
  /** Limit for each event to arrive, milliseconds: a suspended machine keeps its connection and sends nothing. */
  silenceMs: number;
  /** Monotonic time, milliseconds. Default: the system's. */
  now?: () => number;
}

/** Characters. Far more than one sample of a machine with many cards. */
const MAX_EVENT_CHARACTERS = 256 * 1024;
const MAX_REFUSAL_BYTES = 64 * 1024;
/** An agent sends one sample a second; more than this would keep the core from everything else. */
const WINDOW_MS = 10_000;
const MAX_WINDOW_BYTES = 4 * 1024 * 1024;

/**
 * Resolves when the server ends the stream. Rejects with HOST_UNREACHABLE, HOST_TIMEOUT, NAME_NOT_RESOLVED,
 * NOT_AN_AGENT, the error that `toAgentError` gives for a refusal, or the signal's reason.
 */
export async function readEventStream(options: EventStreamOptions): Promise<void> {
  const {
    http,
    url,
    headers,
    onEvent,
    signal,
    connectMs,
    silenceMs,
    now = () => performance.now(),
  } = options;
  const { origin, pathname: path } = new URL(url);
  let stream: HttpStream | null = null;
  try {
    stream = await http.open({
      method: 'GET',
      url,
      headers: { accept: 'text/event-stream', ...headers },
      headersMs: connectMs,
      idleMs: silenceMs,
      // Its own connection, so that an ended stream leaves nothing behind.
      fresh: true,
      signal,
    });
    await readEvents(stream, { path, url: origin, now }, onEvent);
  } catch (error) {
    throw toLinkError(error, path);
  } finally {
    stream?.close();
  }
}

async function readEvents(
  { status, headers, body }: HttpStream,
  { path, url, now }: { path: string; url: string; now: () => number },
  onEvent: EventStreamOptions['onEvent'],
): Promise<void> {
  if (status !== 200) throw toAgentError({ status, headers, text: await readRefusal(body) }, path, url);
  const type = headers['content-type'] ?? '';
  if (!type.startsWith('text/event-stream')) throw notAnAgent(path, { status, answer: type });
  const read = createEventReader(onEvent, () => notAnAgent(path, { status }));
  const decoder = new TextDecoder();
  let windowStart = now();
  let bytes = 0;
  for await (const chunk of body) {
    if (now() - windowStart > WINDOW_MS) {
      windowStart = now();
      bytes = 0;
    }
    bytes += chunk.length;
    if (bytes > MAX_WINDOW_BYTES) throw notAnAgent(path, { status });
    read(decoder.decode(chunk, { stream: true }));
  }
}

/** As much of the body as an error needs. */
async function readRefusal(body: HttpStream['body']): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_REFUSAL_BYTES) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Takes pieces of text; calls `onEvent` for each complete event. Throws `tooLong` past 256 Ki characters. */
export function createEventReader(
  onEvent: (event: string, data: string) => void,
  tooLong: () => PilotlightError,
): (piece: string) => void {
  /** Pieces of a line that has not ended yet; joined once, because a line may arrive in many. */
  let pieces: string[] = [];
  let waiting = 0;
  let event = '';
  let data = '';

  const keep = (piece: string) => {
    if (piece !== '') pieces.push(piece);
    waiting += piece.length;
    if (waiting > MAX_EVENT_CHARACTERS) throw tooLong();
  };

  return (piece) => {
    if (!piece.includes('\n')) {
      keep(piece);
      return;
    }
    const rest = pieces.length === 0 ? piece : pieces.join('') + piece;
    pieces = [];
    waiting = 0;
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
        if (data.length > MAX_EVENT_CHARACTERS) throw tooLong();
      } else if (line.startsWith('event:')) event = line.slice(line[6] === ' ' ? 7 : 6);
    }
    keep(rest.slice(from));
  };
}
