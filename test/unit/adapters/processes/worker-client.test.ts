import { describe, expect, test } from 'vitest';
import {
  createWorkerClient,
  type MethodPolicy,
  type WorkerClientOptions,
  type WorkerEnd,
} from '../../../../electron/adapters/processes/worker-client.ts';
import type { Log } from '../../../../electron/core/ports/log.ts';
import { fact } from '../../../../shared/models/message.ts';
import { textOf } from '../../../../shared/text/index.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { createFakeWorkers } from '../../../fakes/workers.ts';

interface Contract {
  config: { folder: string };
  calls: {
    read: { params: string; result: string };
    write: { params: string; result: null };
    close: { params: null; result: null };
  };
  progress: { isBusy: boolean };
  event: string;
}

const read: MethodPolicy = { deadlineMs: 1000, lateCode: 'INDEX_BUSY', isRepeatable: true };
const write: MethodPolicy = { deadlineMs: null, lateCode: null, isRepeatable: false };
const close: MethodPolicy = { deadlineMs: 500, lateCode: null, isRepeatable: true };

function open(options: Partial<WorkerClientOptions<Contract>> = {}) {
  const fake = createFakeWorkers<Contract>();
  const clock = createFakeClock();
  const logged: string[] = [];
  const record = (message: string) => void logged.push(message);
  const log: Log = { debug: record, info: record, warn: record, error: record };
  const client = createWorkerClient<Contract>({
    name: 'test',
    host: fake.host,
    clock,
    log,
    config: { folder: '/data' },
    methods: { read, write, close },
    silenceMs: ({ isBusy }) => (isBusy ? 60_000 : null),
    ...options,
  });
  return { ...fake, clock, client, logged };
}

const outcome = (call: Promise<unknown>) => call.then(String, (error: unknown) => error);

