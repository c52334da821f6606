/** Asks an existing relay to wake a machine: `POST /wake`. It may answer 200 and have failed all the same. */

import * as z from 'zod';
import { agentApi } from '../../../shared/contract/agent.ts';
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { parseJson } from '../../../shared/json.ts';
import type { Http, HttpReply } from '../ports/network.ts';

export interface RelayRequest {
  http: Http;
  /** Its base URL, without `/wake`. */
  url: string;
  /** null lets it wake the one machine that it knows. */
  mac: string | null;
  token: string | null;
  signal: AbortSignal;
  /** Default RELAY_DEADLINE_MS. */
  deadlineMs?: number;
}

/** A relay in the same house answers at once; one that takes longer is not waited for: the next way is tried. */
export const RELAY_DEADLINE_MS = 8000;
const MOST_BYTES = 64 * 1024;
const MOST_WORDS = 300;

/** Resolves when it says that it sent the packet. Rejects with RELAY_FAILED and its words, or the signal's reason. */
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
  const complaint = readRelayReply(reply, mac);
  if (complaint === null) return;
  throw new PilotlightError('RELAY_FAILED', {
    message: `The relay ${new URL(url).host} ${complaint.words}.`,
    ...(complaint.next === undefined ? {} : { next: complaint.next }),
    details: { url, status: reply.status },
  });
}

interface Complaint {
  /** Goes on after "The relay HOST". */
  words: string;
  next?: string;
}

const relayReply = z.looseObject({
  success: z.boolean().optional(),
  mac: z.string().nullable().optional(),
  message: z.string().optional(),
  error: z.string().optional(),
});

/** What is wrong with an answer of `POST /wake`; null when the machine of that MAC was woken. */
export function readRelayReply(
  { status, text }: Pick<HttpReply, 'status' | 'text'>,
  mac: string | null,
): Complaint | null {
  const parsed = relayReply.safeParse(parseJson(text));
  const said = parsed.success
    ? (parsed.data.message ?? parsed.data.error ?? '').trim().slice(0, MOST_WORDS)
    : '';
  const saying = said === '' ? '' : `: ${said.replace(/\.$/, '')}`;
  if (status === 401 || status === 403) {
    return {
      words: `refuses the request (${status})${saying}`,
      next: 'Set its token at the node, and let it wake this MAC address.',
    };
  }
  if (status === 404 || status === 405) {
    return {
      words: `does not know /wake (${status})`,
      next: 'Check that a Wake-on-LAN relay answers at that address.',
    };
  }
  if (status < 200 || status > 299) return { words: `failed with status ${status}${saying}` };
  if (!parsed.success) {
    return { words: answerInstead(text), next: 'Check that a Wake-on-LAN relay answers at that address.' };
  }
  if (parsed.data.success !== true) {
    return {
      words: saying === '' ? 'does not say that it sent the packet' : `did not send the packet${saying}`,
    };
  }
  const other = parsed.data.mac;
  if (mac !== null && typeof other === 'string' && other !== '' && digits(other) !== digits(mac)) {
    return {
      words: `woke another machine, ${other.slice(0, 40)}`,
      next: 'That relay wakes one machine only; use another way for this one.',
    };
  }
  return null;
}

function answerInstead(text: string): string {
  const start = text.trimStart();
  if (start === '') return 'answered with nothing';
  return start.startsWith('<') ? 'answered with a web page' : 'answered with something else than JSON';
}

function unreached(url: string, error: unknown): PilotlightError {
  const { host } = new URL(url);
  const code = isPilotlightError(error) ? error.code : 'INTERNAL';
  const words =
    code === 'HOST_TIMEOUT'
      ? 'does not answer in time'
      : code === 'RESPONSE_TOO_LARGE'
        ? 'answered with far too much'
        : code === 'NAME_NOT_RESOLVED'
          ? 'has a name that cannot be resolved'
          : 'cannot be reached';
  return new PilotlightError('RELAY_FAILED', {
    message: `The relay ${host} ${words}.`,
    next: 'Check that it runs, and its address.',
    details: { url, reason: code },
    cause: error,
  });
}

const digits = (mac: string) => mac.replaceAll(/[^0-9a-f]/gi, '').toLowerCase();
