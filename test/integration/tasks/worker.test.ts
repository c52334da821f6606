/** The worker with real processes and sockets, against a server that a test controls. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TaskWorkerConfig, TaskWorkerStatus } from '../../../electron/adapters/tasks/worker-protocol.ts';
import { openTaskWorker } from '../../../electron/workers/tasks/open-worker.ts';
import type { TaskWorker } from '../../../electron/workers/tasks/worker.ts';
import { type FakeTaskServer, startTaskServer } from '../../fakes/task-server.ts';
import { createRememberingLog } from '../../fakes/transport.ts';

const entry = fileURLToPath(new URL('../../fakes/task-handlers.ts', import.meta.url));

let server: FakeTaskServer;
let folder: string;
let workers: TaskWorker[];
let statuses: ReturnType<typeof createStatuses>;
let log: ReturnType<typeof createRememberingLog>;

beforeEach(async () => {
  server = await startTaskServer();
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-worker-test-'));
  workers = [];
  statuses = createStatuses();
  log = createRememberingLog();
});

afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function createStatuses() {
  let now: TaskWorkerStatus | null = null;
  let waiting: { state: string; resolve(status: TaskWorkerStatus): void }[] = [];
  function check(): void {
    const all = waiting;
    waiting = [];
    for (const one of all) {
      if (now?.state === one.state) one.resolve(now);
      else waiting.push(one);
    }
  }
  return {
    set(status: TaskWorkerStatus) {
      now = status;
      check();
    },
    /** Resolves when the worker is in this state. */
    when(state: TaskWorkerStatus['state']): Promise<TaskWorkerStatus> {
      return new Promise((resolve) => {
        waiting.push({ state, resolve });
        check();
      });
    },
  };
}

async function start(config: Partial<TaskWorkerConfig> = {}): Promise<TaskWorker> {
  const worker = await openTaskWorker({
    entry,
    log,
    onStatus: statuses.set,
    config: {
      server: server.url,
      token: server.key,
      id: 'worker-1',
      name: 'one',
      type: 'cpu',
      queues: ['celery'],
      slots: 1,
      version: '1',
      agentId: null,
      sharedFolder: null,
      memoryLimitMb: 300,
      ...config,
    },
  });
  workers.push(worker);
  return worker;
}

const mark = () => join(folder, 'mark');
const act = (what: string) => ({ options: { do: what, mark: mark() } });
const proceed = () => writeFileSync(`${mark()}.continue`, '');

describe('a task', () => {
  test('is downloaded, worked on and completed with its text, title and metadata', async () => {
    await start();
    const task = server.add({ text: '# First heading\r\n\r\nSome text.\r\n' });
    await server.when(() => task.state === 'completed');
    expect(task.result).toMatchObject({
      content: '# First heading\n\nSome text.\n',
      contentFileId: null,
      metadata: { title: 'First heading', format: 'markdown', encoding: 'utf-8', sizeBytes: 31 },
    });
  });

  test('that is binary fails for good', async () => {
    await start();
    const task = server.add({ text: Buffer.from([0, 1, 2, 3, 255]) });
    await server.when(() => task.state === 'failed');
    expect(task).toMatchObject({ failure: { code: 'FILE_BINARY' }, retry: false });
  });

  test('whose handler has a defect is tried again, with the stack in its log', async () => {
    await start();
    const task = server.add(act('defect'));
    await server.when(() => task.state === 'failed');
    expect(task).toMatchObject({ failure: { code: 'INTERNAL' }, retry: true });
    expect(task.log).toContain('somebody made a mistake');
  });

  test('without a handler fails for good', async () => {
    await start();
    const task = server.add({ contentType: 'video' });
    await server.when(() => task.state === 'failed');
    expect(task).toMatchObject({ failure: { code: 'HANDLER_MISSING' }, retry: false });
  });

  test('reports its progress and its log while it runs', async () => {
    await start();
    const task = server.add(act('wait'));
    await server.when(() => task.progressText === 'a quarter' && task.log.includes('waiting'));
    expect(task.progress).toBe(0.25);
    proceed();
    await server.when(() => task.state === 'completed');
  });

  test('with a long result has it uploaded, and resumed where the connection broke', async () => {
    server.state.cutUploadAfter = 500_000;
    await start();
    const task = server.add(act('long'));
    await server.when(() => task.state === 'completed');
    const { contentFileId, content } = task.result ?? { content: '', contentFileId: null };
    expect(server.uploads.get(contentFileId ?? '')?.length).toBe(2_000_000);
    expect(content).toBe('0123456789'.repeat(200_000).slice(0, 65_536));
  });

  test('gets its file in two parts when the connection breaks', async () => {
    server.state.cutDownloadAfter = 400_000;
    await start();
    const task = server.add({ text: 'A line of text.\n'.repeat(100_000) });
    await server.when(() => task.state === 'completed');
    expect(server.downloads).toHaveLength(2);
    expect(server.downloads[1]?.from).toBeGreaterThan(0);
  });

  test('gets its file again when it was damaged on the way', async () => {
    server.state.corruptNextDownload = true;
    await start();
    const task = server.add();
    await server.when(() => task.state === 'completed');
    expect(server.downloads).toEqual([{ from: 0 }, { from: 0 }]);
  });

  test('reads a local file where it is', async () => {
    const path = join(folder, 'here.txt');
    writeFileSync(path, 'from the disk');
    await start();
    const task = server.add({ local: path });
    await server.when(() => task.state === 'completed');
    expect(task.result?.content).toBe('from the disk');
    expect(server.downloads).toEqual([]);
  });
});

