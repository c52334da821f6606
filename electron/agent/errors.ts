/** The only error that an agent answers with; its codes come from the shared catalogue. */
import { type AgentErrorCode, agentErrors } from '../../shared/contract/errors/agent.ts';

export type { AgentErrorCode };

export const isAgentErrorCode = (code: string): code is AgentErrorCode => Object.hasOwn(agentErrors, code);

export interface AgentErrorOptions {
  message?: string;
  next?: string;
  details?: Record<string, unknown>;
  headers?: Record<string, string>;
  cause?: unknown;
}

export class AgentError extends Error {
  readonly code: AgentErrorCode;
  readonly status: number;
  readonly next: string;
  readonly details: Record<string, unknown> | undefined;
  readonly headers: Record<string, string>;

  constructor(code: AgentErrorCode, options: AgentErrorOptions = {}) {
    const { status, message, next } = agentErrors[code];
    super(options.message ?? message, { cause: options.cause });
    this.name = 'AgentError';
    this.code = code;
    this.status = status;
    this.next = options.next ?? next;
    this.details = options.details;
    this.headers = options.headers ?? {};
  }

  /** `{error: {code, message, next, details?}}` */
  toBody(): Record<string, unknown> {
    const { code, message, next, details } = this;
    return { error: { code, message, next, ...(details === undefined ? {} : { details }) } };
  }
}

export function toAgentError(error: unknown): AgentError {
  return error instanceof AgentError ? error : new AgentError('INTERNAL', { cause: error });
}

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
