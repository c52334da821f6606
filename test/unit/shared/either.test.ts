import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { eitherOf } from '../../../shared/either.ts';

const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

describe('eitherOf', () => {
  it.each([0, 1, 2])('is aborted with number %i, and has its reason', (which) => {
    const all = [0, 1, 2].map(() => new AbortController());
    using either = eitherOf(...all.map(({ signal }) => signal));
    expect(either.signal.aborted).toBe(false);
    const reason = new Error(`number ${which}`);
    all[which]?.abort(reason);
    expect(either.signal.reason).toBe(reason);
    all[(which + 1) % 3]?.abort(new Error('later'));
    expect(either.signal.reason).toBe(reason);
  });

  it('is aborted from the beginning if one of them is', () => {
    const long = new AbortController();
    const reason = new Error('gone');
    const either = eitherOf(long.signal, AbortSignal.abort(reason));
    expect(either.signal.reason).toBe(reason);
    expect(listeners(long.signal)).toBe(0);
  });

  it('leaves nothing behind at a signal that lives on', async () => {
    const long = new AbortController();
    const most: number[] = [];
    for (let call = 0; call < 100; call += 1) {
      using _ = eitherOf(new AbortController().signal, long.signal);
      most.push(listeners(long.signal));
      await Promise.resolve();
    }
    expect([Math.min(...most), Math.max(...most), listeners(long.signal)]).toEqual([1, 1, 0]);
  });

  it('leaves nothing behind when another one aborts first', () => {
    const long = new AbortController();
    const short = new AbortController();
    using either = eitherOf(long.signal, short.signal);
    short.abort(new Error('over'));
    expect([either.signal.aborted, listeners(long.signal), listeners(short.signal)]).toEqual([true, 0, 0]);
  });

  it('does not follow them any more after its end', () => {
    const long = new AbortController();
    const either = eitherOf(long.signal);
    either[Symbol.dispose]();
    long.abort(new Error('too late'));
    expect(either.signal.aborted).toBe(false);
  });
});
