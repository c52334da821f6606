import { describe, expect, it } from 'vitest';
import {
  binaryBytes,
  nanoseconds,
  parseGoDuration,
  parseKeepAlive,
  rfc3339Nano,
} from '../../../electron/simulator/go-values.ts';
import { failure } from './support.ts';

describe('Go durations', () => {
  it.each([
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['250ms', 250],
    ['100us', 0.1],
    ['-10s', -10_000],
    ['0', 0],
  ])('%s is %f ms', (text, ms) => {
    expect(parseGoDuration(text)).toBeCloseTo(ms, 9);
  });

  it.each([
    ['-1', 'time: missing unit in duration "-1"'],
    ['10', 'time: missing unit in duration "10"'],
    ['5x', 'time: unknown unit "x" in duration "5x"'],
    ['soon', 'time: invalid duration "soon"'],
    ['', 'time: invalid duration ""'],
  ])('%j is a 400', async (text, message) => {
    const problem = await failure(Promise.resolve().then(() => parseGoDuration(text)));
    expect(problem).toEqual({ status: 400, message });
  });
});

describe('keep_alive', () => {
  it.each([
    [undefined, undefined],
    [null, undefined],
    [0, 0],
    [90, 90_000],
    [0.5, 500],
    [-1, Number.POSITIVE_INFINITY],
    ['10m', 600_000],
    ['-1m', Number.POSITIVE_INFINITY],
    ['0', 0],
  ])('%j is %s ms', (value, ms) => {
    expect(parseKeepAlive(value)).toBe(ms);
  });

  it('of "-1" without a unit is a 400', async () => {
    expect((await failure(Promise.resolve().then(() => parseKeepAlive('-1')))).status).toBe(400);
  });

  it('of true is a 400', async () => {
    const problem = await failure(Promise.resolve().then(() => parseKeepAlive(true)));
    expect(problem).toEqual({ status: 400, message: "Unsupported type: 'bool'" });
  });
});

describe('timestamps', () => {
  const at = Date.UTC(2026, 10, 21, 23, 30, 5, 120);
  it('are in UTC with Z, with up to nine digits and no trailing zeros', () => {
    expect(rfc3339Nano(at)).toMatch(/^2026-11-21T23:30:05\.12\d{0,6}[1-9]Z$/);
    expect(new Date(rfc3339Nano(at)).getTime()).toBe(at);
  });
  it('carry the offset of the server', () => {
    expect(rfc3339Nano(at, 60)).toMatch(/^2026-11-22T00:30:05\.\d+\+01:00$/);
    expect(rfc3339Nano(at, -210)).toMatch(/^2026-11-21T20:00:05\.\d+-03:30$/);
    expect(new Date(rfc3339Nano(at, -210)).getTime()).toBe(at);
  });
  it('reach the end of a model that is kept for ever', () => {
    expect(rfc3339Nano(at + (2 ** 63 - 1) / 1e6, 60)).toMatch(/^2319-/);
  });
});

it('durations are whole nanoseconds', () => {
  expect(nanoseconds(1.2345678)).toBe(1_234_568);
});

it('sizes in errors are binary', () => {
  expect(binaryBytes(1024 ** 3 * 5.55)).toBe('5.5 GiB');
  expect(binaryBytes(1024 ** 2 * 3)).toBe('3.0 MiB');
  expect(binaryBytes(2048)).toBe('2.0 KiB');
  expect(binaryBytes(7)).toBe('7 B');
});
