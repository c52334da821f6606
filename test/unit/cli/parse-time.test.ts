import { describe, expect, it, test } from 'vitest';
import {
  formatMinuteOfDay,
  nextMinuteOfDay,
  parseDuration,
  parseHours,
  parseMinuteOfDay,
} from '../../../electron/cli/parse-time.ts';

describe('a duration', () => {
  it.each([
    ['90s', 90_000],
    ['90m', 5_400_000],
    ['90 min', 5_400_000],
    ['2h', 7_200_000],
    ['1.5 h', 5_400_000],
    ['1h30m', 5_400_000],
    ['1d', 86_400_000],
  ])('%s', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(['', '2', 'h', '-2h', '2 hours and a bit', '0m', '2h x'])('refuses "%s"', (text) => {
    expect(() => parseDuration(text)).toThrow(/is not a duration/);
  });
});

describe('a time of day', () => {
  it.each([
    ['0:00', 0],
    ['07:05', 425],
    ['23:59', 1439],
  ])('%s', (text, minute) => expect(parseMinuteOfDay(text)).toBe(minute));

  it.each(['24:00', '7', '7:5', '12:60', 'noon'])('refuses "%s"', (text) => {
    expect(() => parseMinuteOfDay(text)).toThrow(/is not a time of day/);
  });

  it('is written with two digits', () => {
    expect([0, 425, 1439].map(formatMinuteOfDay)).toEqual(['00:00', '07:05', '23:59']);
  });

  it('comes next today, or tomorrow where it has passed', () => {
    const noon = new Date(2026, 10, 21, 12, 0, 0).getTime();
    expect(new Date(nextMinuteOfDay(13 * 60, noon)).getDate()).toBe(21);
    expect(new Date(nextMinuteOfDay(12 * 60, noon)).getDate()).toBe(22);
    expect(nextMinuteOfDay(12 * 60 + 1, noon) - noon).toBe(60_000);
  });
});

test('hours go from one time to another, or are none', () => {
  expect(parseHours('23:00-07:00')).toEqual({ from: 1380, to: 420 });
  expect(parseHours('none')).toBeNull();
  for (const text of ['23:00', '23:00-07:00-08:00', '', 'late-early']) {
    expect(() => parseHours(text)).toThrow();
  }
});
