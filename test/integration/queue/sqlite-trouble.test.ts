/** The queue in SQLite on a full disk, after damage, and killed in the middle of calls. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createForkWorkerHost } from '../../../electron/adapters/processes/worker-host.ts';
import type { QueueEvent } from '../../../electron/adapters/queues/sqlite/protocol.ts';
import { createSqliteQueue } from '../../../electron/adapters/queues/sqlite/sqlite-queue.ts';
import { createSystemClock } from '../../../electron/adapters/system.ts';
import { queueWorkerEntry } from '../../../electron/host/program.ts';
import { createQueueEngine, type QueueEngine } from '../../../electron/workers/queue/engine.ts';
import { silentLog } from '../../fakes/indexing.ts';
import { aResult, aTask } from '../../fakes/tasks.ts';

const claiming = { queues: ['celery'] as const, workerId: 'w', leaseMs: 60_000 };

let folder: string;
let file: string;
let events: QueueEvent[];
let engine: QueueEngine | null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-queue-trouble-'));
  file = join(folder, 'tasks.sqlite');
  events = [];
  engine = null;
});

afterEach(() => {
  engine?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function open(maxBytes: number | null = null): QueueEngine {
  engine?.stop();
  engine = createQueueEngine({
    file,
    maxBytes,
    clock: createSystemClock(),
    tell: (event) => events.push(event),
  });
  return engine;
}

async function states(queue: QueueEngine): Promise<Record<string, number>> {
  const [row] = (await queue.stats(null)).filter(({ queue: name }) => name === 'celery');
  return Object.fromEntries(Object.entries(row?.counts ?? {}).filter(([, count]) => count > 0));
}

describe('a full disk', () => {
  it('refuses what does not fit and keeps what was acknowledged, until there is room again', async () => {
    let queue = open(300_000);
    let added = 0;
    const more = async () => {
      for (;;) {
        await queue.add(Array.from({ length: 10 }, (_, index) => aTask(`task-${added + index}`)));
        added += 10;
      }
    };
    await expect(more()).rejects.toMatchObject({ code: 'TASK_QUEUE_FULL' });
    expect(added).toBeGreaterThan(0);
    expect(await states(queue)).toEqual({ waiting: added });
    // All of a call or nothing: calls of the same turn that fit are carried out.
    const [claimed] = await queue.claim({ ...claiming, count: 1, waitMs: 0, token: 'first' });
    const proof = { id: claimed?.task.id ?? '', token: 'first' };
    const huge = { ...aResult(), content: 'x'.repeat(400_000) };
    const [refused, renewed] = await Promise.allSettled([
      queue.complete({ proof, result: huge, next: null }),
      queue.renew({ leases: [proof], leaseMs: 60_000 }),
    ]);
    expect(refused).toMatchObject({ reason: { code: 'TASK_QUEUE_FULL' } });
    expect(renewed).toMatchObject({ value: ['held'] });
    expect(await states(queue)).toEqual({ active: 1, waiting: added - 1 });

    queue = open();
    expect(await queue.complete({ proof, result: huge, next: null })).toMatchObject({ accepted: true });
    expect(await states(queue)).toEqual({ completed: 1, waiting: added - 1 });
    expect(events.filter(({ kind }) => kind === 'damaged')).toEqual([]);
  });
});

describe('a damaged file', () => {
  const flip = (path: string, from: number, to: number) => {
    const bytes = readFileSync(path);
    for (let at = from; at < Math.min(to, bytes.length); at += 1) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    writeFileSync(path, bytes);
  };

  it.each([
    ['its header', 0, 100],
    ['its first page', 100, 4096],
    ['the pages of its tables', 4096, 40_960],
  ])('in %s is set aside with what is left of it, and an empty queue works', async (_, from, to) => {
    const queue = open();
    await queue.add(Array.from({ length: 50 }, (_, index) => aTask(`task-${index}`)));
    queue.stop();
    engine = null;
    flip(file, from, to);
    const damaged = readFileSync(file);
    const next = open();
    const [event] = events.filter(({ kind }) => kind === 'damaged');
    const keptAs = event?.kind === 'damaged' ? event.keptAs : '';
    expect(existsSync(keptAs)).toBe(true);
    // SQLite notes in a header that it can read that the file was opened.
    const same = from < 4096 ? 0 : 4096;
    expect(readFileSync(keptAs).subarray(same).equals(damaged.subarray(same))).toBe(true);
    expect(await states(next)).toEqual({});
    await next.add([aTask('after')]);
    expect(await next.claim({ ...claiming, count: 1, waitMs: 0, token: 't' })).toHaveLength(1);
  });
});

describe('a process that is killed between a claim and its commit', () => {
  it('loses nothing and gives no task twice: its successor answers the calls', async () => {
    const clock = createSystemClock();
    const workerHost = createForkWorkerHost({ entry: queueWorkerEntry });
    const queue = createSqliteQueue({ file, workerHost, clock, log: silentLog });
    const turns = (count: number): Promise<void> =>
      new Promise((resolve) => {
        const next = (left: number) => (left === 0 ? resolve() : void setImmediate(next, left - 1));
        next(count);
      });
    const rounds = 8;
    try {
      await queue.add(Array.from({ length: 2 * rounds }, (_, index) => aTask(`task-${index}`)));
      const had = new Set<string>();
      for (let round = 0; round < rounds; round += 1) {
        const claims = queue.claim({ ...claiming, count: 1, waitMs: 0 });
        // Before it has read the call, while it writes, or after its answer.
        await turns(round * round);
        const pid = queue.workerPid();
        if (pid !== null) process.kill(pid, 'SIGKILL');
        const [first] = await claims;
        expect(first?.task.attempts).toBe(1);
        const proof = { id: first?.task.id ?? '', token: first?.token ?? '' };
        const completed = queue.complete(proof, aResult(), claiming);
        await turns(round * round);
        const next = queue.workerPid();
        if (next !== null) process.kill(next, 'SIGKILL');
        const { accepted, next: second } = await completed;
        expect(accepted).toBe(true);
        const last = { id: second?.task.id ?? '', token: second?.token ?? '' };
        expect(await queue.complete(last, aResult())).toMatchObject({ accepted: true });
        for (const id of [proof.id, last.id]) {
          expect(had.has(id)).toBe(false);
          had.add(id);
        }
      }
      expect(had.size).toBe(2 * rounds);
      const { tasks } = await queue.list({ limit: 100 });
      expect(tasks.every(({ state, attempts }) => state === 'completed' && attempts === 1)).toBe(true);
    } finally {
      await queue.close();
    }
  }, 120_000);
});
