import { describe, expect, it } from 'vitest';
import { newSecret } from '../../../electron/core/access/secret-format.ts';
import { redactSecrets, redactWithin, secretKinds } from '../../../shared/redact.ts';

describe.each(secretKinds)('a secret of the kind %s', (kind) => {
  const secret = newSecret(kind);

  it('is recognised wherever it is', () => {
    for (const text of [
      secret,
      `Bearer ${secret}`,
      `/?key=${secret}&a=b`,
      `"${secret}"`,
      `${secret},${secret}`,
    ]) {
      expect(redactSecrets(text)).not.toContain(secret.slice(-30));
      expect(redactSecrets(text)).toContain(`pilotlight_${kind}_…`);
    }
  });

  it('is replaced in the texts and names of plain data, however deep', () => {
    const value = { a: [{ [secret]: 1, b: `x ${secret}` }], c: 3, d: null };
    expect(JSON.stringify(redactWithin(value))).not.toContain(secret);
    expect(redactWithin(value)).toMatchObject({ c: 3, d: null });
  });
});

it('leaves everything else as it is', () => {
  const error = new Error('x');
  expect(redactWithin({ error, at: 1, text: 'pilotlight_key' })).toEqual({
    error,
    at: 1,
    text: 'pilotlight_key',
  });
  expect(redactSecrets('the file pilotlight_key_.txt')).toBe('the file pilotlight_key_.txt');
});
