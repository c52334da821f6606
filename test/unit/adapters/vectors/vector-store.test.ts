import { describe, expect, test } from 'vitest';
import type {
  WorkerExit,
  WorkerHost,
  WorkerProcess,
} from '../../../../electron/adapters/processes/worker-host.ts';
import type { FromIndexWorker, ToIndexWorker } from '../../../../electron/adapters/vectors/protocol.ts';
import { createVectorStore } from '../../../../electron/adapters/vectors/vector-store.ts';
import type { Log } from '../../../../electron/core/ports.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Workers that do what the test says, and write down what they are told. */
function createWorkers() {
  const workers: {
    told: ToIndexWorker[];
    say(message: FromIndexWorker): void;
    end(): void;
    killed: boolean;
  }[] = [];
  const host: WorkerHost = {
    start(): WorkerProcess {
      const exits: ((exit: WorkerExit) => void)[] = [];
      let listener: (message: unknown) => void = () => {};
      const worker = {
        told: [] as ToIndexWorker[],
        killed: false,
        say: (message: FromIndexWorker) => listener(message),
        end() {
          for (const exit of exits.splice(0)) exit({ code: null, signal: 'SIGKILL', lastWords: '' });
        },
      };
      workers.push(worker);
      return {
        pid: workers.length,
        send: (message) => void worker.told.push(structuredClone(message) as ToIndexWorker),
        onMessage(given) {
          listener = given;
        },
        onExit: (given) => void exits.push(given),
        kill() {
          worker.killed = true;
          worker.end();
        },
      };
    },
  };
  return { workers, host };
}

function open() {
  const { workers, host } = createWorkers();
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

describe('the client of the index worker', () => {
  test('starts the worker with the first call, configures it, and sends the settings of the moment', async () => {
    const { workers, store, settings } = open();
    expect([workers.length, store.workerPid()]).toEqual([0, null]);
    const first = store.embedBuiltin(['a']);
    settings.chunkTokens = 200;
    const second = store.embedBuiltin(['b']);
    expect(workers[0]?.told).toMatchObject([
      { kind: 'configure', config: { folder: '/indexes' } },
      { kind: 'call', id: 1, method: 'embed', params: { texts: ['a'] }, settings: { chunkTokens: 100 } },
      { kind: 'call', id: 2, method: 'embed', params: { texts: ['b'] }, settings: { chunkTokens: 200 } },
    ]);
    workers[0]?.say({ kind: 'result', id: 2, value: ['second'] });
    workers[0]?.say({ kind: 'result', id: 1, value: ['first'] });
    expect(await Promise.all([first, second])).toEqual([['first'], ['second']]);
  });

  test('an error keeps its code, its next step and its details', async () => {
    const { workers, store } = open();
    const call = store.removeIndex('x');
    const error = { code: 'DISK_FULL', message: 'Full.', next: 'Free some.', details: { free: 0 } } as const;
    workers[0]?.say({ kind: 'error', id: 1, error, cause: null });
    await expect(call).rejects.toMatchObject({ name: 'PilotlightError', ...error });
  });

  test('what was under way when the worker was lost rejects; the next call starts another', async () => {
    const { workers, store } = open();
    const lost = [store.embedBuiltin(['a']), store.removeIndex('x')];
    workers[0]?.end();
    for (const call of lost) await expect(call).rejects.toMatchObject({ code: 'WORKER_LOST' });
    const next = store.embedBuiltin(['b']);
    expect(workers).toHaveLength(2);
    expect(workers[1]?.told[0]).toMatchObject({ kind: 'configure' });
    workers[0]?.say({ kind: 'result', id: 3, value: 'from the dead' });
    workers[1]?.say({ kind: 'result', id: 3, value: ['b'] });
    expect(await next).toEqual(['b']);
  });

  test('an abort rejects at once with its reason, and tells the worker; a late answer is dropped', async () => {
    const { workers, store } = open();
    const opening = store.openIndex({ id: 's', path: '/files', embedderId: 'e' });
    workers[0]?.say({ kind: 'result', id: 1, value: {} });
    const index = await opening;
    const controller = new AbortController();
    const seen: number[] = [];
    const scan = index.scan({ full: false }, controller.signal, (count) => seen.push(count));
    workers[0]?.say({ kind: 'progress', id: 2, seen: 7 });
    controller.abort(new Error('enough'));
    await expect(scan).rejects.toThrow('enough');
    workers[0]?.say({ kind: 'progress', id: 2, seen: 8 });
    workers[0]?.say({ kind: 'result', id: 2, value: {} });
    expect(seen).toEqual([7]);
    expect(workers[0]?.told.at(-1)).toEqual({ kind: 'cancel', id: 2 });
    await expect(index.prepare('a', controller.signal)).rejects.toThrow('enough');
    expect(workers[0]?.told.at(-1)).toEqual({ kind: 'cancel', id: 2 });
  });

  test('reset binds the later calls to the new embedder', async () => {
    const { workers, store } = open();
    const opening = store.openIndex({ id: 's', path: '/files', embedderId: 'old' });
    workers[0]?.say({ kind: 'result', id: 1, value: {} });
    const index = await opening;
    void index.reset({ id: 'new', dimensions: null });
    expect(workers[0]?.told.at(-1)).toMatchObject({ method: 'reset', source: { embedderId: 'new' } });
    void index.commit('t', []);
    expect(workers[0]?.told.at(-1)).toMatchObject({ method: 'commit', source: { embedderId: 'new' } });
  });

  test('closing asks first, and ends a worker that does not listen at the deadline', async () => {
    const { workers, clock, store } = open();
    const call = store.embedBuiltin(['a']);
    const refused = expect(call).rejects.toMatchObject({ code: 'STOPPING' });
    const closed = store.close();
    expect(workers[0]?.told.at(-1)).toEqual({ kind: 'stop' });
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
