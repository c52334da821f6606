import { describe, expect, it } from 'vitest';
import {
  classifyFailure,
  classifyNotReady,
  type FailureKind,
} from '../../../../electron/core/acquire/failure.ts';
import { type ErrorCode, PilotlightError } from '../../../../shared/contract/errors.ts';

const withStatus = (status: unknown, code: ErrorCode = 'SERVER_ERROR') =>
  new PilotlightError(code, { details: { status } });

describe('a failed request', () => {
  const byCode: [ErrorCode, FailureKind][] = [
    ['SERVER_BUSY', 'busy'],
    ['HOST_UNREACHABLE', 'connection'],
    ['SERVER_ERROR', 'server'],
    ['BAD_REQUEST', 'server'],
    ['HOST_TIMEOUT', 'unavailable'],
    ['NAME_NOT_RESOLVED', 'unavailable'],
    ['MODEL_NOT_FOUND', 'unavailable'],
    ['OUT_OF_MEMORY', 'unavailable'],
    ['NOT_AN_INFERENCE_SERVER', 'unavailable'],
    ['RESPONSE_TOO_LARGE', 'unavailable'],
    ['NO_SERVER', 'unavailable'],
    ['NODE_ASLEEP', 'unavailable'],
    ['INTERNAL', 'server'],
  ];
  it.each(byCode)('%s is about: %s', (code, kind) => {
    expect(classifyFailure(new PilotlightError(code))).toBe(kind);
  });

  it.each([399, 404, 408, 429, 499, 500, 503, '400', null])(
    'status %s does not blame the input',
    (status) => {
      expect(classifyFailure(withStatus(status))).toBe('server');
    },
  );

  it.each([400, 401, 403, 413, 422, 498])('status %i blames the input', (status) => {
    expect(classifyFailure(withStatus(status))).toBe('input');
    expect(classifyFailure(withStatus(status, 'BAD_REQUEST'))).toBe('input');
  });

  it('of an unknown kind may be caused by either', () => {
    expect(classifyFailure(new TypeError('x'))).toBe('server');
    expect(classifyFailure(undefined)).toBe('server');
  });
});

describe('a node that did not become ready', () => {
  const notAllowed = new PilotlightError('WAKE_NOT_ALLOWED');
  const noModel = new PilotlightError('MODEL_NOT_FOUND');
  it.each([
    ['waking', notAllowed, 'wake-not-allowed'],
    ['waking', new PilotlightError('WAKE_TIMEOUT'), 'wake-failed'],
    ['waking', noModel, 'wake-failed'],
    ['waking', new Error('x'), 'wake-failed'],
    ['woken', noModel, 'wake-failed'],
    ['woken', notAllowed, 'dropped'],
    ['woken', new PilotlightError('HOST_UNREACHABLE'), 'dropped'],
    ['serving', noModel, 'dropped'],
    ['serving', notAllowed, 'dropped'],
    ['serving', new Error('x'), 'dropped'],
  ] as const)('%s, %s: %s', (stage, error, expected) => {
    expect(classifyNotReady(error, stage)).toBe(expected);
  });
});
