import { describe, expect, it } from 'vitest';
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
