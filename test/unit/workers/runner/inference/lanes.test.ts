import { describe, expect, it } from 'vitest';
import type { FromLane, ToLane } from '../../../../../electron/workers/runner/inference/lane.ts';
import { createLanes } from '../../../../../electron/workers/runner/inference/lanes.ts';
import { PilotlightError, toWireError } from '../../../../../shared/contract/errors.ts';
import { floatTensor } from '../../../../fakes/runner-graphs.ts';

const options = { reduction: null, shrink: false };
const feeds = (value = 1) => ({ x: floatTensor([1], [value]) });
const failure = (): FromLane => {
  const error = new PilotlightError('RUNNER_OUT_OF_MEMORY');
  return { kind: 'failed', error: toWireError(error), said: error.said };
};
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

interface FakeThread {
  received: ToLane[];
  answer(message: FromLane): void;
  end(): void;
}

function world() {
  const threads: FakeThread[] = [];
  const lanes = createLanes({ count: 2, threads: 3 }, () => {
    let listener: (message: FromLane) => void = () => {};
    let onEnd: (error: unknown) => void = () => {};
    const thread: FakeThread = {
      received: [],
      answer: (message) => listener(message),
      end: () => onEnd(new Error('ended')),
    };
    threads.push(thread);
    return {
      // As between threads: what is handed over cannot be used here any more.
      post: (message, transfer) => void thread.received.push(structuredClone(message, { transfer })),
      onMessage(given) {
        listener = given;
      },
      onEnd(given) {
        onEnd = given;
      },
    };
  });
  async function opened(graph = 1) {
    lanes.state(graph, 'm');
    for (const thread of threads) thread.answer({ kind: 'opened' });
    await settled();
  }
  return { lanes, threads, opened };
}
const ran = (value: number): FromLane => ({
  kind: 'ran',
  answers: { y: floatTensor([1], [value]) },
  ms: 5,
});

