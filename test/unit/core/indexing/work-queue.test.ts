import { describe, expect, it } from 'vitest';
import { createWorkQueue, openFile, takeVector } from '../../../../electron/core/indexing/work-queue.ts';

const never = new AbortController().signal;
const vector = Float32Array.of(1, 0);
const fileOf = (path: string, count: number) =>
  openFile(
    {
      token: path,
      path,
      language: 'text',
      chunks: Array.from({ length: count }, (_, ordinal) => ({
        ordinal,
        text: `${path} ${ordinal}`,
        startByte: 0,
        endByte: 1,
        heading: '',
      })),
    },
    10,
  );

describe('the vectors of a file', () => {
  it('are complete when each of its texts has one', () => {
    const file = fileOf('a', 2);
    expect(takeVector({ file, ordinal: 1 }, vector, false)).toBe(false);
    expect(takeVector({ file, ordinal: 0 }, vector, true)).toBe(true);
    expect(file).toMatchObject({ missing: 0, fallback: 1, vectors: [vector, vector] });
  });

  it('count once, even if a text comes back twice', () => {
    const file = fileOf('a', 2);
    takeVector({ file, ordinal: 0 }, vector, true);
    expect(takeVector({ file, ordinal: 0 }, Float32Array.of(0, 1), true)).toBe(false);
    expect(file).toMatchObject({ missing: 1, fallback: 1, vectors: [vector, null] });
    expect(takeVector({ file, ordinal: 1 }, vector, false)).toBe(true);
    // A file that is being stored is not stored again.
    expect(takeVector({ file, ordinal: 1 }, vector, false)).toBe(false);
  });

  it('do not count for a file that failed', () => {
    const file = fileOf('a', 1);
    file.dropped = true;
    expect(takeVector({ file, ordinal: 0 }, vector, true)).toBe(false);
    expect(file).toMatchObject({ missing: 1, fallback: 0, vectors: [null] });
  });
});

describe('the queue of texts', () => {
  const names = ({ texts }: { texts: readonly { text: string }[] }) => texts.map(({ text }) => text);

  it('fills batches across files, and gives a smaller one only at the end', async () => {
    const queue = createWorkQueue();
    queue.add(fileOf('a', 2));
    queue.add(fileOf('b', 3));
    expect(names(await queue.take(4, never))).toEqual(['a 0', 'a 1', 'b 0', 'b 1']);
    let given: string[] | null = null;
    const waiting = queue.take(4, never).then((batch) => {
      given = names(batch);
    });
    await Promise.resolve();
    expect([given, queue.waiting]).toEqual([null, 1]);
    queue.close();
    await waiting;
    expect(given).toEqual(['b 2']);
  });

  it('reports how many texts wait, with those that came back', async () => {
    const counts: number[] = [];
    const queue = createWorkQueue((texts) => counts.push(texts));
    queue.add(fileOf('a', 5));
    const batch = await queue.take(4, never);
    queue.giveBack(batch);
    queue.close();
    await queue.take(4, never);
    await queue.take(4, never);
    expect(counts).toEqual([5, 1, 5, 1, 0]);
  });

  it('hands out first what came back, without the texts of files that failed', async () => {
    const queue = createWorkQueue();
    const [a, b] = [fileOf('a', 2), fileOf('b', 2)];
    queue.add(a);
    queue.add(b);
    queue.add(fileOf('c', 2));
    const batch = await queue.take(4, never);
    queue.giveBack({ ...batch, attempts: 2 });
    a.dropped = true;
    const again = await queue.take(4, never);
    expect([names(again), again.attempts]).toEqual([['b 0', 'b 1'], 2]);
    queue.close();
    expect(names(await queue.take(4, never))).toEqual(['c 0', 'c 1']);
  });

  it('has room again when texts were handed out', async () => {
    const queue = createWorkQueue();
    queue.add(fileOf('a', 4));
    let room = false;
    const waiting = queue.room(4, never).then(() => {
      room = true;
    });
    await Promise.resolve();
    expect(room).toBe(false);
    await queue.take(2, never);
    await waiting;
    expect(room).toBe(true);
  });
});
