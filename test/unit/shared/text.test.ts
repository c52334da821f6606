import { describe, expect, test } from 'vitest';
import { errorFact, fact, messageSchema, plainText } from '../../../shared/models/message.ts';
import { catalogue, domains } from '../../../shared/text/catalogue.ts';
import { clause, list } from '../../../shared/text/grammar.ts';
import { textOf, textOrEmpty } from '../../../shared/text/index.ts';

describe('the catalogue', () => {
  test('has each code once', () => {
    const codes = Object.values(domains).flatMap((domain) => Object.keys(domain));
    expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
    expect(codes.sort()).toEqual(Object.keys(catalogue).sort());
  });

  test('names messages in capitals', () => {
    expect(Object.keys(catalogue).filter((code) => !/^[A-Z][A-Z0-9_]*$/.test(code))).toEqual([]);
  });
});

describe('the text of a message', () => {
  test('is made from its params', () => {
    expect(textOf(fact('NODE_WOKE', { node: 'gpu-tower', tookMs: 4200 }))).toBe('gpu-tower woke in 4.2 s.');
    expect(textOf(fact('WAKE_BY_PACKETS'))).toBe('magic packets from this computer');
    expect(textOf(plainText('As it was.'))).toBe('As it was.');
  });

  test('contains the text of the messages inside it, however deep', () => {
    const error = errorFact({ code: 'HOST_TIMEOUT', message: 'It did not answer.', next: 'Try again.' });
    const methods = [
      {
        method: fact('WAKE_BY_RELAY', { host: 'nas:9753' }),
        failed: fact('NOTHING_ANSWERED', { ms: 20_000 }),
      },
      { method: fact('WAKE_BY_PACKETS'), failed: null },
    ];
    expect(textOf(fact('WAKE_FAILURE', { error, methods }))).toBe(
      'It did not answer. Try again. Tried: the relay nas:9753 (nothing answered for 20 s), then magic packets from this computer.',
    );
  });

  test.each([
    { code: 'FROM_TOMORROW', params: { node: 'x' } },
    { code: 'toString', params: {} },
    // Written by a version that knew less of it.
    { code: 'WAKE_TRIED', params: {} },
  ])('is never missing: %j', (message) => {
    expect(messageSchema.safeParse(message).success).toBe(true);
    expect(textOf(message)).toContain(message.code);
  });

  test('is empty where there is no message', () => {
    expect(textOrEmpty(null)).toBe('');
  });
});

test('a sentence becomes a clause, and names stay as they are', () => {
  expect(clause('It has no MAC address.')).toBe('it has no MAC address');
  expect(clause('Ollama is busy.')).toBe('Ollama is busy');
});

test('a list ends with "and"', () => {
  expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map((parts) => list(parts))).toEqual([
    '',
    'a',
    'a and b',
    'a, b and c',
  ]);
});