describe('the client of a worker process', () => {
  test('starts the worker with the first call, configures it once, and gives each call its answer', async () => {
    const { client, workers } = open();
    expect([workers.length, client.pid()]).toEqual([0, null]);
    const calls = [client.call('read', 'a'), client.call('read', 'b')];
    expect(client.pid()).toBe(1);
    expect(workers[0]?.received).toEqual([
      { kind: 'configure', config: { folder: '/data' } },
      { kind: 'call', id: 1, method: 'read', params: 'a' },
      { kind: 'call', id: 2, method: 'read', params: 'b' },
    ]);
    workers[0]?.send({ kind: 'result', id: 2, value: 'second' });
    workers[0]?.send({ kind: 'result', id: 1, value: 'first' });
    expect(await Promise.all(calls)).toEqual(['first', 'second']);
  });

  test('an error keeps its code, message, next step and details; a defect is logged with its stack', async () => {
    const { client, workers, logged } = open();
    const call = client.call('write', 'a');
    const error = { code: 'DISK_FULL', message: 'Full.', next: 'Free some.', details: { free: 0 } } as const;
    workers[0]?.send({ kind: 'error', id: 1, error, said: null, cause: 'at write' });
    await expect(call).rejects.toMatchObject({ name: 'PilotlightError', ...error, said: null });
    expect(logged).toEqual(['A worker failed.']);
  });

  test('an error keeps its message as a fact', async () => {
    const { client, workers } = open();
    const call = client.call('write', 'a');
    const said = fact('FILE_IS_EMPTY');
    const error = { code: 'FILE_EMPTY', message: textOf(said), next: '' } as const;
    workers[0]?.send({ kind: 'error', id: 1, error, said, cause: null });
    await expect(call).rejects.toMatchObject({ ...error, said });
  });

  test('an event reaches its listener without a call', () => {
    const events: string[] = [];
    const { client, workers } = open({ onEvent: (event) => events.push(event) });
    client.start();
    client.start();
    expect(workers).toHaveLength(1);
    workers[0]?.send({ kind: 'event', event: 'hello' });
    expect(events).toEqual(['hello']);
  });

  test('an abort rejects at once with its reason and cancels the call; a late answer is dropped', async () => {
    const { client, workers, clock } = open();
    const controller = new AbortController();
    const progress: boolean[] = [];
    const call = client.call('write', 'a', {
      signal: controller.signal,
      onProgress: ({ isBusy }) => progress.push(isBusy),
    });
    workers[0]?.send({ kind: 'progress', id: 1, progress: { isBusy: true } });
    controller.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    workers[0]?.send({ kind: 'progress', id: 1, progress: { isBusy: false } });
    workers[0]?.send({ kind: 'result', id: 1, value: null });
    expect(progress).toEqual([true]);
    expect(workers[0]?.received.at(-1)).toEqual({ kind: 'cancel', id: 1 });
    await expect(client.call('read', 'b', { signal: controller.signal })).rejects.toThrow('enough');
    expect(workers[0]?.received.at(-1)).toEqual({ kind: 'cancel', id: 1 });
    expect(clock.pending()).toBe(0);
  });

  test('a late call rejects with the code of its method; the worker keeps running', async () => {
    const { client, workers, clock } = open();
    const call = outcome(client.call('read', 'a'));
    await clock.advance(999);
    expect(workers[0]?.received).toHaveLength(2);
    await clock.advance(1);
    expect(await call).toMatchObject({ code: 'INDEX_BUSY' });
    expect(workers[0]?.received.at(-1)).toEqual({ kind: 'cancel', id: 1 });
    expect(workers[0]?.killed).toBe(false);
  });

  test('a late call whose method must not wait: the worker is killed, and the next one answers', async () => {
    const { client, workers, clock } = open();
    const closed = client.call('close', null);
    const written = outcome(client.call('write', 'a'));
    await clock.advance(500);
    expect(workers[0]?.killed).toBe(true);
    expect(workers[1]?.received).toMatchObject([{ kind: 'configure' }, { method: 'close' }]);
    workers[1]?.send({ kind: 'result', id: 1, value: null });
    expect(await closed).toBeNull();
    expect(await written).toMatchObject({ code: 'WORKER_LOST' });
  });

  test('a call that reports no further progress: the worker is killed for it, and that is reported', async () => {
    const ends: WorkerEnd[] = [];
    const { client, workers, clock } = open({
      onLost: async (lost, end) => {
        ends.push(end);
        expect(lost).toMatchObject([{ call: { id: 1 }, progress: { isBusy: true } }]);
        return new Map([[1, new Error('its fault')]]);
      },
    });
    const call = outcome(client.call('write', 'a'));
    workers[0]?.send({ kind: 'progress', id: 1, progress: { isBusy: true } });
    await clock.advance(59_999);
    // Progress starts the time again.
    workers[0]?.send({ kind: 'progress', id: 1, progress: { isBusy: true } });
    await clock.advance(59_999);
    expect(workers[0]?.killed).toBe(false);
    await clock.advance(1);
    expect(await call).toEqual(new Error('its fault'));
    expect(ends).toEqual([{ run: '1', killedFor: 1, isCrash: false }]);
  });

  test('a call that is not busy may take as long as it likes', async () => {
    const { client, workers, clock } = open();
    const call = client.call('write', 'a');
    workers[0]?.send({ kind: 'progress', id: 1, progress: { isBusy: true } });
    workers[0]?.send({ kind: 'progress', id: 1, progress: { isBusy: false } });
    await clock.advance(3_600_000);
    workers[0]?.send({ kind: 'result', id: 1, value: null });
    expect(await call).toBeNull();
  });

  test.each([
    ['crashed', { code: 134, signal: null }, true],
    ['exited', { code: 0, signal: null }, true],
    ['was killed', { code: null, signal: 'SIGKILL' }, false],
    ['was ended', { code: null, signal: 'SIGTERM' }, false],
    ['was killed, as a utility process says it', { code: 9, signal: null }, false],
  ] as const)(
    'a worker that %s: its callers are told, and whether it was a crash',
    async (_, how, isCrash) => {
      const ends: WorkerEnd[] = [];
      const { client, workers } = open({
        onLost: async (_lost, end) => {
          ends.push(end);
          return new Map();
        },
      });
      const call = outcome(client.call('write', 'a'));
      workers[0]?.end(how);
      expect(await call).toMatchObject({ code: 'WORKER_LOST' });
      expect(ends).toEqual([{ run: '1', killedFor: null, isCrash }]);
      expect(client.pid()).toBeNull();
    },
  );

  test('a repeatable call is sent to the next worker, not to a third, after what the loss gave rise to', async () => {
    const { client, workers } = open({
      onLost: async (_lost, { run }) => {
        if (run === '1') void client.call('write', 'record').catch(() => {});
        return new Map();
      },
    });
    const call = outcome(client.call('read', 'a'));
    workers[0]?.end();
    expect(workers[1]?.received).toMatchObject([
      { kind: 'configure' },
      { method: 'write', params: 'record' },
      { id: 1, method: 'read', params: 'a' },
    ]);
    workers[0]?.send({ kind: 'result', id: 1, value: 'from the lost worker' });
    workers[1]?.end();
    expect(await call).toMatchObject({ code: 'WORKER_LOST' });
    expect(workers).toHaveLength(2);
  });

  test('a worker that cannot be started rejects the call, first and repeated', async () => {
    const { client, workers, failWith } = open();
    const repeated = outcome(client.call('read', 'a'));
    failWith(new Error('no more processes'));
    workers[0]?.end();
    expect(await repeated).toMatchObject({ code: 'WORKER_LOST' });
    await expect(client.call('read', 'b')).rejects.toMatchObject({ code: 'WORKER_LOST' });
  });

  test('says when a worker starts, ends by itself, and cannot be started again', async () => {
    const said: string[] = [];
    const { client, workers, clock, failWith } = open({
      keepRunning: true,
      onStart: () => said.push('start'),
      onEnd: () => said.push('end'),
      onFailedStart: () => said.push('failed'),
    });
    client.start();
    workers[0]?.end();
    failWith(new Error('No memory.'));
    await clock.advance(250);
    failWith(null);
    await clock.advance(500);
    const stopped = client.stop();
    workers[1]?.end({ code: 0, signal: null });
    await stopped;
    expect(said).toEqual(['start', 'end', 'failed', 'start']);
  });

  test('one that has to keep running is started again, ever later, and soon again once it has recovered', async () => {
    const { client, workers, clock, failWith } = open({ keepRunning: true });
    client.start();
    workers[0]?.end();
    await clock.advance(249);
    expect(workers).toHaveLength(1);
    await clock.advance(1);
    expect(workers).toHaveLength(2);
    workers[1]?.end();
    failWith(new Error('no more processes'));
    await clock.advance(500);
    failWith(null);
    await clock.advance(999);
    expect(workers).toHaveLength(2);
    await clock.advance(1);
    expect(workers).toHaveLength(3);
    await clock.advance(60_000);
    workers[2]?.end();
    await clock.advance(250);
    expect(workers).toHaveLength(4);
    const stopped = client.stop();
    workers[3]?.end();
    await stopped;
    await clock.advance(3_600_000);
    expect(workers).toHaveLength(4);
    expect(clock.pending()).toBe(0);
  });

  test('stopping asks first, kills at the deadline, and refuses what comes later', async () => {
    const { client, workers, clock } = open();
    const refused = outcome(client.call('read', 'a'));
    const stopped = client.stop();
    expect(workers[0]?.received.at(-1)).toEqual({ kind: 'stop' });
    workers[0]?.send({ kind: 'progress', id: 1, progress: { isBusy: true } });
    await clock.advance(4999);
    expect(workers[0]?.killed).toBe(false);
    await clock.advance(1);
    expect(workers[0]?.killed).toBe(true);
    await Promise.all([stopped, client.stop()]);
    expect(await refused).toMatchObject({ code: 'INDEX_BUSY' });
    await expect(client.call('read', 'b')).rejects.toMatchObject({ code: 'STOPPING' });
    client.start();
    expect(workers).toHaveLength(1);
    expect(clock.pending()).toBe(0);
  });

  test('what is under way when a stopping worker ends rejects with STOPPING', async () => {
    const { client, workers } = open();
    const call = outcome(client.call('read', 'a'));
    const stopped = client.stop();
    workers[0]?.end({ code: 0, signal: null });
    await stopped;
    expect(await call).toMatchObject({ code: 'STOPPING' });
  });

  test('a client that never started its worker stops at once', async () => {
    await open().client.stop();
  });
});
