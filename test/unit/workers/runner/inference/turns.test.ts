import { describe, expect, it } from 'vitest';
import { createTurns } from '../../../../../electron/workers/runner/inference/turns.ts';

/** Work that says when it begins, and ends when the test says so. */
function recorded() {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  return {
    begun,
    work: (name: string) => () => {
      begun.push(name);
      return new Promise<string>((resolve) => ends.push(() => resolve(name)));
    },
    end: async () => {
      ends.shift()?.();
      await new Promise(setImmediate);
      await new Promise(setImmediate);
    },
  };
}

describe('turns', () => {
  it('are taken one after the other', async () => {
    const turns = createTurns();
    const { begun, work, end } = recorded();
    const both = [turns.take(work('one')), turns.take(work('two'))];
    await end();
    expect(begun).toEqual(['one']);
    await end();
    expect(begun).toEqual(['one', 'two']);
    await end();
    await expect(Promise.all(both)).resolves.toEqual(['one', 'two']);
  });

  it('go to urgent work first, if it came during a run', async () => {
    const turns = createTurns();
    const { begun, work, end } = recorded();
    void turns.take(work('one'));
    void turns.take(work('two'));
    await end();
    void turns.take(work('query'), { urgent: true });
    await end();
    expect(begun).toEqual(['one', 'query']);
    await end();
    expect(begun).toEqual(['one', 'query', 'two']);
  });

  it('continue after one that failed', async () => {
    const turns = createTurns();
    const failing = turns.take(() => Promise.reject(new Error('bad')));
    const next = turns.take(async () => 'next');
    await expect(failing).rejects.toThrow('bad');
    await expect(next).resolves.toBe('next');
  });

  it('are taken again after a rest', async () => {
    const turns = createTurns();
    await turns.take(async () => {});
    await new Promise(setImmediate);
    await expect(turns.take(async () => 'later')).resolves.toBe('later');
  });
});
