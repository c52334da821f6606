/** Maps an agent's errors, and responses that no agent sends, to core's errors. */

import * as z from 'zod';
import {
  inUseDetailsSchema,
  plainRefusalSchema,
  refusalSchema,
} from '../../../shared/contract/agent/refusals.ts';
import type { AgentErrorCode } from '../../../shared/contract/errors/agent.ts';
import { agentUpdateErrors } from '../../../shared/contract/errors/agent-update.ts';
import { type ErrorCode, isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { parseAnswer } from '../../../shared/json.ts';
import { fact } from '../../../shared/models/message.ts';
import { readDoor } from '../../../shared/network/door.ts';
import type { HttpReply } from '../../core/ports/network.ts';

const MAX_REASONS = 20;

const agentUpdateCodes = Object.keys(agentUpdateErrors) as (keyof typeof agentUpdateErrors)[];

const retryAfterSchema = z.coerce.number().int().min(0).max(86_400);

/** Codes of the agent that the core passes on. */
const PASSED_ON: ReadonlySet<string> = new Set<ErrorCode & AgentErrorCode>([
  'IN_USE',
  'POWER_ACTION_RUNNING',
  'NO_COUNTDOWN',
  'NOT_SUPPORTED',
  'PAIRING_CLOSED',
  ...agentUpdateCodes,
]);

/** Something answers, but it is not an agent. */
export function notAnAgent(
  path: string,
  details: { status?: number; answer?: string } = {},
): PilotlightError {
  return new PilotlightError('NOT_AN_AGENT', {
    details: {
      phase: 'answer',
      path,
      ...details,
      ...(details.answer && { answer: details.answer.slice(0, 200) }),
    },
  });
}

/** A response outside 2xx as an error. */
export function toAgentError(reply: HttpReply, path: string, url = 'http://agent'): PilotlightError {
  const { status, headers, text } = reply;
  const body = parseAnswer(text);
  const own = refusalSchema.safeParse(body);
  if (own.success) {
    const { code, message, next, details } = own.data.error;
    return coded(code, { status, message, next, details, retryAfter: headers['retry-after'] });
  }
  const plain = plainRefusalSchema.safeParse(body);
  if (!plain.success) return toDoorError(reply, path, url) ?? notAnAgent(path, { status, answer: text });
  if (status === 401) return coded('UNAUTHORIZED', { status, message: plain.data.error });
  if (status === 404 && plain.data.code === undefined) {
    return new PilotlightError('AGENT_ERROR', {
      message: 'The agent does not support this; it may lack the role for it.',
      next: 'Start it with that role, or update it.',
      details: { phase: 'answer', status, code: 'NO_SUCH_PATH' },
    });
  }
  const message = plain.data.message ?? plain.data.error;
  return coded(plain.data.code ?? '', { status, message, retryAfter: headers['retry-after'] });
}

/** What stands before the agent and answers in its place. */
function toDoorError(reply: HttpReply, path: string, url: string): PilotlightError | null {
  const door = readDoor(reply, url + path);
  if (door === null) return null;
  const details = { phase: 'answer', path, status: reply.status };
  if (door.kind === 'login') return new PilotlightError('SERVER_LOCKED', { details });
  return new PilotlightError('SERVER_REDIRECTS', {
    ...(door.to === null ? {} : { message: fact('SENDS_ELSEWHERE', { to: door.to }) }),
    details: { ...details, to: door.to },
  });
}

interface Refusal {
  status: number;
  message: string;
  next?: string | undefined;
  details?: Record<string, unknown> | undefined;
  retryAfter?: string | undefined;
}

function coded(code: string, { status, message, next, details, retryAfter }: Refusal): PilotlightError {
  const common = { phase: 'answer', status, code };
  if (code === 'UNAUTHORIZED') return new PilotlightError('AGENT_REFUSED', { details: common });
  if (code === 'SLOW_DOWN') {
    const seconds = retryAfterSchema.safeParse(retryAfter);
    return new PilotlightError('AGENT_REFUSED', {
      message: 'The agent is refusing this computer for now, because it sent wrong tokens or codes.',
      next: `Wait ${seconds.success ? `${seconds.data} s` : 'a minute'}, then try again with the correct one.`,
      details: { ...common, ...(seconds.success && { retryAfterSeconds: seconds.data }) },
    });
  }
  if (code === 'TOO_MANY_CONNECTIONS') {
    return new PilotlightError('SERVER_BUSY', {
      message: 'The agent has too many open connections.',
      next: 'Try again in a few seconds, when idle ones have closed.',
      details: common,
    });
  }
  // If its owner did not allow it, it is not available to us.
  const known = code === 'NOT_ALLOWED' ? 'NOT_SUPPORTED' : code;
  if (PASSED_ON.has(known)) {
    const reasons = inUseDetailsSchema.safeParse(details);
    return new PilotlightError(known as ErrorCode, {
      message,
      ...(next === undefined ? {} : { next }),
      details: {
        ...common,
        ...(reasons.success && {
          reasons: reasons.data.reasons.slice(0, MAX_REASONS).map((reason) => reason.message),
          reasonCodes: reasons.data.reasons.slice(0, MAX_REASONS).map((reason) => reason.code),
        }),
      },
    });
  }
  return new PilotlightError('AGENT_ERROR', {
    message: `The agent says: ${message === '' ? `HTTP ${status}` : message}`,
    ...(next === undefined ? {} : { next }),
    details: common,
  });
}

/** The Http port's errors are worded for inference servers; these are an agent's. */
export function toLinkError(error: unknown, path: string): unknown {
  if (!isPilotlightError(error)) return error;
  if (error.code === 'NOT_AN_INFERENCE_SERVER' || error.code === 'RESPONSE_TOO_LARGE')
    return notAnAgent(path);
  return error;
}
