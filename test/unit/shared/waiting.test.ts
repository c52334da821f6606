import { describe, expect, it } from 'vitest';
import { abortable } from '../../../shared/abortable.ts';
import { parseJson } from '../../../shared/json.ts';
import { settledWithin } from '../../../shared/settled-within.ts';
import { createFakeClock } from '../../fakes/clock.ts';

describe('abortable', () => {
  it('is the promise, or the reason of the signal if that comes first', async () => {
    const controller = new AbortController();
    expect(await abortable(Promise.resolve(1), controller.signal)).toBe(1);
    await expect(abortable(Promise.reject(new Error('broken')), controller.signal)).rejects.toThrow('broken');
    const waiting = abortable(new Promise(() => {}), controller.signal);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(abortable(Promise.resolve(1), controller.signal)).rejects.toThrow('enough');
  });
});

describe('settledWithin', () => {
  it('resolves whether the work settled in time, and leaves no timer', async () => {
    const clock = createFakeClock();
    expect(await settledWithin(clock, 1000, Promise.resolve())).toBe(true);
    expect(await settledWithin(clock, 1000, Promise.reject(new Error('broken')))).toBe(true);
    const late = settledWithin(clock, 1000, new Promise(() => {}));
    await clock.advance(1000);
    expect(await late).toBe(false);
    expect(clock.pending()).toBe(0);
  });

  it('stops waiting when the signal aborts', async () => {
    const clock = createFakeClock();
    const controller = new AbortController();
    const stopped = settledWithin(clock, 1000, new Promise(() => {}), controller.signal);
    controller.abort();
    expect(await stopped).toBe(false);
    expect(clock.pending()).toBe(0);
  });
});

describe('parseJson', () => {
  it.each([
    ['{"a":[1]}', { a: [1] }],
    ['null', null],
    ['', undefined],
    ['{', undefined],
    ['undefined', undefined],
  ])('reads %j as %j', (text, value) => {
    expect(parseJson(text)).toEqual(value);
  });
});
