/** Results of probes, and what is expected of a verdict. */
import { expect } from 'vitest';
import type { Probe, Verdict } from '../../../../electron/core/diagnosis/verdict.ts';
import { type ErrorCode, PilotlightError } from '../../../../shared/contract/errors.ts';
import type { Message, MessageCode } from '../../../../shared/models/message.ts';
import { textOf } from '../../../../shared/text/index.ts';

export const answered = <Value>(value: Value): Probe<Value> => ({ ok: true, value, tookMs: 12 });
export const failed = (
  code: ErrorCode,
  details?: Record<string, unknown>,
): { ok: false; error: PilotlightError } => ({
  ok: false,
  error: new PilotlightError(code, details ? { details } : {}),
});
export const refused = failed('HOST_UNREACHABLE', { phase: 'connect', reason: 'refused' });
export const noRoute = failed('HOST_UNREACHABLE', { phase: 'connect', reason: 'no-route' });
export const silent = failed('HOST_TIMEOUT', { phase: 'connect' });
export const stuck = failed('HOST_TIMEOUT', { phase: 'answer' });

export type State = Verdict['state'];
export const na: State = 'not-applicable';

/** The codes of a verdict; a coded error is its own code, such as `HOST_TIMEOUT`. */
export function codesOf({ state, seen, fix }: Verdict): unknown[] {
  return [state, codeOf(seen), ...(fix === null ? [] : [codeOf(fix)])];
}

const codeOf = (message: Message | null) =>
  message !== null && 'code' in message.params ? message.params.code : message?.code;

/** Only a failure has a fix, and both have English. */
export function expectVerdict(verdict: Verdict, state: State, seen: Code, fix?: Code): void {
  expect(codesOf(verdict)).toEqual([state, seen, ...(fix === undefined ? [] : [fix])]);
  expect(verdict.fix === null).toBe(state !== 'fail');
  for (const message of [verdict.seen, verdict.fix]) {
    if (message === null) continue;
    const text = textOf(message);
    expect(text).not.toMatch(/undefined|\[object|newer version/);
    expect(text).toMatch(/^\S.*[.?!]$/);
  }
}

export type Code = MessageCode | ErrorCode;
