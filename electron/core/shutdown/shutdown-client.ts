/** Existing shutdown servers: `POST /shutdown` with a Bearer secret, in both forms that people run. */

import * as z from 'zod';
import { agentApi } from '../../../shared/contract/agent.ts';
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { parseJson } from '../../../shared/json.ts';
import type { Http } from '../ports/network.ts';

/** A server that shuts down before it answers holds the request up for so long. */
const DEADLINE_MS = 15_000;
const MAX_BYTES = 64 * 1024;
const MOST_WORDS = 300;

/** `unsure`: the request arrived, but the connection ended without an answer; the machine may well be going. */
export type ShutdownOutcome = 'taken' | 'unsure';

const text = z.string().transform((words) => words.trim().slice(0, MOST_WORDS));
const answerSchema = z.object({
  success: z.boolean().optional(),
  status: z.string().optional(),
  message: text.optional(),
  error: text.optional(),
  reasons: z.array(z.union([text, z.object({ message: text })])).optional(),
});

/** What an answer says. Throws AGENT_REFUSED, IN_USE (`details.reasons`), AGENT_ERROR. */
export function readShutdownAnswer({ status, text: body }: { status: number; text: string }): void {
  const parsed = answerSchema.safeParse(parseJson(body));
  const answer = parsed.success ? parsed.data : null;
  const said = answer?.message || answer?.error || '';
  if (status === 401 || status === 403 || /^unauthori[sz]ed$/i.test(answer?.error ?? '')) {
    throw new PilotlightError('AGENT_REFUSED', {
      message: 'The shutdown server does not accept the secret.',
      next: 'Set the secret of its shutdown server at the node.',
      details: { status },
    });
  }
  if (status === 409) {
    const reasons = (answer?.reasons ?? []).map((reason) =>
      typeof reason === 'string' ? reason : reason.message,
    );
    throw new PilotlightError('IN_USE', {
      ...(said === '' ? {} : { message: `The shutdown server says: ${said}` }),
      details: { status, reasons },
    });
  }
  if (answer === null) {
    throw new PilotlightError('AGENT_ERROR', {
      message:
        body.trim() === ''
          ? `The shutdown server answered nothing (status ${status}).`
          : 'What answers there is not a shutdown server.',
      next: 'Check the address of its shutdown server.',
      details: { status },
    });
  }
  const taken =
    answer.success === true || (answer.success === undefined && answer.status === 'shutting_down');
  if (status < 300 && taken) return;
  throw new PilotlightError('AGENT_ERROR', {
    message: `The shutdown server did not do it${said === '' ? ` (status ${status}).` : `: ${said}`}`,
    next: 'Read its log on that machine.',
    details: { status },
  });
}

/**
 * Asks it to shut down, once. Rejects as readShutdownAnswer throws, with HOST_UNREACHABLE, HOST_TIMEOUT or
 * NAME_NOT_RESOLVED where the request did not arrive, or with the signal's reason.
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
    return 'taken';
  } catch (error) {
    if (signal.aborted || !isPilotlightError(error)) throw error;
    const arrived = error.details?.phase === 'answer';
    if (arrived && (error.code === 'HOST_TIMEOUT' || error.code === 'HOST_UNREACHABLE')) return 'unsure';
    if (error.code === 'RESPONSE_TOO_LARGE' || error.code === 'NOT_AN_INFERENCE_SERVER') {
      throw new PilotlightError('AGENT_ERROR', {
        message: 'What answers there is not a shutdown server.',
        next: 'Check the address of its shutdown server.',
      });
    }
    throw error;
  }
}
