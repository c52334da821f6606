import { describe, expect, it } from 'vitest';
import { oneLine, printable } from '../../../shared/printable.ts';
import { PRINTABLE, UNPRINTABLE } from '../../fakes/unprintable.ts';

describe('printable', () => {
  it.each(UNPRINTABLE)('shows %s as an escape', (_, character) => {
    const shown = printable(`a${character}b`);
    expect(shown).toMatch(/^a(?:\\[nrt]|\\x[0-9a-f]{2}|\\u[0-9a-f]{4})+b$/);
    expect(shown).not.toContain(character);
  });

  it.each(PRINTABLE)('leaves %s as it is', (text) => {
    expect(printable(text)).toBe(text);
    expect(oneLine(text)).toBe(text);
  });

  it.each([
    ['red\u001b[31m\u001b]0;x\u0007.md', 'red\\x1b[31m\\x1b]0;x\\x07.md'],
    ['two\nlines.md', 'two\\nlines.md'],
    ['a\u202etxt.md', 'a\\u202etxt.md'],
    ['a\r\tb', 'a\\r\\tb'],
    ['\u{e0041}', '\\udb40\\udc41'],
    ['half \ud83d', 'half \\ud83d'],
  ])('%j → %s', (text, shown) => {
    expect(printable(text)).toBe(shown);
    expect(printable(shown)).toBe(shown);
  });

  it.each([
    'joiner at the end\u200d',
    '\u200dat the start',
    'adm\u200cin',
    'two \u{1f469}\u200d\u200d\u{1f4bb}',
    '\u{1f3f4}\u{e0067}',
  ])('shows what joins nothing in %j', (text) => {
    expect(printable(text)).toContain('\\u');
  });

  it('keeps the value of JSON', () => {
    const value = Object.fromEntries([...UNPRINTABLE, ...PRINTABLE.map((text) => [text, text] as const)]);
    const shown = printable(JSON.stringify(value));
    expect(JSON.parse(shown)).toEqual(value);
    for (const [, character] of UNPRINTABLE) expect(shown).not.toContain(character);
  });
});

describe('oneLine', () => {
  it.each(UNPRINTABLE)('leaves out %s', (_, character) => {
    expect(oneLine(`a${character}b`)).toMatch(/^a ?b$/);
    expect(oneLine(character)).toBe('');
  });

  it.each([
    ['red\u001b[31m\u001b]0;x\u0007.md', 'red.md'],
    ['don\u0092t', 'dont'],
    ['a\u001b]8;;http://127.0.0.1\u001b\\link\u001b]8;;\u001b\\', 'alink'],
    ['never ends \u001b]0;title', 'never ends ]0;title'],
    ['two\r\nlines', 'two lines'],
    ['  a \t b  ', 'a b'],
    ['\ufeffname\u200b', 'name'],
    ['', ''],
    [' \n\u202e ', ''],
  ])('%j → %j', (text, line) => {
    expect(oneLine(text)).toBe(line);
  });
});
