import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createDispatcher } from '../../../electron/transport/dispatcher.ts';
import { someHandlers } from '../../fakes/transport.ts';

describe('the signal of a call', () => {
  const seen: AbortSignal[] = [];
  const dispatcher = (work: () => unknown) =>
    createDispatcher({
      handlers: someHandlers({
        'settings.get'(_, { signal }) {
          seen.push(signal);
          return work() as never;
        },
      }),
    });
  const call = (signal: AbortSignal) => ({
    method: 'settings.get',
    params: {},
    scopes: new Set(['view'] as const),
    signal,
  });
  const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

  it('leaves nothing behind at that of a link, which lives on', async () => {
    const link = new AbortController();
    const during: number[] = [];
    const one = dispatcher(() => void during.push(listeners(link.signal)));
    for (let number = 0; number < 20; number += 1) await one.call(call(link.signal));
    expect(during).toEqual(Array(20).fill(1));
    expect(listeners(link.signal)).toBe(0);
    const failing = dispatcher(() => Promise.reject(new Error('no')));
    await expect(failing.call(call(link.signal))).rejects.toThrow('no');
    expect(listeners(link.signal)).toBe(0);
  });

  it('is aborted with the link, and when all calls are', async () => {
    for (const act of ['link', 'all'] as const) {
      const link = new AbortController();
      const { promise, resolve } = Promise.withResolvers<void>();
      const one = dispatcher(() => promise);
      const answer = one.call(call(link.signal));
      if (act === 'link') link.abort();
      else one.abort();
      expect(seen.at(-1)?.aborted).toBe(true);
      resolve();
      await answer;
    }
  });
});
