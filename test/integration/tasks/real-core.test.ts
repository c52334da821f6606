/** Real workers and the real core: what each of them survives of the other. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSystemClock } from '../../../electron/adapters/clock.ts';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import type { TaskWorkerConfig } from '../../../electron/adapters/tasks/worker-protocol.ts';
import { type Host, startHost } from '../../../electron/host/start-host.ts';
import { readSharedProof } from '../../../electron/workers/tasks/files/shared-folder.ts';
import { createTaskServer } from '../../../electron/workers/tasks/link/server.ts';
import { openTaskWorker } from '../../../electron/workers/tasks/open-worker.ts';
import type { TaskWorker } from '../../../electron/workers/tasks/worker.ts';
import { WORKER_PROTOCOL, type WorkerRequest } from '../../../shared/contract/task-worker.ts';
import type { TaskView } from '../../../shared/models/tasks.ts';
import { createRememberingLog } from '../../fakes/transport.ts';

const entry = fileURLToPath(new URL('../../fakes/task-handlers.ts', import.meta.url));

let folder: string;
let host: Host;
let key: string;
let workers: TaskWorker[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-tasks-test-'));
  workers = [];
});

afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await host.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function startCore(options: { worksOnTasks?: boolean; port?: number } = {}): Promise<void> {
  host = await startHost({
    dataFolder: join(folder, 'data'),
    environment: { OLLAMA_HOST: '127.0.0.1:1' },
    panelRoot: null,
    log: createRememberingLog(),
    ...options,
  });
}

const newKey = () =>
  host.core.services.access.addKey({ name: 'worker', kind: 'script', rights: ['tasks'], expiresInDays: null })
    .secret;

async function startWorker(config: Partial<TaskWorkerConfig> = {}): Promise<TaskWorker> {
  const worker = await openTaskWorker({
    entry,
    log: createRememberingLog(),
    config: {
      server: host.url.replace(/\/$/, ''),
      token: key,
      id: 'worker-1',
      name: 'one',
      type: 'cpu',
      queues: ['celery'],
      slots: 2,
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

async function add(text: string, options: Record<string, string> = {}): Promise<string> {
  const [task] = await host.core.services.tasks.add(
    [
      {
        input: { kind: 'text', text, name: 'notes.md' },
        options,
        store: false,
        gpu: false,
        metadata: {},
        webhookUrl: null,
        priority: 0,
        delaySeconds: 0,
      },
    ],
    null,
  );
  return task?.id ?? '';
}

/** Resolves with the task once it is like this; every change of it is on the stream. */
function when(id: string, fits: (task: TaskView) => boolean): Promise<TaskView> {
  return new Promise((resolve) => {
    const { tasks } = host.core.streams;
    tasks.subscribe(null, () => {
      const task = tasks.get(id);
      if (task !== undefined && fits(task)) resolve(task);
      return true;
    });
  });
}

const ended = async (id: string) =>
  (await host.core.services.tasks.waitForEnd(id, new AbortController().signal)).task;

/** Processes below this one whose command contains the word. */
function processesWith(word: string): number[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  const all = stdout.split('\n').flatMap((line) => {
    const [, pid, parent, args] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return args === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), args }];
  });
  return all
    .filter(({ parent, args }) => parent === process.pid && args.includes(word))
    .map(({ pid }) => pid);
}

/** As a worker that is this test. */
function hello(more: Partial<WorkerRequest<'hello'>>) {
  const server = createTaskServer({ http: createNodeHttp(), base: host.url.replace(/\/$/, ''), token: key });
  const request: WorkerRequest<'hello'> = {
    id: 'worker-2',
    name: 'two',
    type: 'cpu',
    queues: ['celery'],
    slots: 1,
    version: '1',
    protocol: WORKER_PROTOCOL,
    contentTypes: ['document'],
    agentId: null,
    now: createSystemClock().now(),
    sharedFolderProof: null,
    tasks: [],
    ...more,
  };
  return server.call('hello', request, { signal: new AbortController().signal, deadlineMs: 10_000 });
}

describe('the worker of this computer', () => {
  test('works on what is queued, and reads the file where it is', async () => {
    await startCore({ worksOnTasks: true });
    const id = await add('# Lamp\n\nIt is lit.\n');
    expect(await ended(id)).toMatchObject({ state: 'completed', workerId: 'this-computer' });
    const details = await host.core.services.tasks.get(id);
    expect(details.result).toMatchObject({ content: '# Lamp\n\nIt is lit.\n', metadata: { title: 'Lamp' } });
  });

  test('killed comes back, and works on', async () => {
    await startCore({ worksOnTasks: true });
    await ended(await add('first'));
    const [pid] = processesWith('task-worker');
    process.kill(pid as number, 'SIGKILL');
    const id = await add('second');
    expect(await ended(id)).toMatchObject({ state: 'completed' });
  });

  test('ends with the core', async () => {
    await startCore({ worksOnTasks: true });
    await ended(await add('first'));
    expect(processesWith('task-worker')).toHaveLength(1);
    await host.stop();
    expect(processesWith('task-worker')).toHaveLength(0);
  });
});

describe('a worker elsewhere', () => {
  test('downloads a file, and uploads a long result', async () => {
    await startCore();
    key = newKey();
    await startWorker();
    const id = await add('# Lamp', { do: 'long', mark: '' });
    await ended(id);
    const { result } = await host.core.services.tasks.get(id);
    expect(result?.contentFileId).toMatch(/^file_/);
  });

  test('keeps its task over a restart of the core', async () => {
    await startCore();
    key = newKey();
    await startWorker();
    const mark = join(folder, 'mark');
    const id = await add('# Lamp', { do: 'wait', mark });
    await when(id, ({ state }) => state === 'active');
    const { port } = new URL(host.url);
    await host.stop();
    await startCore({ port: Number(port) });
    writeFileSync(`${mark}.continue`, '');
    expect(await ended(id)).toMatchObject({ state: 'completed', attempts: 1 });
  });

  test('reads the shared folder itself when it proves to have it', async () => {
    await startCore();
    key = newKey();
    const shared = join(folder, 'shared');
    mkdirSync(shared);
    writeFileSync(join(shared, 'notes.md'), '# Shared');
    host.core.services.settings.update({ tasks: { sharedFolder: shared } });
    // The core marks the folder after the settings were changed.
    const proofOf = () => readSharedProof(shared);
    while (!(await hello({ sharedFolderProof: await proofOf() })).sharedFolder);
    await startWorker({ sharedFolder: shared });
    const [task] = await host.core.services.tasks.add(
      [
        {
          input: { kind: 'shared', path: 'notes.md' },
          options: {},
          store: false,
          gpu: false,
          metadata: {},
          webhookUrl: null,
          priority: 0,
          delaySeconds: 0,
        },
      ],
      null,
    );
    expect(await ended(task?.id ?? '')).toMatchObject({ state: 'completed' });
    const worker = host.core.services.tasks.workers.list().find(({ id }) => id === 'worker-1');
    expect(worker).toMatchObject({ sharedFolder: true, done: 1 });
  });

  test('is refused with the clock an hour off, and with another version', async () => {
    await startCore();
    key = newKey();
    const now = createSystemClock().now();
    expect((await hello({})).refused).toBeNull();
    expect((await hello({ now: now + 3_600_000 })).refused).toMatchObject({ code: 'CLOCK_WRONG' });
    expect((await hello({ protocol: WORKER_PROTOCOL + 1 })).refused).toMatchObject({
      code: 'WORKER_VERSION',
    });
  });
});
