import { describe, expect, it, test } from 'vitest';
import { rightsOfKey } from '../../../../electron/core/access/key-rights.ts';
import {
  endText,
  isIncluded,
  lastUseText,
  matchesAccess,
  mayHave,
  rightsLine,
  rightTexts,
  usualRights,
} from '../../../../renderer/features/access/access-text.ts';
import { isLimit, limitsLine, limitsOf } from '../../../../renderer/features/access/key-limits.ts';
import { namedFields } from '../../../../renderer/features/access/named-fields.ts';
import { rights } from '../../../../shared/rights.ts';

const day = 86_400_000;

test('the panel offers what the core grants', () => {
  for (const kind of ['script', 'program'] as const) {
    expect(rightsOfKey(kind, usualRights[kind])).toEqual(rightsOfKey(kind, undefined));
    for (const right of rights) {
      const granted = () => rightsOfKey(kind, [right]);
      if (mayHave(kind, right)) granted();
      else expect(granted).toThrow();
    }
  }
});

test('each right has its text, and one that is included is known', () => {
  expect(Object.keys(rightTexts)).toEqual([...rights]);
  expect(rightsLine(['view', 'tasks'])).toBe('View, Tasks');
  expect([isIncluded('view', ['view', 'control']), isIncluded('control', ['view', 'control'])]).toEqual([
    true,
    false,
  ]);
  expect(isIncluded('infer', ['manage'])).toBe(true);
});

test.each([
  [null, ''],
  [0, 'expired'],
  [-1, 'expired'],
  [60_000, 'in 1 h'],
  [5 * 3_600_000, 'in 5 h'],
  [day, 'in 1 day'],
  [29.6 * day, 'in 30 days'],
])('an end %s from now reads %j', (left, text) => {
  expect(endText(left === null ? null : 1000 + left, 1000)).toBe(text);
});

test('a use that a clock set back puts into the future is just now', () => {
  expect(lastUseText({ lastUsedAt: null }, 0)).toBe('Never used');
  expect(lastUseText({ lastUsedAt: 5000 }, 0)).toBe('Last used just now');
  expect(lastUseText({ lastUsedAt: 0 }, 3 * day)).toBe('Last used 3 days ago');
});

test('it is found in the settings by what it is about', () => {
  expect(['key', 'TOKEN', 'sign out', 'api key', '/index'.slice(1)].every(matchesAccess)).toBe(true);
  expect(['optimizer', 'key optimizer'].some(matchesAccess)).toBe(false);
});

test('an error is shown at the field that it names', () => {
  const error = { code: 'ALREADY_EXISTS', message: 'Taken.', next: 'Choose another.' } as const;
  expect(namedFields({ ...error, details: { field: 'name' } })).toEqual({ name: 'Taken. Choose another.' });
  expect(namedFields({ ...error, details: { fields: [{ path: 'rights.0', message: 'no' }] } })).toEqual({
    rights: 'no',
  });
  expect([namedFields(error), namedFields(null)]).toEqual([{}, {}]);
});

describe('the limits of a key', () => {
  it('are read as entered', () => {
    expect(limitsOf('', '')).toEqual({ models: null, requestsPerMinute: null });
    expect(limitsOf(' qwen3, llama3.1:8b,\nmx* ,', ' 60 ')).toEqual({
      models: ['qwen3', 'llama3.1:8b', 'mx*'],
      requestsPerMinute: 60,
    });
    expect(['1', '100000', ' 5 '].map(isLimit)).toEqual([true, true, true]);
    expect(['0', '100001', '1.5', '-1', 'x', ''].map(isLimit)).toEqual(Array(6).fill(false));
  });

  it('are shown in one line, without any that it has not', () => {
    expect(limitsLine({ models: null, requestsPerMinute: null })).toBe('');
    const line = limitsLine({ models: ['a', 'b', 'c', 'd', 'e'], requestsPerMinute: 1200 });
    expect(line).toContain('c');
    expect(line).not.toContain('d,');
    expect(line).toContain('2');
  });
});
