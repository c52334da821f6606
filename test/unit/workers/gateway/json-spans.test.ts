import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  elementsOf,
  kindOf,
  membersOf,
  replaced,
  wholeNumber,
  wholeValue,
} from '../../../../electron/workers/gateway/json-spans.ts';

const bytes = (text: string) => Buffer.from(text);
const membersIn = (text: string) => {
  const body = bytes(text);
  const whole = wholeValue(body);
  return (
    whole &&
    membersOf(body, whole)?.map(({ key, value }) => [key, body.toString('utf8', value.start, value.end)])
  );
};
const elementsIn = (text: string) => {
  const body = bytes(text);
  const whole = wholeValue(body);
  return whole && elementsOf(body, whole)?.map(({ start, end }) => body.toString('utf8', start, end));
};

/** JSON with white space of every kind between its parts. */
function spaced(value: unknown, space: string): string {
  if (Array.isArray(value))
    return `${space}[${value.map((one) => spaced(one, space)).join(',')}${space}]${space}`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([key, one]) => `${space}${JSON.stringify(key)}${space}:${spaced(one, space)}`,
    );
    return `${space}{${members.join(',')}${space}}${space}`;
  }
  return `${space}${JSON.stringify(value)}${space}`;
}
const space = fc.stringMatching(/^[ \t\r\n]{0,2}$/);

describe('the parts of a JSON text', () => {
  it('are those that a parser finds', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ depthSize: 'small' })), space, (values, gap) => {
        expect(elementsIn(spaced(values, gap))?.map((text) => JSON.parse(text))).toEqual(
          JSON.parse(JSON.stringify(values)),
        );
      }),
    );
    const object = fc.dictionary(fc.string(), fc.jsonValue({ depthSize: 'small' }));
    fc.assert(
      fc.property(object, space, (value, gap) => {
        const found = membersIn(spaced(value, gap))?.map(([key, text]) => [key, JSON.parse(text as string)]);
        expect(found).toEqual(
          Object.entries(JSON.parse(JSON.stringify(value))).map(([key, one]) => [key.toLowerCase(), one]),
        );
      }),
    );
  });

  it('have their bytes as they stand', () => {
    expect(elementsIn(' [ 1.50e+10 , "a\\"]" ,[ ], {"a":"}"},null]\n')).toEqual([
      '1.50e+10',
      '"a\\"]"',
      '[ ]',
      '{"a":"}"}',
      'null',
    ]);
    expect(membersIn('{"A\\u0062":1,"c":"\\\\"}')).toEqual([
      ['ab', '1'],
      ['c', '"\\\\"'],
    ]);
  });

  it.each([
    '',
    ' ',
    '[',
    '[1',
    '[1,',
    '[1 2]',
    '["a]',
    '{"a"}',
    '{"a":}',
    '{"a":1',
    '{"a":1,}',
    '{a:1}',
    '{"\\x":1}',
    '[1]]',
    '[1] x',
    '{"a" 1}',
    '["\\"]',
  ])('are not found in %j', (text) => {
    expect(text.startsWith('{') ? membersIn(text) : elementsIn(text)).toBeFalsy();
  });

  it('are not those of something else', () => {
    expect(elementsIn('{"a":1}')).toBeUndefined();
    expect(membersIn('[1]')).toBeUndefined();
    expect(elementsIn('"a"')).toBeUndefined();
    expect(elementsIn('[]')).toEqual([]);
    expect(membersIn('{ }')).toEqual([]);
  });

  it('have a kind', () => {
    const kind = (text: string) => kindOf(bytes(text), { start: 0, end: text.length });
    expect(['{}', '[]', '""', '1', 'null'].map(kind)).toEqual([
      'object',
      'array',
      'string',
      'other',
      'other',
    ]);
  });

  it('may be whole numbers', () => {
    const number = (text: string) => wholeNumber(bytes(text), { start: 0, end: text.length });
    expect(['0', '284186783', '-1', '1.5', '1e3', '"1"', '', '99999999999999999'].map(number)).toEqual([
      0,
      284186783,
      null,
      null,
      null,
      null,
      null,
      null,
    ]);
  });

  it('can be replaced', () => {
    const by = bytes('xyz');
    expect(
      replaced(bytes('0123456789'), [
        { start: 1, end: 3, by },
        { start: 5, end: 5, by },
      ]).toString(),
    ).toBe('0xyz34xyz56789');
    expect(replaced(bytes('01'), []).toString()).toBe('01');
  });
});
