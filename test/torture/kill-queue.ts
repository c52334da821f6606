/** SIGKILLs of workers, of the queue's process and of Redis while tasks are worked on: none is lost, none done twice. */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createForkWorkerHost } from '../../electron/adapters/processes/worker-host.ts';
import { openBullmqQueue } from '../../electron/adapters/queues/bullmq/bullmq-queue.ts';
import { createSqliteQueue } from '../../electron/adapters/queues/sqlite/sqlite-queue.ts';
import { createSystemClock } from '../../electron/adapters/system.ts';
import type { TaskClaim, TaskQueue } from '../../electron/core/ports/task-queue.ts';
import { queueWorkerEntry } from '../../electron/host/program.ts';
import { fork } from '../fakes/children.ts';
import { silentLog } from '../fakes/indexing.ts';
import { findRedisServer, startRedisServer } from '../fakes/redis-server.ts';
import { aResult, aTask } from '../fakes/tasks.ts';
import { createTally, type Part, type TallyBook, type TortureContext, times } from './part.ts';
import type { FromVictim } from './queue/victim.ts';

const TASKS = 10_000;
const KILLS = 200;
const WORKERS = 4;
const LEASE_MS = 2000;
const LIMIT_MS = 900_000;
const program = fileURLToPath(new URL('./queue/victim.ts', import.meta.url));

