import { describe, expect, it } from 'vitest';
import { createGatherer } from '../../../../../electron/workers/runner/faces/gatherer.ts';

const { signal } = new AbortController();

/** Batches that the test ends. */
function world({ most = 3, atOnce = 1 } = {}) {
  const batches: { items: readonly string[]; signal: AbortSignal; end(error?: Error): void }[] = [];
  const gatherer = createGatherer<string, string>({
    most: () => most,
    atOnce: () => atOnce,
    alike: (a, b) => a[0] === b[0],
    run: (items, stop) =>
      new Promise((resolve, reject) => {
        const end = (error?: Error) =>
          error ? reject(error) : resolve(items.map((item) => item.toUpperCase()));
        batches.push({ items, signal: stop, end });
      }),
  });
  return { gatherer, batches };
}

describe('createGatherer', () => {
  it('runs the first at once, and gathers alike ones meanwhile', async () => {
    const { gatherer, batches } = world();
    const results = ['a1', 'a2', 'b1', 'a3', 'a4', 'a5'].map((item) => gatherer.add(item, signal));
    expect(batches.map(({ items }) => items)).toEqual([['a1']]);
    batches[0]?.end();
    await results[0];
    await expect.poll(() => batches[1]?.items).toEqual(['a2', 'a3', 'a4']);
    batches[1]?.end();
    await expect.poll(() => batches[2]?.items).toEqual(['b1']);
    batches[2]?.end();
    await expect.poll(() => batches[3]?.items).toEqual(['a5']);
    batches[3]?.end();
    expect(await Promise.all(results)).toEqual(['A1', 'A2', 'B1', 'A3', 'A4', 'A5']);
  });

  it('runs as many at once as allowed', () => {
    const { gatherer, batches } = world({ most: 1, atOnce: 2 });
    for (const item of ['a1', 'a2', 'a3']) void gatherer.add(item, signal);
    expect(batches.map(({ items }) => items)).toEqual([['a1'], ['a2']]);
  });

  it('fails those of a batch alone', async () => {
    const { gatherer, batches } = world();
    const failing = gatherer.add('a1', signal);
    const later = gatherer.add('a2', signal);
    batches[0]?.end(new Error('broken'));
    await expect(failing).rejects.toThrow('broken');
    await expect.poll(() => batches.length).toBe(2);
    batches[1]?.end();
    expect(await later).toBe('A2');
  });

  it('never runs what nobody waits for, and lets go at once of what runs', async () => {
    const { gatherer, batches } = world();
    const reason = new Error('gone');
    const [one, two, three] = [new AbortController(), new AbortController(), new AbortController()];
    const running = gatherer.add('a1', one.signal);
    const waiting = gatherer.add('a2', two.signal);
    const other = gatherer.add('a3', three.signal);
    two.abort(reason);
    one.abort(reason);
    await expect(running).rejects.toBe(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(batches[0]?.signal.aborted).toBe(true);
    batches[0]?.end();
    await expect.poll(() => batches[1]?.items).toEqual(['a3']);
    batches[1]?.end();
    expect(await other).toBe('A3');
    await expect(gatherer.add('a4', one.signal)).rejects.toBe(reason);
  });

  it('goes on with a batch as long as one waits for it', async () => {
    const { gatherer, batches } = world();
    const gone = new AbortController();
    void gatherer.add('a1', signal);
    const leaving = gatherer.add('a2', gone.signal);
    const staying = gatherer.add('a3', signal);
    batches[0]?.end();
    await expect.poll(() => batches[1]?.items).toEqual(['a2', 'a3']);
    gone.abort(new Error('gone'));
    await expect(leaving).rejects.toThrow('gone');
    expect(batches[1]?.signal.aborted).toBe(false);
    batches[1]?.end();
    expect(await staying).toBe('A3');
  });
});
