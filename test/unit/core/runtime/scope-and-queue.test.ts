import { describe, expect, it } from 'vitest';
import { createBoundedQueue } from '../../../../electron/core/runtime/bounded-queue.ts';
import { createScope } from '../../../../electron/core/runtime/scope.ts';

describe('a scope', () => {
  it('aborts first, then releases last acquired first, each once', async () => {
    const scope = createScope();
    const order: string[] = [];
    scope.signal.addEventListener('abort', () => order.push('abort'));
    scope.add(() => void order.push('first'));
    const early = scope.add(() => void order.push('early'));
    scope.add(() => void order.push('last'));
    await early();
    await scope.dispose();
    await scope.dispose();
    await early();
    expect(order).toEqual(['early', 'abort', 'last', 'first']);
  });

  it('releases the rest when one fails, and says what failed', async () => {
    const scope = createScope();
    let released = false;
    scope.add(() => {
      released = true;
    });
    scope.add(() => Promise.reject(new Error('stuck')));
    await expect(scope.dispose()).rejects.toBeInstanceOf(AggregateError);
    expect(released).toBe(true);
  });
});

describe('a bounded queue', () => {
  const never = new AbortController().signal;

  it('makes the producer wait while it is full and the consumer while it is empty', async () => {
    const queue = createBoundedQueue<number>(2);
    const taken: (number | null)[] = [];
    const consumer = (async () => {
      for (;;) {
        const item = await queue.take(never);
        taken.push(item);
        if (item === null) return;
      }
    })();
    let highest = 0;
    for (let item = 0; item < 20; item++) {
      await queue.push(item, never);
      highest = Math.max(highest, queue.size);
    }
    queue.close();
    await consumer;
    expect(taken).toEqual([...Array.from({ length: 20 }, (_, item) => item), null]);
    expect(highest).toBeLessThanOrEqual(2);
  });

  it('lets go of a waiter whose signal aborts', async () => {
    const queue = createBoundedQueue<number>(1);
    const controller = new AbortController();
    const waiting = queue.take(controller.signal);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await queue.push(1, never);
    expect(await queue.take(never)).toBe(1);
  });
});