interface Engine {
  name: string;
  queue: TaskQueue;
  /** Kills what keeps the tasks; it comes back. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

export const killQueue: Part = {
  name: 'kill-queue',
  summary: 'SIGKILLs of workers, of the process of the queue and of Redis',
  async run(context) {
    const book = createTally();
    await overEngine(await sqliteEngine(context.folder), context, book);
    if (findRedisServer() === null) context.note('Redis is left out: there is no redis-server.');
    else await overEngine(await redisEngine(), context, book);
    return book.tally;
  },
};

async function sqliteEngine(folder: string): Promise<Engine> {
  const queue = createSqliteQueue({
    file: join(folder, 'tasks.sqlite'),
    workerHost: createForkWorkerHost({ entry: queueWorkerEntry }),
    clock: createSystemClock(),
    log: silentLog,
  });
  return {
    name: 'sqlite',
    queue,
    async kill() {
      const pid = queue.workerPid();
      if (pid !== null) process.kill(pid, 'SIGKILL');
    },
    close: queue.close,
  };
}

async function redisEngine(): Promise<Engine> {
  const server = await startRedisServer();
  const queue = await openBullmqQueue({
    url: server.url,
    clock: createSystemClock(),
    log: silentLog,
    checkMs: 200,
  });
  return {
    name: 'redis',
    queue,
    async kill() {
      await server.kill();
      await server.start();
    },
    async close() {
      await queue.close();
      await server.close();
    },
  };
}

async function overEngine(engine: Engine, context: TortureContext, book: TallyBook): Promise<void> {
  const { random, note, signal } = context;
  const { tried, find } = book;
  const { queue, name } = engine;
  const count = times(context, TASKS);
  const kills = times(context, KILLS);
  const effects = join(context.folder, `effects-${name}`);
  mkdirSync(effects);
  const accepted = new Map<string, number>();
  const order: number[] = [];
  let made = 0;
  let isOver = false;

  for (let from = 0; from < count; from += 500) {
    const some = Array.from({ length: Math.min(500, count - from) }, (_, index) => from + index);
    // Many attempts: a task may be the victim of several kills.
    await queue.add(
      some.map((number) => aTask(`task-${number}`, { priority: number % 5, maxAttempts: 100 })),
    );
  }

  /** A call while its server comes back. */
  async function sure<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if ((error as { code?: string }).code !== 'QUEUE_UNREACHABLE' || signal.aborted) throw error;
      }
    }
  }

  const victims: (ChildProcess | null)[] = Array.from({ length: WORKERS }, () => null);
  /** Those that have worked on a task since they were started. */
  const ready = new Set<ChildProcess>();

  /** One worker, started again whenever it was killed. */
  async function run(place: number): Promise<void> {
    let claim: TaskClaim | null = null;
    while (!isOver) {
      const child = fork(program, [effects]);
      victims[place] = child;
      const gone = new Promise<null>((resolve) => child.once('exit', () => resolve(null)));
      const next = () =>
        Promise.race([gone, new Promise<FromVictim>((resolve) => child.once('message', resolve))]);
      let said = await next();
      // What the killed one had is lost with it: its lease ends by itself.
      claim = null;
      while (said !== null && !isOver) {
        if (claim === null) {
          const request = { queues: ['celery'], workerId: `worker-${place}`, leaseMs: LEASE_MS } as const;
          const [one] = await sure(() => queue.claim({ ...request, count: 1, waitMs: 500 }));
          if (one === undefined) continue;
          if (one.task.attempts === 1) order.push(one.task.priority);
          claim = one;
        }
        const { id } = claim.task;
        const { token } = claim;
        const answer = next();
        // It may be killed at any moment; its end is told by `gone`.
        child.send({ id, token }, () => {});
        said = await answer;
        if (said === null) break;
        const done = await sure(() => queue.complete({ id, token }, aResult(id)));
        if (done.accepted) accepted.set(id, (accepted.get(id) ?? 0) + 1);
        ready.add(child);
        claim = null;
      }
      child.kill('SIGKILL');
      ready.delete(child);
    }
  }

  const runs = victims.map((_, place) => run(place));
  const deadline = performance.now() + LIMIT_MS;
  try {
    for (;;) {
      signal.throwIfAborted();
      const [cpu] = (await sure(() => queue.stats())).filter((row) => row.queue === 'celery');
      const left = (cpu?.counts.waiting ?? 0) + (cpu?.counts.active ?? 0) + (cpu?.counts.delayed ?? 0);
      if (left === 0 && made >= kills) break;
      if (left === 0) {
        note(`${name}: all tasks were done after ${made} kills`);
        break;
      }
      if (performance.now() > deadline) {
        find('hangs', `${name}: ${left} tasks are left`);
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, random.next() * 60));
      // Spread over the whole of the work: a kill hits workers that work, and not one that is still being started.
      if (made >= kills || count - left < (made * count) / (kills + 1)) continue;
      if (made % 20 === 19) await engine.kill();
      else {
        const able = victims.filter((victim) => victim !== null && ready.has(victim));
        const victim = able[Math.floor(random.next() * able.length)];
        if (victim === undefined || victim === null) continue;
        ready.delete(victim);
        victim.kill('SIGKILL');
      }
      made += 1;
      tried();
      if (made % 50 === 0) note(`${name}: ${made} kills, ${left} tasks left`);
    }
    isOver = true;
    for (const victim of victims) victim?.kill('SIGKILL');
    await Promise.all(runs);
    const page = await sure(() => queue.list({ limit: count + 10 }));
    const open = page.tasks.filter(({ state }) => state !== 'completed');
    if (page.total !== count) find('lost', `${name}: ${count - page.total} tasks are gone`);
    for (const { id, state, failure } of open)
      find('lost', `${name}: a task is ${state}`, `${id} ${failure?.code}`);
    if (readdirSync(effects).length !== count) find('lost', `${name}: effects are missing`);
    for (const [id, times] of accepted) if (times > 1) find('silent', `${name}: accepted ${times} times`, id);
    // The first attempts went by priority, but for those that four workers took at the same moment.
    const wrong = order.filter(
      (priority, index) => index >= WORKERS && priority > (order[index - WORKERS] ?? 5),
    );
    if (wrong.length > 0)
      find('silent', `${name}: ${wrong.length} tasks went before others of a higher priority`);
  } finally {
    isOver = true;
    for (const victim of victims) victim?.kill('SIGKILL');
    await engine.close();
  }
}
