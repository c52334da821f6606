import { expect, test } from 'vitest';
import { CallError, ownErrors, readWireError, toWireError } from '../../../../renderer/client/errors.ts';
import { errorCatalogue } from '../../../../shared/contract/errors.ts';

test("the panel's own errors match the catalogue", () => {
  for (const [code, words] of Object.entries(ownErrors)) {
    expect(errorCatalogue[code as keyof typeof ownErrors], code).toMatchObject(words);
  }
});

test('what a call was refused with is shown as it came', () => {
  const wire = { code: 'BAD_URL', message: 'no', next: 'do', details: { field: 'url' } } as const;
  expect(toWireError(new CallError(wire))).toEqual(wire);
  const { details, ...bare } = wire;
  expect(toWireError(new CallError(bare))).toEqual(bare);
  expect(details.field).toBe('url');
});

test('an abort is CANCELLED, and a defect is INTERNAL without its message', () => {
  expect(toWireError(new DOMException('stop', 'AbortError')).code).toBe('CANCELLED');
  for (const defect of [new TypeError('x is not a function'), 'text', null, { code: 'BAD_URL' }]) {
    expect(toWireError(defect)).toMatchObject({ code: 'INTERNAL', message: ownErrors.INTERNAL.message });
  }
});

test('an answer that is no error is not read as one', () => {
  const error = { code: 'TOKEN_USED', message: 'used', next: 'open' };
  expect(readWireError(error)).toEqual(error);
  expect(readWireError({ error: { ...error, details: { a: 1 }, stack: 'x' } })).toEqual({
    ...error,
    details: { a: 1 },
  });
  for (const body of [null, 'Bad Gateway', [], { error: null }, { ...error, next: 7 }, { error: 'x' }]) {
    expect(readWireError(body)).toBeNull();
  }
});
