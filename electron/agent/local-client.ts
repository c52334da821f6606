/** Calls to the agent that runs on this machine. */
import { type AgentEndpoint, type AnswerSent, agentApi, agentPath } from '../../shared/contract/agent.ts';
import {
  callSealed,
  LocalCallError,
  type LocalReply,
  type NoAnswer,
  postLocal,
} from '../adapters/http/local-calls/client.ts';
import { readListening } from './agent.ts';
import { AgentError, isAgentErrorCode } from './errors.ts';

const DEADLINE_MS = 5000;
const MAX_ANSWER_BYTES = 1_048_576;
const paths = { challenge: agentApi.localChallenge.path, call: agentApi.localCall.path };

interface Address {
  host: string;
  port: number;
}

export interface LocalCall {
  /** Of the agent. It is not sent: another program may have taken the port of an agent that has died. */
  token: string;
  body?: object;
  /** Panel or lease in the path. */
  id?: string;
}

/** Throws NOT_RUNNING, or the agent's own error with its message. */
export function callLocal<Endpoint extends AgentEndpoint>(
  folder: string,
  endpoint: Endpoint,
  { token, body, id }: LocalCall,
): Promise<AnswerSent<Endpoint>> {
  const call = { method: endpoint.method, path: agentPath(endpoint, id), body };
  return ask(folder, endpoint, async (at, signal) => {
    const limits = { signal, maxAnswerBytes: MAX_ANSWER_BYTES };
    return (await callSealed({ ...at, paths, token }, call, limits)) as LocalReply;
  });
}

/**
 * The same without the token, for a request that contains no secret of this user. Whatever listens there may answer.
 */
export function callInTheClear<Endpoint extends AgentEndpoint & { method: 'POST' }>(
  folder: string,
  endpoint: Endpoint,
  body: object,
): Promise<AnswerSent<Endpoint>> {
  return ask(folder, endpoint, (at, signal) =>
    postLocal({ at, path: endpoint.path, body, signal, most: MAX_ANSWER_BYTES }),
  );
}

async function ask<Endpoint extends AgentEndpoint>(
  folder: string,
  endpoint: Endpoint,
  send: (at: Address, signal: AbortSignal) => Promise<LocalReply>,
): Promise<AnswerSent<Endpoint>> {
  const listening = readListening(folder);
  const found = listening?.find(({ roles }) => roles.includes('power')) ?? listening?.[0];
  if (found === undefined) throw new AgentError('NOT_RUNNING');
  const host = found.address.replace(/^0\.0\.0\.0$/, '127.0.0.1').replace(/^::$/, '::1');
  const at = { host, port: found.port };
  let reply: LocalReply;
  try {
    reply = await send(at, AbortSignal.timeout(DEADLINE_MS));
  } catch (error) {
    throw notRunning(error instanceof LocalCallError ? error.reason : 'silent', at, error);
  }
  if (reply.status !== 200) throw toRefusal(reply.body, at);
  if (!endpoint.answer.safeParse(reply.body).success) throw notRunning('stranger', at);
  return reply.body as AnswerSent<Endpoint>;
}

function notRunning(reason: NoAnswer, { host, port }: Address, cause?: unknown): AgentError {
  const place = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  if (reason === 'unreachable') return new AgentError('NOT_RUNNING', { cause });
  return new AgentError('NOT_RUNNING', {
    message:
      reason === 'silent'
        ? `The agent does not answer at ${place}.`
        : `Another program, or an older agent, answers at ${place}. The token was not sent to it.`,
    next: 'Restart the agent. If its port is in use, stop the program that uses it, or choose another --port.',
    cause,
  });
}

function toRefusal(body: unknown, at: Address): AgentError {
  const { code, message, next } = Object((body as { error?: unknown } | undefined)?.error) as Partial<
    Record<'code' | 'message' | 'next', unknown>
  >;
  if (typeof code !== 'string' || typeof message !== 'string' || typeof next !== 'string')
    return notRunning('stranger', at);
  return new AgentError(isAgentErrorCode(code) ? code : 'INTERNAL', { message, next });
}