describe('a handler', () => {
  test('that blocks its process never costs the lease', async () => {
    await start();
    const task = server.add(act('block'));
    await server.when(() => task.renewals >= 8);
    proceed();
    await server.when(() => task.state === 'completed');
    expect(task).toMatchObject({ attempts: 1, result: { content: 'unblocked' } });
  });

  test('that ends in the middle costs the attempt, with its last words in the log', async () => {
    await start();
    const task = server.add(act('exit'));
    await server.when(() => task.state === 'failed');
    expect(task).toMatchObject({ failure: { code: 'HANDLER_DIED' }, retry: true });
    expect(task.log).toContain('about to end');
    expect(task.log).toContain('something broke badly');
    const next = server.add();
    await server.when(() => next.state === 'completed');
  });

  test.each(['leak', 'grow'])('that needs too much memory (%s) is ended', async (what) => {
    await start();
    const task = server.add(act(what));
    await server.when(() => task.state === 'failed');
    expect(task).toMatchObject({ failure: { code: 'TASK_MEMORY_LIMIT' }, retry: false });
    const next = server.add();
    await server.when(() => next.state === 'completed');
  });

  test('that takes too long is killed', async () => {
    await start();
    const task = server.add({ ...act('block'), timeLimitMs: 1 });
    await server.when(() => task.state === 'failed');
    expect(task).toMatchObject({ failure: { code: 'TASK_TIME_LIMIT' }, retry: false });
  });

  test('is used again', async () => {
    await start();
    const tasks = [server.add(act('pid')), server.add(act('pid'))];
    await server.when(() => tasks.every(({ state }) => state === 'completed'));
    expect(new Set(tasks.map(({ result }) => result?.content)).size).toBe(1);
  });

  test('can tidy up when its task is cancelled', async () => {
    await start();
    const task = server.add(act('polite'));
    await server.when(() => task.log.includes('waiting'));
    server.set(task.id, 'cancelled');
    const next = server.add();
    await server.when(() => next.state === 'completed');
    expect(existsSync(`${mark()}.tidied`)).toBe(true);
    expect(server.calls.filter(({ call }) => call === 'complete' || call === 'fail')).toHaveLength(1);
  });

  test('that ignores its cancelled task is killed, and the slot is free again', async () => {
    await start();
    const task = server.add(act('hang'));
    await server.when(() => task.log.includes('hanging'));
    server.set(task.id, 'cancelled');
    const next = server.add();
    await server.when(() => next.state === 'completed');
  });
});

