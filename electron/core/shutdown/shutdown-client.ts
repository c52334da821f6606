/** Client for existing shutdown servers: `POST /shutdown` with a Bearer secret, in both variants in use. */

import * as z from 'zod';
import { agentApi } from '../../../shared/contract/agent.ts';
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { parseAnswer } from '../../../shared/json.ts';
import { fact } from '../../../shared/models/message.ts';
import { readDoor } from '../../../shared/network/door.ts';
import type { Http } from '../ports/network.ts';

/** Long enough for a server that shuts down before it answers. */
const DEADLINE_MS = 15_000;
const MAX_BYTES = 64 * 1024;
const MAX_TEXT = 300;

/** `unsure`: the request arrived, but the connection ended without an answer, so the machine may be shutting down. */
export type ShutdownOutcome = 'accepted' | 'unsure';

/** `null` means missing, and so does a value of another type. */
const text = z
  .string()
  .transform((value) => value.trim().slice(0, MAX_TEXT))
  .nullish()
  .catch(null);
const reason = z.union([z.string(), z.object({ message: z.string() }).transform(({ message }) => message)]);
const answerSchema = z.object({
  success: z.boolean().nullish(),
  status: z.string().nullish().catch(null),
  message: text,
  error: text,
  /** Odd ones are left out. */
  reasons: z
    .array(z.unknown())
    .nullish()
    .catch(null)
    .transform((list) =>
      (list ?? []).flatMap((one) => reason.safeParse(one).data?.trim().slice(0, MAX_TEXT) ?? []),
    ),
});

/** Returns if the server accepted the request. Throws AGENT_REFUSED, IN_USE (`details.reasons`), AGENT_ERROR. */
export function readShutdownAnswer({ status, text: body }: { status: number; text: string }): void {
  const parsed = answerSchema.safeParse(parseAnswer(body));
  const answer = parsed.success ? parsed.data : null;
  const said = answer?.message || answer?.error || '';
  if (status === 401 || status === 403 || /^unauthori[sz]ed$/i.test(answer?.error ?? '')) {
    throw new PilotlightError('AGENT_REFUSED', {
      message: fact('SHUTDOWN_SECRET_REFUSED'),
      next: fact('SET_SHUTDOWN_SECRET'),
      details: { status },
    });
  }
  if (status === 409) {
    const reasons = answer?.reasons ?? [];
    throw new PilotlightError('IN_USE', {
      ...(said === '' ? {} : { message: fact('SHUTDOWN_SERVER_SAYS', { text: said }) }),
      details: { status, reasons },
    });
  }
  if (answer === null) {
    throw new PilotlightError('AGENT_ERROR', {
      message:
        body.trim() === '' ? fact('SHUTDOWN_SERVER_SILENT', { status }) : fact('NOT_A_SHUTDOWN_SERVER'),
      next: fact('CHECK_SHUTDOWN_ADDRESS'),
      details: { status },
    });
  }
  const accepted =
    answer.success === true || (isMissing(answer.success) && answer.status === 'shutting_down');
  if (status < 300 && accepted) return;
  throw new PilotlightError('AGENT_ERROR', {
    message: fact('SHUTDOWN_SERVER_FAILED', { status, said }),
    next: fact('READ_ITS_LOG'),
    details: { status },
  });
}

/** A redirect is never followed: it may lead to another machine. */
function sendsElsewhere(to: string | null): PilotlightError {
  return new PilotlightError('SERVER_REDIRECTS', {
    ...(to === null ? {} : { message: fact('SENDS_ELSEWHERE', { to }) }),
    details: { to },
  });
}

const isMissing = (value: unknown) => value === undefined || value === null;

/**
 * Sends one request. Rejects with the errors of readShutdownAnswer, with SERVER_REDIRECTS, with HOST_UNREACHABLE, HOST_TIMEOUT or
 * NAME_NOT_RESOLVED if the request did not arrive, or with the signal's reason.
 */
export async function askShutdownServer(
  { http, url, secret }: { http: Http; url: string; secret: string | null },
  signal: AbortSignal,
): Promise<ShutdownOutcome> {
  try {
    const reply = await http.request({
      method: 'POST',
      url: url + agentApi.shutdown.path,
      headers: secret === null ? {} : { authorization: `Bearer ${secret}` },
      deadlineMs: DEADLINE_MS,
      maxBytes: MAX_BYTES,
      fresh: true,
      signal,
    });
    const door = readDoor(reply, url);
    if (door?.kind === 'elsewhere') throw sendsElsewhere(door.to);
    readShutdownAnswer(reply);
    return 'accepted';
  } catch (error) {
    if (signal.aborted || !isPilotlightError(error)) throw error;
    const arrived = error.details?.phase === 'answer';
    if (arrived && (error.code === 'HOST_TIMEOUT' || error.code === 'HOST_UNREACHABLE')) return 'unsure';
    if (error.code === 'RESPONSE_TOO_LARGE' || error.code === 'NOT_AN_INFERENCE_SERVER') {
      throw new PilotlightError('AGENT_ERROR', {
        message: fact('NOT_A_SHUTDOWN_SERVER'),
        next: fact('CHECK_SHUTDOWN_ADDRESS'),
      });
    }
    throw error;
  }
}
