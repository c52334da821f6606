import { describe, expect, it } from 'vitest';
import {
  createReader,
  type FromReaderThread,
  type ReaderThread,
  type ReadRequest,
} from '../../../../electron/workers/index/reader.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

function open() {
  const clock = createFakeClock();
  const threads: {
    posted: string[];
    say(message: FromReaderThread): void;
    end(code: string | null): void;
    /** Lets the end come that was asked for. */
    ended(): void;
    isTold: boolean;
  }[] = [];
  let stuck = 0;
  const reader = createReader({
    startThread(): ReaderThread {
      const end = Promise.withResolvers<void>();
      let onMessage: (message: FromReaderThread) => void = () => {};
      let onEnd: (code: string | null) => void = () => {};
      const thread = {
        posted: [] as string[],
        isTold: false,
        say: (message: FromReaderThread) => onMessage(message),
        end: (code: string | null) => onEnd(code),
        ended: () => end.resolve(),
      };
      threads.push(thread);
      return {
        post: (request) => void thread.posted.push(request.path),
        onMessage(listener) {
          onMessage = listener;
        },
        onEnd(listener) {
          onEnd = listener;
        },
        terminate() {
          thread.isTold = true;
          return end.promise;
        },
      };
    },
    timer: clock.timer,
    onStuck() {
      stuck += 1;
    },
  });
  const request = (path: string): ReadRequest => ({
    bytes: new Uint8Array(),
    path,
    maxTokens: 1,
    embed: false,
  });
  const steps: string[] = [];
  function read(path: string, signal = new AbortController().signal) {
    return reader
      .read(request(path), { signal, onStep: (isReading) => void steps.push(`${path} ${isReading}`) })
      .then(
        ({ cut }) => (cut.ok ? cut.language : cut.code),
        (error: unknown) => (error instanceof Error && 'code' in error ? error.code : String(error)),
      );
  }
  const done = (language: string): FromReaderThread => ({
    kind: 'read',
    cut: { ok: true, language, chunks: [] },
    vectors: null,
  });
  return { clock, threads, reader, read, steps, done, stuck: () => stuck };
}

describe('the reader', () => {
  it('reads one file at a time, in order, in one thread', async () => {
    const { threads, read, steps, done } = open();
    const reads = [read('a'), read('b')];
    expect(threads[0]?.posted).toEqual(['a']);
    threads[0]?.say({ kind: 'step' });
    threads[0]?.say(done('first'));
    expect(threads[0]?.posted).toEqual(['a', 'b']);
    threads[0]?.say(done('second'));
    expect(await Promise.all(reads)).toEqual(['first', 'second']);
    expect(threads).toHaveLength(1);
    expect(steps).toEqual(['a false', 'a true', 'b false']);
  });

  it('ends the thread of an abandoned file, and continues with the next one in another', async () => {
    const { threads, read, done, clock, stuck } = open();
    const controller = new AbortController();
    const first = read('a', controller.signal);
    const second = read('b');
    controller.abort(new Error('enough'));
    expect(await first).toBe('Error: enough');
    expect(threads[0]?.isTold).toBe(true);
    // Its remaining messages concern a file that no call waits for.
    threads[0]?.say(done('late'));
    threads[0]?.end(null);
    expect(threads[1]?.posted).toEqual(['b']);
    threads[1]?.say(done('second'));
    expect(await second).toBe('second');
    threads[0]?.ended();
    await clock.advance(10_000);
    expect(stuck()).toBe(0);
  });

  it('one that is waiting leaves the queue silently', async () => {
    const { threads, read, done } = open();
    const controller = new AbortController();
    const first = read('a');
    const second = read('b', controller.signal);
    controller.abort(new Error('enough'));
    expect(await second).toBe('Error: enough');
    threads[0]?.say(done('first'));
    expect(await first).toBe('first');
    expect(threads[0]?.posted).toEqual(['a']);
    expect(await read('c', controller.signal)).toBe('Error: enough');
  });

  it('says so when a thread does not end', async () => {
    const { threads, read, clock, stuck, reader } = open();
    const controller = new AbortController();
    const first = read('a', controller.signal);
    controller.abort(new Error('enough'));
    await first;
    await clock.advance(999);
    expect(stuck()).toBe(0);
    await clock.advance(1);
    expect(stuck()).toBe(1);
    let isStopped = false;
    const stopped = reader.stop().then(() => {
      isStopped = true;
    });
    await clock.flush();
    expect(isStopped).toBe(false);
    threads[0]?.ended();
    await stopped;
  });

  it('fails the file in whose middle the thread ended', async () => {
    const { threads, read, done } = open();
    const first = read('a');
    const second = read('b');
    threads[0]?.end('ERR_WORKER_OUT_OF_MEMORY');
    expect(await first).toBe('FILE_TOO_COSTLY');
    threads[1]?.say(done('second'));
    expect(await second).toBe('second');
    const third = read('c');
    threads[1]?.say({ kind: 'failed', error: 'a defect' });
    expect(await third).toBe('FILE_UNREADABLE');
  });

  it('shows a file before those that wait to be indexed', async () => {
    const { reader, read, threads } = open();
    void read('a.txt').catch(() => {});
    void read('b.txt').catch(() => {});
    const shown = reader.show(
      { bytes: new Uint8Array(), path: 'shown.txt', show: { startByte: 0, endByte: 1 } },
      new AbortController().signal,
    );
    const [thread] = threads;
    expect(thread?.posted).toEqual(['a.txt']);
    thread?.say({ kind: 'read', cut: { ok: true, language: 'text', chunks: [] }, vectors: null });
    expect(thread?.posted).toEqual(['a.txt', 'shown.txt']);
    const file = { ok: false, code: 'FILE_EMPTY', reason: { code: 'FILE_IS_EMPTY', params: {} } } as const;
    thread?.say({ kind: 'shown', file });
    expect(await shown).toEqual(file);
    expect(thread?.posted).toEqual(['a.txt', 'shown.txt', 'b.txt']);
  });
});
