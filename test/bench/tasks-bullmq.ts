/**
 * How many tasks a second the queue on Redis adds, claims and completes, as a share of what bare BullMQ does on the same
 * server in the same run: its own queue and worker with as many in flight, the same data and the same results. Round by
 * round in turn, so that both have the same computer.
 */
import { randomUUID } from 'node:crypto';
import { Queue, Worker } from 'bullmq';
import { openBullmqQueue } from '../../electron/adapters/queues/bullmq/bullmq-queue.ts';
import { createSystemClock } from '../../electron/adapters/system.ts';
import { silentLog } from '../fakes/indexing.ts';
import { type RedisServer, startRedisServer } from '../fakes/redis-server.ts';
import { aResult, aSpec, aTask } from '../fakes/tasks.ts';
import {
  atLeast,
  type Benchmark,
  type BenchmarkContext,
  type BenchmarkResult,
  reported,
} from './benchmark.ts';
import { median, rounded } from './gateway/rounds.ts';

const TASKS = 2000;
const AT_ONCE = 1000;
const IN_FLIGHT = 32;
/** The first one warms up. */
const ROUNDS = 4;

interface Rates {
  added: number;
  worked: number;
}

const perSecond = (began: number): number => TASKS / ((performance.now() - began) / 1000);

async function ours(server: RedisServer, signal: AbortSignal): Promise<Rates> {
  const queue = await openBullmqQueue({ url: server.url, clock: createSystemClock(), log: silentLog });
  try {
    let began = performance.now();
    for (let from = 0; from < TASKS; from += AT_ONCE)
      await queue.add(Array.from({ length: AT_ONCE }, () => aTask(`task-${randomUUID()}`)));
    const added = perSecond(began);
    began = performance.now();
    const claiming = { queues: ['celery'], workerId: 'worker', leaseMs: 30_000 } as const;
    let completed = 0;
    await Promise.all(
      Array.from({ length: IN_FLIGHT }, async () => {
        let [claim] = await queue.claim({ ...claiming, count: 1, waitMs: 0 });
        while (claim !== undefined) {
          signal.throwIfAborted();
          const proof = { id: claim.task.id, token: claim.token };
          const { accepted, next } = await queue.complete(proof, aResult(), claiming);
          if (accepted) completed += 1;
          claim = next ?? undefined;
        }
      }),
    );
    if (completed !== TASKS) throw new Error(`${completed} of ${TASKS} tasks were completed.`);
    return { added, worked: perSecond(began) };
  } finally {
    await queue.close();
  }
}

async function bare({ port }: RedisServer, signal: AbortSignal): Promise<Rates> {
  const connection = { host: '127.0.0.1', port };
  const queue = new Queue('bare', { connection });
  const worker = new Worker('bare', async () => aResult(), {
    ...{ connection: { ...connection, maxRetriesPerRequest: null }, concurrency: IN_FLIGHT, autorun: false },
  });
  try {
    await worker.waitUntilReady();
    let began = performance.now();
    for (let from = 0; from < TASKS; from += AT_ONCE)
      await queue.addBulk(
        Array.from({ length: AT_ONCE }, () => ({
          ...{ name: 'document', data: aSpec() },
          opts: { jobId: `task-${randomUUID()}`, priority: 1_000_001, attempts: 3 },
        })),
      );
    const added = perSecond(began);
    began = performance.now();
    await new Promise<void>((resolve, reject) => {
      let completed = 0;
      worker.on('completed', () => {
        completed += 1;
        if (completed === TASKS) resolve();
      });
      worker.on('failed', (_, error) => reject(error));
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      worker.run().catch(reject);
    });
    return { added, worked: perSecond(began) };
  } finally {
    await worker.close();
    await queue.close();
  }
}

export const benchmark: Benchmark = {
  name: 'tasks-bullmq',
  async run({ signal, note }: BenchmarkContext): Promise<BenchmarkResult[]> {
    const server = await startRedisServer();
    const shares = { added: [] as number[], worked: [] as number[] };
    const rates = { ours: [] as Rates[], bare: [] as Rates[] };
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        await server.command('FLUSHALL');
        const theirs = await bare(server, signal);
        await server.command('FLUSHALL');
        const own = await ours(server, signal);
        const text = ({ added, worked }: Rates) =>
          `${added.toFixed(0)} added, ${worked.toFixed(0)} completed`;
        note(`${round === 0 ? 'warm-up' : `round ${round}`}: ${text(own)} a second; bare ${text(theirs)}`);
        if (round === 0) continue;
        rates.ours.push(own);
        rates.bare.push(theirs);
        for (const part of ['added', 'worked'] as const) shares[part].push(own[part] / theirs[part]);
      }
    } finally {
      await server.close();
    }
    const middle = (all: readonly Rates[], part: keyof Rates) =>
      rounded(median(all.map((one) => one[part])), 0);
    return [
      atLeast('tasks-bullmq: completed, of bare BullMQ', rounded(median(shares.worked), 3), '', 0.9),
      atLeast('tasks-bullmq: added, of bare BullMQ', rounded(median(shares.added), 3), '', 0.9),
      reported('tasks-bullmq: completed', middle(rates.ours, 'worked'), 'tasks/s'),
      reported('tasks-bullmq: completed by bare BullMQ', middle(rates.bare, 'worked'), 'tasks/s'),
      reported('tasks-bullmq: added', middle(rates.ours, 'added'), 'tasks/s'),
      reported('tasks-bullmq: added to bare BullMQ', middle(rates.bare, 'added'), 'tasks/s'),
    ];
  },
};
