/**
 * How long it takes from the moment a task is added until its handler starts, in a core and a worker that have nothing
 * else to do: with the queue in SQLite and with the one in Redis. The worker is a process of its own that talks to the
 * core over HTTP, and each handler is a process below it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Host, startHost } from '../../electron/host/start-host.ts';
import { fork } from '../fakes/children.ts';
import { silentLog } from '../fakes/indexing.ts';
import { startRedisServer } from '../fakes/redis-server.ts';
import {
  atMost,
  type Benchmark,
  type BenchmarkContext,
  type BenchmarkResult,
  reported,
} from './benchmark.ts';
import { median, rounded } from './gateway/rounds.ts';
import type { FromLatencyWorker, ToLatencyWorker } from './tasks/latency-worker.ts';

const TASKS = 120;
const WARM_UP = 20;
/** Between two tasks, so that the worker is idle and waits for one. */
const PAUSE_MS = 30;
const GOAL_MS = 15;

const program = fileURLToPath(new URL('./tasks/latency-worker.ts', import.meta.url));

async function add({ core }: Host): Promise<string> {
  const [task] = await core.services.tasks.add(
    [
      {
        input: { kind: 'text', text: 'The pilot light.', name: 'notes.md' },
        ...{
          options: {},
          store: false,
          gpu: false,
          metadata: {},
          webhookUrl: null,
          priority: 0,
          delaySeconds: 0,
        },
      },
    ],
    null,
  );
  if (task === undefined) throw new Error('No task was added.');
  return task.id;
}

async function startWorker(host: Host): Promise<Disposable> {
  const { secret } = host.core.services.access.addKey({
    ...{ name: 'worker', kind: 'script', rights: ['tasks'], expiresInDays: null },
  });
  const child = fork(program, { serialization: 'advanced' });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject).once('exit', () => reject(new Error('The worker ended.')));
    child.on('message', ({ state }: FromLatencyWorker) => {
      if (state === 'online') resolve();
    });
    const config: ToLatencyWorker['config'] = {
      ...{ server: host.url.replace(/\/$/, ''), token: secret, id: 'worker-1', name: 'one', type: 'cpu' },
      ...{
        queues: ['celery'],
        slots: 1,
        version: '1',
        agentId: null,
        sharedFolder: null,
        memoryLimitMb: 300,
      },
    };
    child.send({ config } satisfies ToLatencyWorker);
  });
  return { [Symbol.dispose]: () => void child.kill('SIGKILL') };
}

interface Latency {
  /** From the moment at which adding was over. */
  added: number[];
  /** From the call that adds. */
  called: number[];
}

async function measure(host: Host, signal: AbortSignal): Promise<Latency> {
  const latency: Latency = { added: [], called: [] };
  for (let number = 0; number < WARM_UP + TASKS; number += 1) {
    const called = process.hrtime.bigint();
    const id = await add(host);
    const added = process.hrtime.bigint();
    const { result } = await host.core.services.tasks.waitForEnd(id, signal);
    const started = BigInt(String(result?.metadata.startedNs));
    if (number >= WARM_UP) {
      latency.added.push(Number(started - added) / 1e6);
      latency.called.push(Number(started - called) / 1e6);
    }
    await wait(PAUSE_MS, undefined, { signal });
  }
  return latency;
}

const p95 = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[Math.ceil(values.length * 0.95) - 1] ?? Number.NaN;

/** Until tasks are added to Redis: the core opens it after its settings have changed. */
async function moveToRedis(host: Host, signal: AbortSignal): Promise<AsyncDisposable> {
  const server = await startRedisServer();
  host.core.services.settings.update({ tasks: { engine: 'bullmq', redisUrl: server.url } });
  for (;;) {
    const id = await add(host);
    if ((await server.command('EXISTS', `bull:celery:${id}`)) === 1) break;
    await wait(100, undefined, { signal });
  }
  return { [Symbol.asyncDispose]: () => server.close() };
}

async function withEngine(engine: 'sqlite' | 'bullmq', { signal, note }: BenchmarkContext) {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-bench-latency-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const host = await startHost({
    ...{ dataFolder: join(folder, 'data'), environment: { OLLAMA_HOST: '127.0.0.1:1' }, panelRoot: null },
    ...{ log: silentLog, worksOnTasks: false },
  });
  let redis: AsyncDisposable | null = null;
  stack.defer(async () => {
    await host.stop();
    await redis?.[Symbol.asyncDispose]();
  });
  if (engine === 'bullmq') redis = await moveToRedis(host, signal);
  stack.use(await startWorker(host));
  const { added, called } = await measure(host, signal);
  note(`${engine}: median ${median(added).toFixed(1)} ms, at most ${Math.max(...added).toFixed(1)} ms`);
  return [
    atMost(`tasks-latency: ${engine}, added to start, p95`, rounded(p95(added), 1), 'ms', GOAL_MS),
    reported(`tasks-latency: ${engine}, added to start, median`, rounded(median(added), 1), 'ms'),
    reported(`tasks-latency: ${engine}, call to start, p95`, rounded(p95(called), 1), 'ms'),
  ];
}

export const benchmark: Benchmark = {
  name: 'tasks-latency',
  async run(context): Promise<BenchmarkResult[]> {
    return [...(await withEngine('sqlite', context)), ...(await withEngine('bullmq', context))];
  },
};
