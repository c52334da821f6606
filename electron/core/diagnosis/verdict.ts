/** The result of one step of a check. */
import type { CheckStep } from '../../../shared/models/checks.ts';
import { fact, type Message } from '../../../shared/models/message.ts';

export type Verdict = Pick<CheckStep, 'seen' | 'fix'> & { state: 'pass' | 'fail' | 'not-applicable' };

export const pass = (seen: Message): Verdict => ({ state: 'pass', seen, fix: null });
export const fail = (seen: Message, fix: Message): Verdict => ({ state: 'fail', seen, fix });
export const notApplicable = (seen: Message): Verdict => ({ state: 'not-applicable', seen, fix: null });

/** A coded error without its next step. */
export const messageOf = ({ code, message }: Pick<CodedError, 'code' | 'message'>): Message =>
  fact('CHECK_ERROR', { code, message });

export const fixOf = ({ code, next }: Pick<CodedError, 'code' | 'next'>): Message =>
  fact('CHECK_ERROR_FIX', { code, next });

export const failWith = (error: Pick<CodedError, 'code' | 'message' | 'next'>): Verdict =>
  fail(messageOf(error), fixOf(error));

/** The result of asking something: its answer and how long that took in milliseconds, or why there is none. */
export type Probe<Value> = { ok: true; value: Value; tookMs: number } | { ok: false; error: CodedError };

export interface CodedError {
  code: string;
  message: string;
  next: string;
  details?: Record<string, unknown> | undefined;
}

/** The host refused or accepted the connection, so something is there, whatever it answered. */
export function showsHost(error: CodedError): boolean {
  const { phase, reason } = error.details ?? {};
  return reason === 'refused' || reason === 'secure-connection' || phase === 'answer';
}

export const isRefused = (error: CodedError) => error.details?.reason === 'refused';

/** Nothing came back at all, not even a refusal. */
export const isSilent = (error: CodedError) =>
  (error.code === 'HOST_UNREACHABLE' || error.code === 'HOST_TIMEOUT') && !showsHost(error);
