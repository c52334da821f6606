import { describe, expect, it } from 'vitest';
import { createInFlight } from '../../../../electron/core/acquire/in-flight.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

const never = () => new AbortController().signal;

describe('requests in flight', () => {
  it('are counted by node and model, however the name is written', () => {
    const inFlight = createInFlight({ clock: createFakeClock() });
    const one = inFlight.begin('n', 'llama');
    const two = inFlight.begin('n', 'Llama:latest');
    expect(inFlight.count('n', 'llama')).toBe(2);
    expect(inFlight.count('m', 'llama')).toBe(0);
    one[Symbol.dispose]();
    one[Symbol.dispose]();
    expect(inFlight.count('n', 'llama')).toBe(1);
    two[Symbol.dispose]();
    expect(inFlight.count('n', 'llama')).toBe(0);
  });

  it('are counted apart if they came through the gateway', () => {
    const inFlight = createInFlight({ clock: createFakeClock() });
    const own = inFlight.begin('n', 'llama');
    const other = inFlight.begin('n', 'Llama:latest', 'gateway');
    inFlight.begin('n', 'a', 'gateway');
    expect([inFlight.count('n', 'llama'), inFlight.fromGateway('n', 'llama')]).toEqual([2, 1]);
    own[Symbol.dispose]();
    expect([inFlight.count('n', 'llama'), inFlight.fromGateway('n', 'llama')]).toEqual([1, 1]);
    other[Symbol.dispose]();
    other[Symbol.dispose]();
    expect([inFlight.count('n', 'llama'), inFlight.fromGateway('n', 'llama')]).toEqual([0, 0]);
    expect(inFlight.fromGateway('n', 'a')).toBe(1);
  });

  it('are summed for a node, with those that name no model', () => {
    const inFlight = createInFlight({ clock: createFakeClock() });
    expect(inFlight.onNode('n')).toBe(0);
    const marks = [inFlight.begin('n', 'a'), inFlight.begin('n', 'b'), inFlight.begin('n', null)];
    inFlight.begin('m', 'a');
    expect(inFlight.onNode('n')).toBe(3);
    expect(inFlight.count('n', 'a')).toBe(1);
    for (const mark of marks) mark[Symbol.dispose]();
    expect(inFlight.onNode('n')).toBe(0);
    expect(inFlight.onNode('m')).toBe(1);
  });

  it('are waited for until the deadline', async () => {
    const clock = createFakeClock();
    const inFlight = createInFlight({ clock });
    const request = inFlight.begin('n', 'a');
    const late = inFlight.drain('n', ['a'], 1000, never());
    await clock.advance(999);
    let ended = false;
    void late.then(() => {
      ended = true;
    });
    await clock.flush();
    expect(ended).toBe(false);
    await clock.advance(1);
    expect(await late).toBe(false);
    const inTime = inFlight.drain('n', ['a', 'b'], 1000, never());
    request[Symbol.dispose]();
    expect(await inTime).toBe(true);
    expect(clock.pending()).toBe(0);
  });

  it('end a wait only when the last of the models has none', async () => {
    const clock = createFakeClock();
    const inFlight = createInFlight({ clock });
    const [one, two, other] = [inFlight.begin('n', 'a'), inFlight.begin('n', 'b'), inFlight.begin('m', 'a')];
    let drained = false;
    const wait = inFlight.drain('n', ['a', 'b'], 1000, never()).then((result) => {
      drained = result;
    });
    one[Symbol.dispose]();
    other[Symbol.dispose]();
    await clock.flush();
    expect(drained).toBe(false);
    two[Symbol.dispose]();
    await wait;
    expect(drained).toBe(true);
    expect(await inFlight.drain('n', ['a', 'b'], 1000, never())).toBe(true);
  });

  it('stop being waited for with the signal', async () => {
    const clock = createFakeClock();
    const inFlight = createInFlight({ clock });
    using _ = inFlight.begin('n', 'a');
    const controller = new AbortController();
    const stopped = inFlight.drain('n', ['a'], 1000, controller.signal);
    controller.abort(new Error('stop'));
    await expect(stopped).rejects.toThrow('stop');
    await expect(inFlight.drain('n', ['a'], 1000, controller.signal)).rejects.toThrow('stop');
    expect(clock.pending()).toBe(0);
  });
});
