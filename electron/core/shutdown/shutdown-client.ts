/** Client for existing shutdown servers: `POST /shutdown` with a Bearer secret, in both variants in use. */

import * as z from 'zod';
import { agentApi } from '../../../shared/contract/agent.ts';
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { parseJson } from '../../../shared/json.ts';
import { fact } from '../../../shared/models/message.ts';
import type { Http } from '../ports/network.ts';

/** Long enough for a server that shuts down before it answers. */
const DEADLINE_MS = 15_000;
const MAX_BYTES = 64 * 1024;
const MAX_TEXT = 300;

/** `unsure`: the request arrived, but the connection ended without an answer, so the machine may be shutting down. */
export type ShutdownOutcome = 'accepted' | 'unsure';

const text = z.string().transform((value) => value.trim().slice(0, MAX_TEXT));
const answerSchema = z.object({
  success: z.boolean().optional(),
  status: z.string().optional(),
  message: text.optional(),
  error: text.optional(),
  reasons: z.array(z.union([text, z.object({ message: text })])).optional(),
});

/** Returns if the server accepted the request. Throws AGENT_REFUSED, IN_USE (`details.reasons`), AGENT_ERROR. */
export function readShutdownAnswer({ status, text: body }: { status: number; text: string }): void {
  const parsed = answerSchema.safeParse(parseJson(body));
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
    const reasons = (answer?.reasons ?? []).map((reason) =>
      typeof reason === 'string' ? reason : reason.message,
    );
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
    answer.success === true || (answer.success === undefined && answer.status === 'shutting_down');
  if (status < 300 && accepted) return;
  throw new PilotlightError('AGENT_ERROR', {
    message: fact('SHUTDOWN_SERVER_FAILED', { status, said }),
    next: fact('READ_ITS_LOG'),
    details: { status },
  });
}

/**
 * Sends one request. Rejects with the errors of readShutdownAnswer, with HOST_UNREACHABLE, HOST_TIMEOUT or
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
