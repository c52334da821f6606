/** A worker in Python takes tasks from Redis. build/run-tests.mjs installs its package and the server. */
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openBullmqQueue } from '../../electron/adapters/queues/bullmq/bullmq-queue.ts';
import { createSystemClock } from '../../electron/adapters/system.ts';
import type { TaskRecord } from '../../shared/models/tasks.ts';
import { spawn } from '../fakes/children.ts';
import { silentLog } from '../fakes/indexing.ts';
import { findRedisServer, startRedisServer } from '../fakes/redis-server.ts';
import { aSpec, aTask } from '../fakes/tasks.ts';

const script = fileURLToPath(new URL('./python_worker.py', import.meta.url));
const { PILOTLIGHT_PYTHON: python, ...environment } = process.env;
const isMissing = python === undefined || python === '' || findRedisServer() === null;

describe.skipIf(isMissing)('a worker in Python (npm test -- real-parts)', () => {
  it('works on tasks of the queue, with progress, results and failures', async () => {
    await using stack = new AsyncDisposableStack();
    const server = await startRedisServer();
    stack.defer(() => server.close());
    const queue = await openBullmqQueue({ url: server.url, clock: createSystemClock(), log: silentLog });
    stack.defer(() => queue.close());
    /** Resolves with the task once it is like this: each change is told. */
    const when = (id: string, fits: (task: TaskRecord) => boolean) =>
      new Promise<TaskRecord>((resolve, reject) => {
        async function look(): Promise<void> {
          const kept = await queue.get(id);
          if (kept !== null && fits(kept.task)) {
            stop();
            resolve(kept.task);
          }
        }
        const stop = queue.onChange((changes) => {
          if (changes.some((change) => change.id === id)) look().catch(reject);
        });
        look().catch(reject);
      });

    await queue.add([
      aTask('whole', { spec: aSpec({ title: 'Übung.md' }), priority: 5 }),
      aTask('torn', { spec: aSpec({ title: 'torn.md' }), maxAttempts: 1 }),
      aTask('gpu', { queue: 'gpu-tasks' }),
    ]);
    const worker = spawn(python ?? '', [script, server.url, 'celery'], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: environment,
    });
    const output = Promise.all([text(worker.stdout), text(worker.stderr), once(worker, 'close')]);

    const half = await when('whole', ({ progress }) => progress === 0.5);
    expect(half).toMatchObject({ state: 'active', attempts: 1, progressText: 'page 1' });
    worker.stdin.write('proceed\n');
    expect(await when('whole', ({ state }) => state === 'completed')).toMatchObject({
      progress: 1,
      result: { content: 'document: Übung.md', metadata: { pages: 2 } },
    });
    expect(await when('torn', ({ state }) => state === 'failed')).toMatchObject({
      attempts: 1,
      failure: { message: expect.stringContaining('a page is torn') },
    });
    expect((await queue.get('gpu'))?.task.state).toBe('waiting');
    expect((await queue.get('whole'))?.steps.map(({ kind }) => kind)).toEqual([
      'added',
      'claimed',
      'completed',
    ]);

    worker.stdin.end();
    const [, errors] = await output;
    expect(errors.split('\n').filter((line) => line.startsWith('Traceback'))).toEqual([]);
  });
});
