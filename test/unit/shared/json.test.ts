import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { endOfString, parseAnswer, parseJson } from '../../../shared/json.ts';

afterEach(() => vi.restoreAllMocks());

/** Characters that the parser was given. */
function parsedBy(work: () => unknown): number {
  const parse = vi.spyOn(JSON, 'parse');
  work();
  const parsed = parse.mock.calls.reduce((sum, [text]) => sum + text.length, 0);
  parse.mockRestore();
  return parsed;
}

describe('an answer from another machine', () => {
  it('is the same value as any JSON text', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseAnswer(text)).toEqual(parseJson(text));
      }),
    );
    for (const text of ['', 'half', '{"a":', '[1,', '"', '"\\', '{]'])
      expect(parseAnswer(text)).toBeUndefined();
  });

  it('may have brackets and commas in its texts', () => {
    const value = { a: '['.repeat(5000), b: ',"\\{'.repeat(5000), c: '\\', d: ['"', '}'] };
    expect(parseAnswer(JSON.stringify(value))).toEqual(value);
    const commas = { text: ','.repeat(500_000) };
    expect(parseAnswer(JSON.stringify(commas))).toEqual(commas);
  });

  it('may be nested a hundred deep', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(parseAnswer(nested(100))).toBeDefined();
    expect(parseAnswer(nested(101))).toBeUndefined();
    expect(parseAnswer(`[${`${nested(50)},`.repeat(1000)}1]`)).toBeDefined();
  });

  it.each([
    ['brackets', '['.repeat(2_000_000)],
    ['braces', '{"a":'.repeat(400_000)],
    ['closed brackets', `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`],
    ['empty objects', `[${'{},'.repeat(600_000)}{}]`],
    ['numbers', `[${'1,'.repeat(900_000)}1]`],
    ['members', `{${'"a":1,'.repeat(300_000)}"a":1}`],
  ])('2 MB of %s are refused before they are parsed', (_, text) => {
    expect(parsedBy(() => expect(parseAnswer(text)).toBeUndefined())).toBe(0);
  });
});

describe('the end of a string', () => {
  it.each([
    ['"a"', 2],
    ['"a\\"b"', 5],
    ['"a\\\\"b"', 4],
    ['"a\\\\\\"b"', 7],
    ['"', 1],
    ['"a\\"', 4],
  ])('of %s is at %i', (text, end) => {
    expect(endOfString(text, 0)).toBe(end);
  });
});
