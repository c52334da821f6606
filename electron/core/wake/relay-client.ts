/** Client for an existing relay: `POST /wake`. A relay may answer 200 although it failed. */

import * as z from 'zod';
import { agentApi } from '../../../shared/contract/agent.ts';
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { parseAnswer } from '../../../shared/json.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import { readDoor } from '../../../shared/network/door.ts';
import type { Http, HttpReply } from '../ports/network.ts';

export interface RelayRequest {
  http: Http;
  /** The relay's base URL, without `/wake`. */
  url: string;
  /** null for a relay that wakes a fixed machine. */
  mac: string | null;
  token: string | null;
  signal: AbortSignal;
  /** Default RELAY_DEADLINE_MS. */
  deadlineMs?: number;
}

/** A relay on the same network answers at once; if one takes longer, the next method is tried. */
export const RELAY_DEADLINE_MS = 8000;
const MOST_BYTES = 64 * 1024;
const MAX_TEXT = 300;

/** Resolves when the relay has sent the packet. Rejects with RELAY_FAILED and the relay's message, or the signal's reason. */
export async function askRelay({
  http,
  url,
  mac,
  token,
  signal,
  deadlineMs = RELAY_DEADLINE_MS,
}: RelayRequest): Promise<void> {
  const reply = await http
    .request({
      method: 'POST',
      url: url + agentApi.wake.path,
      ...(token === null ? {} : { headers: { authorization: `Bearer ${token}` } }),
      body: mac === null ? {} : { mac },
      deadlineMs,
      maxBytes: MOST_BYTES,
      fresh: true,
      signal,
    })
    .catch((error: unknown) => {
      if (signal.aborted) throw signal.reason;
      throw unreached(url, error);
    });
  const failure = elsewhere(reply, url) ?? readRelayReply(reply, mac);
  if (failure === null) return;
  throw new PilotlightError('RELAY_FAILED', {
    message: fact('RELAY_DID_NOT_WAKE', { relay: new URL(url).host, failure }),
    ...nextOf(failure),
    details: { url, status: reply.status },
  });
}

function nextOf({ code }: Message): { next?: Message } {
  switch (code) {
    case 'RELAY_REFUSED':
      return { next: fact('SET_RELAY_TOKEN') };
    case 'RELAY_SENDS_ELSEWHERE':
    case 'RELAY_UNKNOWN_PATH':
    case 'RELAY_NO_JSON':
      return { next: fact('CHECK_RELAY_ADDRESS') };
    case 'RELAY_WOKE_ANOTHER':
      return { next: fact('USE_ANOTHER_METHOD') };
    default:
      return {};
  }
}

/** `null` means missing, and so does a value of another type: what counts is whether the packet was sent. */
const said = z.string().nullish().catch(null);
const relayReply = z.looseObject({
  success: z.boolean().nullish(),
  mac: said,
  message: said,
  error: said,
});

/** A redirect is never followed: it may lead to another machine. */
function elsewhere(reply: HttpReply, url: string): Message | null {
  const door = readDoor(reply, url);
  return door?.kind === 'elsewhere' ? fact('RELAY_SENDS_ELSEWHERE', { to: door.to }) : null;
}

/** Why an answer to `POST /wake` is a failure; null if the machine with that MAC was woken. */
export function readRelayReply(
  { status, text }: Pick<HttpReply, 'status' | 'text'>,
  mac: string | null,
): Message | null {
  const parsed = relayReply.safeParse(parseAnswer(text));
  const answer = parsed.success ? parsed.data.message || parsed.data.error || '' : '';
  const words = answer.trim().slice(0, MAX_TEXT);
  if (status === 401 || status === 403) return fact('RELAY_REFUSED', { status, said: words });
  if (status === 404 || status === 405) return fact('RELAY_UNKNOWN_PATH', { status });
  if (status < 200 || status > 299) return fact('RELAY_STATUS', { status, said: words });
  if (!parsed.success) return fact('RELAY_NO_JSON', { answer: kindOf(text) });
  if (parsed.data.success !== true) return fact('RELAY_DID_NOT_SEND', { said: words });
  const other = parsed.data.mac;
  if (mac !== null && typeof other === 'string' && other !== '' && digits(other) !== digits(mac))
    return fact('RELAY_WOKE_ANOTHER', { mac: other.slice(0, 40) });
  return null;
}

function kindOf(text: string): 'nothing' | 'page' | 'other' {
  const start = text.trimStart();
  if (start === '') return 'nothing';
  return start.startsWith('<') ? 'page' : 'other';
}

function unreached(url: string, error: unknown): PilotlightError {
  const code = isPilotlightError(error) ? error.code : 'INTERNAL';
  return new PilotlightError('RELAY_FAILED', {
    message: fact('RELAY_DID_NOT_WAKE', { relay: new URL(url).host, failure: fact(unreachedBy(code)) }),
    next: fact('CHECK_RELAY_RUNS'),
    details: { url, reason: code },
    cause: error,
  });
}

function unreachedBy(code: string) {
  switch (code) {
    case 'HOST_TIMEOUT':
      return 'RELAY_TIMED_OUT';
    case 'RESPONSE_TOO_LARGE':
      return 'RELAY_ANSWER_TOO_LARGE';
    case 'NAME_NOT_RESOLVED':
      return 'RELAY_NAME_UNKNOWN';
    default:
      return 'RELAY_UNREACHABLE';
  }
}

const digits = (mac: string) => mac.replaceAll(/[^0-9a-f]/gi, '').toLowerCase();
