import { describe, expect, test } from 'vitest';
import { minuteOfDay, nextMinuteOfDay } from '../../../../electron/core/runtime/local-time.ts';
import { isWithin } from '../../../../shared/quiet-hours.ts';

const zone = 'Europe/Berlin';
const at = (text: string) => Date.parse(text);
const iso = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z');

describe('the minute of the day', () => {
  test.each([
    ['2026-01-10T23:00:00Z', 0],
    ['2026-01-10T22:59:59Z', 1439],
    ['2026-07-10T22:30:00Z', 30],
  ])('at %s is %i in Berlin', (time, minute) => {
    expect(minuteOfDay(at(time), zone)).toBe(minute);
  });
});

describe('a span of the day', () => {
  const night = { from: 22 * 60, to: 7 * 60 };
  const noon = { from: 720, to: 780 };
  test.each([
    [night, 22 * 60, true],
    [night, 0, true],
    [night, 7 * 60 - 1, true],
    [night, 7 * 60, false],
    [night, 12 * 60, false],
    [noon, 719, false],
    [noon, 720, true],
    [noon, 780, false],
    [{ from: 300, to: 300 }, 300, false],
  ])('%o at minute %i: %s', (span, minute, within) => {
    expect(isWithin(minute, span)).toBe(within);
  });
});

describe('the next time the clock shows a minute', () => {
  test.each([
    ['the same day', '2026-01-10T10:00:00Z', 23 * 60, '2026-01-10T22:00:00Z'],
    ['after midnight', '2026-01-10T22:30:00Z', 60, '2026-01-11T00:00:00Z'],
    ['at that very minute, the day after', '2026-01-10T22:00:00Z', 23 * 60, '2026-01-11T22:00:00Z'],
    ['over the spring change', '2026-03-28T22:00:00Z', 8 * 60, '2026-03-29T06:00:00Z'],
    ['in the hour that spring leaves out', '2026-03-29T00:00:00Z', 150, '2026-03-29T01:30:00Z'],
    ['the day after that', '2026-03-29T01:30:00Z', 150, '2026-03-30T00:30:00Z'],
    ['over the autumn change', '2026-10-24T21:00:00Z', 8 * 60, '2026-10-25T07:00:00Z'],
    ['in the hour that autumn has twice', '2026-10-24T22:00:00Z', 150, '2026-10-25T00:30:00Z'],
    ['after its first time', '2026-10-25T00:30:00Z', 150, '2026-10-26T01:30:00Z'],
  ])('%s', (_, after, minute, next) => {
    expect(iso(nextMinuteOfDay(minute, at(after), zone))).toBe(next);
  });
});
