import { describe, expect, it } from 'vitest';
import { type Beside, createTurns } from '../../../../../electron/workers/runner/inference/turns.ts';

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

describe('work beside the process’s own thread', () => {
  type Place = ReturnType<Beside<unknown>['place']>;
  function world() {
    const turns = createTurns();
    const { begun, work } = recorded();
    const ends = new Map<string, () => void>();
    let place: Place = 'beside';
    const beside = (name: string) => ({
      place: () => place,
      work: () => {
        begun.push(`${name} beside`);
        return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
      },
    });
    const turn = async () => {
      for (let times = 0; times < 4; times += 1) await new Promise(setImmediate);
    };
    return {
      begun,
      turn,
      setPlace: (next: Place) => {
        place = next;
      },
      take: (name: string, urgent = false) =>
        turns.take(work(name), { urgent, beside: urgent ? null : beside(name) }),
      async end(name: string) {
        ends.get(name)?.();
        await turn();
      },
    };
  }

  it('begins at once for all that has company', async () => {
    const { begun, turn, take } = world();
    for (const name of ['one', 'two']) void take(name);
    await turn();
    expect(begun).toEqual(['one beside', 'two beside']);
  });

  it('is not chosen for what is alone, which is faster with all threads', async () => {
    const { begun, turn, take } = world();
    void take('one');
    await turn();
    expect(begun).toEqual(['one']);
  });

  it('is chosen for one that comes while others happen', async () => {
    const { begun, turn, take, end } = world();
    for (const name of ['one', 'two']) void take(name);
    await turn();
    await end('one');
    void take('three');
    await turn();
    expect(begun).toEqual(['one beside', 'two beside', 'three beside']);
  });

  it('waits for other work of its kind, in order', async () => {
    const { begun, turn, take, end, setPlace } = world();
    for (const name of ['one', 'two', 'three']) void take(name);
    await turn();
    expect(begun).toEqual(['one beside', 'two beside', 'three beside']);
    setPlace('wait');
    void take('four');
    void take('five');
    await turn();
    expect(begun).toHaveLength(3);
    setPlace('beside');
    await end('two');
    expect(begun.slice(3)).toEqual(['four beside', 'five beside']);
  });

  it('happens on the own thread while there is no other place', async () => {
    const { begun, turn, take, setPlace } = world();
    setPlace('own');
    for (const name of ['one', 'two']) void take(name);
    await turn();
    expect(begun).toEqual(['one']);
  });

  it('does not begin before a query', async () => {
    const { begun, turn, take } = world();
    const all = ['one', 'two'].map((name) => take(name));
    void take('query', true);
    await turn();
    expect(begun).toEqual(['query']);
    void all;
  });

  it('gives its answer, or its error, to the one who took the turn', async () => {
    const { turn, take, end } = world();
    const answers = ['one', 'two'].map((name) => take(name));
    await turn();
    await end('two');
    await end('one');
    await expect(Promise.all(answers)).resolves.toEqual(['one', 'two']);
    const failing = createTurns();
    const bad = { place: () => 'beside' as const, work: () => Promise.reject(new Error('bad')) };
    const both = await Promise.allSettled([1, 2].map(() => failing.take(async () => 'own', { beside: bad })));
    // The second one is alone by then.
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });
});
