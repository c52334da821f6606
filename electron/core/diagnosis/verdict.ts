/** What a step of a check comes to. */
import type { CheckStep } from '../../../shared/models/checks.ts';

export type Verdict = Pick<CheckStep, 'seen' | 'mend'> & { state: 'pass' | 'fail' | 'not-applicable' };

export const pass = (seen: string): Verdict => ({ state: 'pass', seen, mend: '' });
export const fail = (seen: string, mend: string): Verdict => ({ state: 'fail', seen, mend });
export const notApplicable = (seen: string): Verdict => ({ state: 'not-applicable', seen, mend: '' });

/** What a question to somebody brought: an answer and how long it took in milliseconds, or why there is none. */
export type Probe<Value> =
  | { ok: true; value: Value; tookMs: number }
  | { ok: false; error: PilotlightErrorLike };

export interface PilotlightErrorLike {
  code: string;
  message: string;
  next: string;
  details?: Record<string, unknown> | undefined;
}

/** The host refused, or took the connection: something is there, whatever it says. */
export function showsHost(error: PilotlightErrorLike): boolean {
  const { phase, reason } = error.details ?? {};
  return reason === 'refused' || reason === 'secure-connection' || phase === 'answer';
}

export const isRefused = (error: PilotlightErrorLike) => error.details?.reason === 'refused';

/** Neither a connection nor a refusal: nothing came back at all. */
export const isSilent = (error: PilotlightErrorLike) =>
  (error.code === 'HOST_UNREACHABLE' || error.code === 'HOST_TIMEOUT') && !showsHost(error);
