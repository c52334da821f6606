import { describe, expect, it } from 'vitest';
import { createShelf } from '../../../../../electron/workers/runner/doors/shelf.ts';
import { createFakeClock } from '../../../../fakes/clock.ts';

function world() {
  const clock = createFakeClock();
  const closed: string[] = [];
  const opened: string[] = [];
  const shelf = createShelf<{ name: string; close(): Promise<void> }>({ clock, idleMs: 300_000 });
  const open = (name: string) => async () => {
    opened.push(name);
    return {
      name,
      close: async () => {
        closed.push(name);
      },
    };
  };
  return { clock, shelf, open, opened, closed };
}

describe('a shelf', () => {
  it('opens a model once for all who come at the same time', async () => {
    const { shelf, open, opened } = world();
    const name = async (model: { name: string }) => model.name;
    expect(await Promise.all([shelf.use('a', open('a'), name), shelf.use('a', open('a'), name)])).toEqual([
      'a',
      'a',
    ]);
    expect(opened).toEqual(['a']);
  });

  it('drops it after it was idle for a while, not while it is used', async () => {
    const { clock, shelf, open, opened, closed } = world();
    await shelf.use('a', open('a'), async () => {});
    await clock.advance(299_999);
    expect(closed).toEqual([]);
    const { promise: long, resolve: end } = Promise.withResolvers<void>();
    const using = shelf.use('a', open('a'), () => long);
    await clock.advance(600_000);
    expect(closed).toEqual([]);
    end();
    await using;
    await clock.advance(299_999);
    expect(closed).toEqual([]);
    await clock.advance(1);
    expect(closed).toEqual(['a']);
    expect(shelf.keys()).toEqual([]);
    await shelf.use('a', open('a'), async () => {});
    expect(opened).toEqual(['a', 'a']);
  });

  it('tries again after a failure', async () => {
    const { shelf, open } = world();
    const failing = () => Promise.reject(new Error('broken'));
    await expect(shelf.use('a', failing, async () => 1)).rejects.toThrow('broken');
    expect(shelf.keys()).toEqual([]);
    expect(await shelf.use('a', open('a'), async () => 2)).toBe(2);
  });

  it('keeps a model whose work failed', async () => {
    const { shelf, open, opened } = world();
    const work = () => Promise.reject(new Error('bad picture'));
    await expect(shelf.use('a', open('a'), work)).rejects.toThrow('bad picture');
    await shelf.use('a', open('a'), async () => {});
    expect(opened).toEqual(['a']);
  });

  it('closes what is dropped when its last user has gone, and once', async () => {
    const { clock, shelf, open, opened, closed } = world();
    const { promise, resolve } = Promise.withResolvers<void>();
    const using = shelf.use('a', open('a'), () => promise);
    await clock.flush();
    await shelf.drop('a');
    await shelf.use('a', open('a'), async () => {});
    expect(opened).toEqual(['a', 'a']);
    expect(closed).toEqual([]);
    resolve();
    await using;
    await clock.flush();
    expect(closed).toEqual(['a']);
    await shelf.close();
    expect(closed).toEqual(['a', 'a']);
    await clock.advance(1_000_000);
    expect(closed).toEqual(['a', 'a']);
  });
});
