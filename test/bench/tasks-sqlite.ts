/**
 * How many tasks a second four worker processes claim and complete, over IPC, each commit on the disk: with one task in
 * flight for each worker, and with eight. The queue runs in this process, as it does in its own; calls and answers of one
 * turn share a message.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSystemClock } from '../../electron/adapters/system.ts';
import { createQueueEngine, type QueueEngine } from '../../electron/workers/queue/engine.ts';
import { fork } from '../fakes/children.ts';
import { aResult, aTask } from '../fakes/tasks.ts';
import { atLeast, type Benchmark, type BenchmarkContext, type BenchmarkResult } from './benchmark.ts';
import { inOneMessage } from './tasks/in-one-message.ts';
import type { FromClient, ToClient } from './tasks/queue-client.ts';

const WORKERS = 4;
const TASKS = { one: 15_000, eight: 40_000 };
const program = fileURLToPath(new URL('./tasks/queue-client.ts', import.meta.url));

async function rate(inFlight: number, tasks: number, { signal, note }: BenchmarkContext): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-bench-queue-'));
  const engine = createQueueEngine({
    ...{ file: join(folder, 'tasks.sqlite'), maxBytes: null, clock: createSystemClock(), tell() {} },
  });
  const children: ChildProcess[] = [];
  try {
    for (let from = 0; from < tasks; from += 1000)
      await engine.add(Array.from({ length: 1000 }, (_, index) => aTask(`task-${from + index}`)));
    for (let number = 0; number < WORKERS; number += 1) {
      const child = fork(program, { serialization: 'advanced' });
      await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
      children.push(child);
    }
    const began = performance.now();
    const counts = await Promise.all(
      children.map((child, number) =>
        serve(engine, child, { workerId: `worker-${number}`, inFlight }, signal),
      ),
    );
    const seconds = (performance.now() - began) / 1000;
    const completed = counts.reduce((sum, count) => sum + count, 0);
    if (completed !== tasks) throw new Error(`${completed} of ${tasks} tasks were completed.`);
    note(`${inFlight} in flight: ${tasks} tasks in ${seconds.toFixed(2)} s`);
    return tasks / seconds;
  } finally {
    for (const child of children) child.kill('SIGKILL');
    engine.stop();
    rmSync(folder, { recursive: true });
  }
}

function serve(
  engine: QueueEngine,
  child: ChildProcess,
  start: { workerId: string; inFlight: number },
  signal: AbortSignal,
): Promise<number> {
  const say = inOneMessage<ToClient>((messages) => void child.send(messages));
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    child.on('message', (messages: FromClient[]) => {
      for (const message of messages) void receive(message);
    });
    say({ kind: 'go', ...start });

    async function receive(message: FromClient): Promise<void> {
      if (message.kind === 'done') {
        resolve(message.completed);
        return;
      }
      const { id, workerId, token } = message;
      const claiming = { queues: ['celery'], workerId, leaseMs: 60_000, token } as const;
      try {
        if (message.kind === 'claim') {
          const claims = await engine.claim({ ...claiming, count: 1, waitMs: 0 });
          say({ kind: 'answer', id, claim: claims[0] ?? null });
        } else {
          const { next } = await engine.complete({ proof: message.proof, result: aResult(), next: claiming });
          say({ kind: 'answer', id, claim: next });
        }
      } catch (error) {
        reject(error);
      }
    }
  });
}

export const benchmark: Benchmark = {
  names: ['tasks-sqlite-one', 'tasks-sqlite-eight'],
  async run(context): Promise<BenchmarkResult[]> {
    return [
      atLeast('tasks-sqlite-one', await rate(1, TASKS.one, context), 'tasks/s', 5000),
      atLeast('tasks-sqlite-eight', await rate(8, TASKS.eight, context), 'tasks/s', 15_000),
    ];
  },
};
