import { describe, expect, test } from 'vitest';
import type { IndexContract } from '../../../../electron/adapters/vectors/protocol.ts';
import { createVectorStore } from '../../../../electron/adapters/vectors/vector-store.ts';
import type { Log } from '../../../../electron/core/ports/log.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { createFakeWorkers } from '../../../fakes/workers.ts';

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} };

function open() {
  const { workers, host } = createFakeWorkers<IndexContract>();
  const clock = createFakeClock();
  const settings = { maxFileBytes: 1000, chunkTokens: 100 };
  const store = createVectorStore({
    folder: '/indexes',
    workerHost: host,
    clock,
    log: quiet,
    settings: () => settings,
  });
  return { workers, clock, store, settings };
}

const stamp = { size: 5, modifiedMs: 1, changedMs: 2 };

async function opened(workers: ReturnType<typeof open>['workers'], store: ReturnType<typeof open>['store']) {
  const opening = store.openIndex({ id: 's', path: '/files', embedderId: 'e' });
  workers[0]?.send({ kind: 'result', id: 1, value: {} });
  return opening;
}

const outcome = (call: Promise<unknown>) => call.then(String, (error: unknown) => error);

describe('the client of the index worker', () => {
  test('starts the worker with the first call, configures it, and sends the current settings', async () => {
    const { workers, store, settings } = open();
    expect([workers.length, store.workerPid()]).toEqual([0, null]);
    const first = store.embedBuiltin(['a']);
    settings.chunkTokens = 200;
    const second = store.embedBuiltin(['b']);
    expect(workers[0]?.received).toMatchObject([
      { kind: 'configure', config: { folder: '/indexes' } },
      {
        kind: 'call',
        id: 1,
        method: 'embed',
        params: { params: { texts: ['a'] }, settings: { chunkTokens: 100 } },
      },
      {
        kind: 'call',
        id: 2,
        method: 'embed',
        params: { params: { texts: ['b'] }, settings: { chunkTokens: 200 } },
      },
    ]);
    workers[0]?.send({ kind: 'result', id: 2, value: ['second'] });
    workers[0]?.send({ kind: 'result', id: 1, value: ['first'] });
    expect(await Promise.all([first, second])).toEqual([['first'], ['second']]);
  });

  test('a call that only reads is sent again to the next worker, but not to a third', async () => {
    const { workers, store } = open();
    const calls = [store.embedBuiltin(['a']), store.removeIndex('x')];
    const [embedded, removed] = calls;
    workers[0]?.end();
    expect(workers[1]?.received).toMatchObject([
      { kind: 'configure' },
      { kind: 'call', id: 1, method: 'embed', params: { params: { texts: ['a'] } } },
      { kind: 'call', id: 2, method: 'remove' },
    ]);
    workers[1]?.send({ kind: 'result', id: 1, value: ['vector'] });
    expect(await embedded).toEqual(['vector']);
    workers[1]?.end();
    await expect(removed).rejects.toMatchObject({ code: 'WORKER_LOST' });
    expect(workers).toHaveLength(2);
  });

  test('a file over its limit: the worker is killed, and the next one records the file first, then gets the calls', async () => {
    const { workers, clock, store } = open();
    const index = await opened(workers, store);
    const never = new AbortController().signal;
    const prepared = outcome(index.prepare('slow.html', never));
    const other = outcome(index.prepare('other.html', never));
    const search = index.search({ text: 'a', vector: null, limit: 1 }, never);
    workers[0]?.send({
      kind: 'progress',
      id: 2,
      progress: { kind: 'file', file: { path: 'slow.html', stamp } },
    });
    await clock.advance(8000);
    workers[0]?.send({ kind: 'result', id: 4, value: [] });
    expect(await search).toEqual([]);
    // A sign of progress begins the time again.
    workers[0]?.send({
      kind: 'progress',
      id: 2,
      progress: { kind: 'file', file: { path: 'slow.html', stamp } },
    });
    await clock.advance(59_999);
    expect(workers[0]?.killed).toBe(false);
    const meta = index.meta();
    await clock.advance(1);
    expect(workers[0]?.killed).toBe(true);
    expect(workers[1]?.received).toMatchObject([
      { kind: 'configure' },
      {
        kind: 'call',
        id: 6,
        method: 'giveUp',
        params: { source: { id: 's' }, params: { path: 'slow.html', stamp } },
      },
      { kind: 'call', id: 5, method: 'meta' },
    ]);
    workers[1]?.send({ kind: 'result', id: 5, value: { files: 1 } });
    expect(await meta).toEqual({ files: 1 });
    workers[1]?.send({ kind: 'result', id: 6, value: null });
    expect(await prepared).toMatchObject({ code: 'FILE_TOO_COSTLY', details: { path: 'slow.html' } });
    expect(await other).toMatchObject({ code: 'WORKER_LOST' });
    expect(clock.pending()).toBe(0);
  });

  test('a file that cannot be recorded as failed is not reported as failed: it would be read again', async () => {
    const { workers, clock, store } = open();
    const index = await opened(workers, store);
    const prepared = outcome(index.prepare('slow.html', new AbortController().signal));
    workers[0]?.send({
      kind: 'progress',
      id: 2,
      progress: { kind: 'file', file: { path: 'slow.html', stamp } },
    });
    await clock.advance(60_000);
    const error = { code: 'DISK_FULL', message: 'full', next: 'free some' } as const;
    workers[1]?.send({ kind: 'error', id: 3, error, said: null, cause: null });
    expect(await prepared).toMatchObject({ code: 'DISK_FULL' });
  });

  test('a file that waits has no limit, nor has one that is done', async () => {
    const { workers, clock, store } = open();
    const index = await opened(workers, store);
    const never = new AbortController().signal;
    const first = index.prepare('a', never);
    const second = index.prepare('b', never);
    workers[0]?.send({ kind: 'progress', id: 2, progress: { kind: 'file', file: { path: 'a', stamp } } });
    workers[0]?.send({ kind: 'progress', id: 3, progress: { kind: 'file', file: { path: 'b', stamp } } });
    workers[0]?.send({ kind: 'progress', id: 3, progress: { kind: 'file', file: null } });
    workers[0]?.send({ kind: 'result', id: 2, value: 'first' });
    expect(await first).toBe('first');
    await clock.advance(3_600_000);
    expect(workers[0]?.killed).toBe(false);
    workers[0]?.send({ kind: 'result', id: 3, value: 'second' });
    expect(await second).toBe('second');
  });

  test('a worker that crashed in a file: the next one counts that; one killed from outside does not count', async () => {
    const { workers, store } = open();
    const index = await opened(workers, store);
    const prepared = outcome(index.prepare('a', new AbortController().signal));
    workers[0]?.send({ kind: 'progress', id: 2, progress: { kind: 'file', file: { path: 'a', stamp } } });
    workers[0]?.end({ code: 134, signal: null });
    expect(workers[1]?.received[1]).toMatchObject({
      method: 'suspect',
      params: { params: { path: 'a', stamp, run: '1' } },
    });
    workers[1]?.send({ kind: 'result', id: 3, value: null });
    expect(await prepared).toMatchObject({ code: 'WORKER_LOST' });

    const again = outcome(index.prepare('a', new AbortController().signal));
    workers[1]?.send({ kind: 'progress', id: 4, progress: { kind: 'file', file: { path: 'a', stamp } } });
    workers[1]?.end({ code: null, signal: 'SIGKILL' });
    expect(await again).toMatchObject({ code: 'WORKER_LOST' });
    expect(workers).toHaveLength(2);
  });

  test('a query that is not answered ends after a while; the worker may be in a long change', async () => {
    const { workers, clock, store } = open();
    const question = outcome(store.embedBuiltin(['a']));
    await clock.advance(10_000);
    expect(await question).toMatchObject({ code: 'INDEX_BUSY' });
    expect(workers[0]?.received.at(-1)).toEqual({ kind: 'cancel', id: 1 });
    expect(workers[0]?.killed).toBe(false);
  });

  test('a removal does not wait for a worker that is stuck: the next one does it', async () => {
    const { workers, clock, store } = open();
    const index = await opened(workers, store);
    const closed = index.close();
    const removed = store.removeIndex('s');
    await clock.advance(5000);
    expect(workers[0]?.killed).toBe(true);
    expect(workers[1]?.received).toMatchObject([
      { kind: 'configure' },
      { method: 'close' },
      { method: 'remove' },
    ]);
    workers[1]?.send({ kind: 'result', id: 2, value: null });
    workers[1]?.send({ kind: 'result', id: 3, value: null });
    await Promise.all([closed, removed]);
  });

  test('an abort rejects at once with its reason, and is sent to the worker; a late answer is dropped', async () => {
    const { workers, store } = open();
    const opening = store.openIndex({ id: 's', path: '/files', embedderId: 'e' });
    workers[0]?.send({ kind: 'result', id: 1, value: {} });
    const index = await opening;
    const controller = new AbortController();
    const seen: number[] = [];
    const scan = index.scan({ full: false }, controller.signal, (count) => seen.push(count));
    workers[0]?.send({ kind: 'progress', id: 2, progress: { kind: 'seen', seen: 7 } });
    controller.abort(new Error('enough'));
    await expect(scan).rejects.toThrow('enough');
    workers[0]?.send({ kind: 'progress', id: 2, progress: { kind: 'seen', seen: 8 } });
    workers[0]?.send({ kind: 'result', id: 2, value: {} });
    expect(seen).toEqual([7]);
    expect(workers[0]?.received.at(-1)).toEqual({ kind: 'cancel', id: 2 });
    await expect(index.prepare('a', controller.signal)).rejects.toThrow('enough');
    expect(workers[0]?.received.at(-1)).toEqual({ kind: 'cancel', id: 2 });
  });

  test('reset binds the later calls to the new embedder', async () => {
    const { workers, store } = open();
    const opening = store.openIndex({ id: 's', path: '/files', embedderId: 'old' });
    workers[0]?.send({ kind: 'result', id: 1, value: {} });
    const index = await opening;
    void index.reset({ id: 'new', dimensions: null });
    expect(workers[0]?.received.at(-1)).toMatchObject({
      method: 'reset',
      params: { source: { embedderId: 'new' } },
    });
    void index.commit('t', []);
    expect(workers[0]?.received.at(-1)).toMatchObject({
      method: 'commit',
      params: { source: { embedderId: 'new' } },
    });
  });

  test('closing asks the worker to stop, and kills it at the deadline', async () => {
    const { workers, clock, store } = open();
    const call = store.embedBuiltin(['a']);
    const refused = expect(call).rejects.toMatchObject({ code: 'STOPPING' });
    const closed = store.close();
    expect(workers[0]?.received.at(-1)).toEqual({ kind: 'stop' });
    await clock.advance(4999);
    expect(workers[0]?.killed).toBe(false);
    await clock.advance(1);
    expect(workers[0]?.killed).toBe(true);
    await Promise.all([closed, refused, store.close()]);
    await expect(store.embedBuiltin(['b'])).rejects.toMatchObject({ code: 'STOPPING' });
    expect(workers).toHaveLength(1);
    expect(clock.pending()).toBe(0);
  });
});
