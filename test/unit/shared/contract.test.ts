import { describe, expect, it } from 'vitest';
import {
  errorCatalogue,
  errorCodes,
  isPilotlightError,
  PilotlightError,
  toWireError,
  wireErrorSchema,
} from '../../../shared/contract/errors.ts';
import { methodNames, methods } from '../../../shared/contract/methods.ts';

describe('the catalogue of errors', () => {
  it.each(errorCodes)('%s has a sentence, a next step and a status', (code) => {
    const { message, next, status } = errorCatalogue[code];
    expect(message).toMatch(/^[A-Z].*\.$/);
    expect(next).toMatch(/^[A-Z].*\.$/);
    expect(status).toBeGreaterThanOrEqual(400);
  });

  it('sends what a person may know and nothing of a defect', () => {
    const known = new PilotlightError('BAD_MAC', { details: { field: 'mac' } });
    expect(wireErrorSchema.parse(toWireError(known))).toMatchObject({
      code: 'BAD_MAC',
      details: { field: 'mac' },
    });
    expect(toWireError(new TypeError('secret path /home/x'))).toEqual(
      new PilotlightError('INTERNAL').toWire(),
    );
    expect(toWireError('text').code).toBe('INTERNAL');
    expect(toWireError(new DOMException('gone', 'AbortError')).code).toBe('CANCELLED');
    expect(isPilotlightError(new Error('other'))).toBe(false);
  });
});

describe('the methods', () => {
  it.each(methodNames)('%s is described, and its errors are in the catalogue', (name) => {
    const method = methods[name];
    expect(method.summary).toMatch(/^[A-Z].*\.$/);
    for (const code of method.errors) expect(errorCatalogue).toHaveProperty(code);
  });

  it.each(methodNames)('%s refuses names it does not know', (name) => {
    if (name === 'settings.update' || name === 'activity.list') return;
    expect(methods[name].params.safeParse({ surprise: 1 }).success).toBe(false);
  });
});