describe('the connection', () => {
  test('breaks while a task runs: the worker comes back with it, and nothing is lost', async () => {
    await start();
    const task = server.add(act('wait'));
    await server.when(() => task.log.includes('waiting'));
    await server.down();
    server.forgetWorkers();
    await server.up();
    const before = server.count('hello');
    await server.when(() => server.count('hello') > before);
    const hello = server.calls.filter(({ call }) => call === 'hello').at(-1);
    expect(hello?.request).toMatchObject({ tasks: [{ id: task.id, token: task.token }] });
    proceed();
    await server.when(() => task.state === 'completed');
    expect(task.attempts).toBe(1);
  });

  test('breaks when a result is sent: it is sent again', async () => {
    server.state.breakNext.set('complete', 2);
    await start();
    const task = server.add();
    await server.when(() => task.state === 'completed');
    expect(server.count('complete')).toBe(3);
  });

  test('a result whose lease was lost meanwhile is dropped', async () => {
    await start();
    const task = server.add(act('wait'));
    await server.when(() => task.log.includes('waiting'));
    server.set(task.id, 'lost');
    const next = server.add();
    // Its handler is asked to end; it does not listen, and is killed.
    await server.when(() => next.state === 'completed');
    expect(task.state).toBe('lost');
  });

  test('after a restart that forgot the worker, it introduces itself again', async () => {
    await start();
    await server.when(() => server.count('beat') > 0);
    server.forgetWorkers();
    const before = server.count('hello');
    await server.when(() => server.count('hello') > before);
    const task = server.add();
    await server.when(() => task.state === 'completed');
  });
});

describe('the server refuses', () => {
  const warnings = () => log.lines.filter(({ level }) => level === 'warn');

  test.each(['WORKER_VERSION', 'CLOCK_WRONG'])('%s: said once, and no tasks are claimed', async (code) => {
    server.state.refused = { code, error: 'No.', next: 'Do something.' };
    await start();
    expect(await statuses.when('refused')).toMatchObject({ trouble: { code } });
    expect(warnings()).toHaveLength(1);
    expect(server.count('claim')).toBe(0);
  });

  test('a wrong key: said once, with what to do', async () => {
    await start({ token: 'pilotlight_key_other' });
    const trouble = { code: 'UNAUTHORIZED', next: 'Use another.' };
    expect(await statuses.when('refused')).toMatchObject({ trouble });
    expect(warnings()).toHaveLength(1);
  });

  test('something else that answers there', async () => {
    server.state.answerAll = { status: 200, body: { hello: 'world' } };
    await start();
    expect(await statuses.when('refused')).toMatchObject({ trouble: { code: 'NOT_A_TASK_SERVER' } });
  });
});

describe('the worker', () => {
  test('fills its slots, and takes the next task with each result', async () => {
    await start({ slots: 2 });
    const tasks = Array.from({ length: 6 }, () => server.add());
    await server.when(() => tasks.every(({ state }) => state === 'completed'));
    expect(tasks.every(({ attempts }) => attempts === 1)).toBe(true);
    expect(server.calls.some((one) => one.call === 'complete' && one.request.claimNext)).toBe(true);
  });

  test('drains: it finishes what it has, takes nothing more, and says goodbye', async () => {
    const worker = await start();
    const task = server.add(act('wait'));
    await server.when(() => task.log.includes('waiting'));
    const drained = worker.drain(600_000);
    const other = server.add();
    proceed();
    await drained;
    expect(task.state).toBe('completed');
    expect(other.state).toBe('waiting');
    await worker.stop();
    expect(server.calls.at(-1)).toMatchObject({ call: 'bye' });
  });

  test('drains, and gives back what takes too long', async () => {
    const worker = await start();
    const task = server.add(act('block'));
    await server.when(() => task.renewals > 0);
    await worker.drain(1);
    expect(task.state).toBe('released');
  });

  test('is drained by the server, keeps reporting, and works again', async () => {
    await start();
    await statuses.when('online');
    server.state.drain = true;
    server.changed();
    await statuses.when('draining');
    const before = server.count('beat');
    await server.when(() => server.count('beat') > before + 1);
    server.state.drain = false;
    const task = server.add();
    await server.when(() => task.state === 'completed');
  });

  test('applies the memory limit of the server', async () => {
    server.state.memoryLimitMb = 120;
    await start({ memoryLimitMb: 100_000 });
    const task = server.add(act('leak'));
    await server.when(() => task.state === 'failed');
    expect(task.failure?.code).toBe('TASK_MEMORY_LIMIT');
  });

  test('reports the memory of its handlers', async () => {
    await start();
    const task = server.add(act('wait'));
    await server.when(() =>
      server.calls.some((one) => one.call === 'beat' && (one.request.load?.memoryBytes ?? 0) > 10_000_000),
    );
    proceed();
    await server.when(() => task.state === 'completed');
  });
});
