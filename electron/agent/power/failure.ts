/** Why a power command failed, as a code with the next step. Pure. */
import { AgentError, errorText } from '../errors.ts';

const denied =
  /access denied|permission denied|interactive authentication required|not authorized|a password is required/i;

export function failureOf(error: unknown): { reason: string; code: string; next: string } {
  const reason = errorText(error);
  if (error instanceof AgentError) return { reason, code: error.code, next: error.next };
  const { code, next } = new AgentError(denied.test(reason) ? 'NOT_PERMITTED' : 'POWER_COMMAND_FAILED');
  return { reason, code, next };
}