describe('lanes', () => {
  it('begin when they are first asked for, and open the graph once each', () => {
    const { lanes, threads } = world();
    expect(threads).toHaveLength(0);
    expect([lanes.state(1, 'm'), lanes.state(1, 'm')]).toEqual(['opening', 'opening']);
    expect(threads.map(({ received }) => received)).toEqual(
      Array(2).fill([{ kind: 'open', graph: 1, file: 'm', threads: 3 }]),
    );
  });

  it('are used as soon as one of them has the graph', async () => {
    const { lanes, threads } = world();
    lanes.state(1, 'm');
    threads[1]?.answer({ kind: 'opened' });
    await settled();
    expect(lanes.state(1, 'm')).toBe('free');
    void lanes.run(1, feeds(), options);
    expect(threads[1]?.received).toHaveLength(2);
    expect(lanes.state(1, 'm')).toBe('busy');
  });

  it('run beside each other, and count who does', async () => {
    const { lanes, threads, opened } = world();
    await opened();
    const first = lanes.run(1, feeds(1), options);
    expect([lanes.busy, lanes.state(1, 'm')]).toEqual([1, 'free']);
    const second = lanes.run(1, feeds(2), options);
    expect([lanes.busy, lanes.state(1, 'm')]).toEqual([2, 'busy']);
    threads[1]?.answer(ran(20));
    threads[0]?.answer(ran(10));
    await expect(first).resolves.toEqual({ answers: { y: floatTensor([1], [10]) }, ms: 5, beside: 2 });
    await expect(second).resolves.toMatchObject({ answers: { y: floatTensor([1], [20]) }, beside: 2 });
    expect([lanes.busy, lanes.state(1, 'm')]).toEqual([0, 'free']);
  });

  it('hand over copies: inputs of other messages lie in the same memory', async () => {
    const { lanes, threads, opened } = world();
    await opened();
    const all = new Float32Array([1, 2, 3]);
    const rgb = Buffer.from([9, 8, 7, 6]).subarray(0, 3);
    const normalisation = { order: 'rgb', scale: 1, mean: [0, 0, 0], deviation: [1, 1, 1] } as const;
    void lanes.run(
      1,
      {
        x: { type: 'float32', dims: [2], data: all.subarray(1) },
        p: { type: 'pictures', dims: [1, 3, 1, 1], data: [{ width: 1, height: 1, rgb }], normalisation },
      },
      options,
    );
    const sent = threads[0]?.received[1];
    expect(sent).toMatchObject({
      kind: 'run',
      feeds: {
        x: { data: new Float32Array([2, 3]) },
        p: { type: 'pictures', dims: [1, 3, 1, 1], data: [{ rgb: Uint8Array.of(9, 8, 7) }], normalisation },
      },
    });
    expect([...all, ...rgb]).toEqual([1, 2, 3, 9, 8, 7]);
  });

  it('use the memory of a picture again, for its own bytes', async () => {
    const { lanes, threads, opened } = world();
    await opened();
    const normalisation = { order: 'rgb', scale: 1, mean: [0, 0, 0], deviation: [1, 1, 1] } as const;
    const run = (bytes: number[]) => {
      const rgb = Uint8Array.from(bytes);
      const picture = { width: bytes.length / 3, height: 1, rgb };
      return lanes.run(
        1,
        { p: { type: 'pictures', dims: [1, 3, 1, 2], data: [picture], normalisation } },
        options,
      );
    };
    const sent = () => {
      const message = threads[0]?.received.at(-1);
      const feed = message?.kind === 'run' ? message.feeds.p : undefined;
      if (feed?.type !== 'pictures') throw new Error('No picture was sent.');
      return feed.data[0]?.rgb ?? new Uint8Array();
    };
    const first = run([1, 2, 3, 4, 5, 6]);
    expect([...sent()]).toEqual([1, 2, 3, 4, 5, 6]);
    const before = sent();
    expect(before.buffer).toBeInstanceOf(SharedArrayBuffer);
    threads[0]?.answer({ kind: 'ran', answers: {}, ms: 1 });
    await first;
    void run([7, 8, 9]);
    expect([...sent()]).toEqual([7, 8, 9]);
    // It is the same memory.
    expect([...before]).toEqual([7, 8, 9, 4, 5, 6]);
  });

  it('pass on the error of a run, and go on', async () => {
    const { lanes, threads, opened } = world();
    await opened();
    const run = lanes.run(1, feeds(), options);
    threads[0]?.answer(failure());
    await expect(run).rejects.toMatchObject({ code: 'RUNNER_OUT_OF_MEMORY' });
    expect(lanes.state(1, 'm')).toBe('free');
  });

  it('are never used for a graph that one of them could not open', async () => {
    const { lanes, threads } = world();
    lanes.state(1, 'm');
    threads[0]?.answer({ kind: 'opened' });
    threads[1]?.answer(failure());
    await settled();
    expect(lanes.state(1, 'm')).toBe('never');
    // Its memory is given back, and other graphs are not affected.
    expect(threads[0]?.received.at(-1)).toEqual({ kind: 'close', graph: 1 });
    expect(lanes.state(2, 'n')).toBe('opening');
  });

  it('close a graph, also one that they are opening', async () => {
    const { lanes, threads, opened } = world();
    await opened(1);
    lanes.close(1);
    expect(threads[0]?.received.at(-1)).toEqual({ kind: 'close', graph: 1 });
    lanes.state(2, 'n');
    lanes.close(2);
    for (const thread of threads) thread.answer({ kind: 'opened' });
    await settled();
    expect(threads.map(({ received }) => received.at(-1))).toEqual(
      Array(2).fill({ kind: 'close', graph: 2 }),
    );
  });

  it('that end fail their run and are not used again', async () => {
    const { lanes, threads, opened } = world();
    await opened();
    const run = lanes.run(1, feeds(), options);
    threads[0]?.end();
    await expect(run).rejects.toThrow('ended');
    const next = lanes.run(1, feeds(), options);
    threads[1]?.answer(ran(1));
    await expect(next).resolves.toMatchObject({ beside: 1 });
    threads[1]?.end();
    expect(lanes.state(1, 'm')).toBe('opening');
    expect(threads).toHaveLength(2);
  });
});
