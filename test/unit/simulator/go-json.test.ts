import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explain, parseGoJson } from '../../../electron/simulator/go-json.ts';

describe('JSON as Go reads it', () => {
  it.each([
    ['{', 'unexpected EOF'],
    ['{"a":', 'unexpected EOF'],
    ['{"a":"b', 'unexpected EOF'],
    ['hello', "invalid character 'h' looking for beginning of value"],
    ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b":2}', `invalid character '"' after object key:value pair`],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['{"a":[1 2]}', "invalid character '2' after array element"],
    ['{"a":tru}', "invalid character '}' in literal true (expecting 'e')"],
    ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
    ['{"a":1} x', "invalid character 'x' after top-level value"],
  ])('%s fails with %s', (text, message) => {
    expect(() => parseGoJson(text)).toThrow(message);
    expect(explain(text)).toBe(message);
  });

  it('takes any object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        expect(parseGoJson(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('has words for every truncation', () => {
    const text = JSON.stringify({ model: 'a', list: [1, true, null, { b: 'x\n' }] });
    for (let length = 1; length < text.length; length += 1) {
      expect(explain(text.slice(0, length))).toBe('unexpected EOF');
    }
  });

  it('refuses what is no object', () => {
    expect(() => parseGoJson('[]')).toThrow(/cannot unmarshal array/);
    expect(() => parseGoJson('true')).toThrow(/cannot unmarshal bool/);
  });
});
