/** What every engine of the task queue has to do: the comments of the port, as tests. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type {
  ClaimRequest,
  MovableTaskQueue,
  NewTask,
  TaskChange,
  TaskClaim,
} from '../../../electron/core/ports/task-queue.ts';
import { fact } from '../../../shared/models/message.ts';
import type { TaskQueueName } from '../../../shared/models/tasks.ts';
import { aResult, aSpec, aTask } from '../../fakes/tasks.ts';

export interface QueueWorld {
  queue: MovableTaskQueue;
  /** Lets time pass until it settles: a fake clock is moved, a real one is waited for. */
  until<T>(promise: Promise<T>): Promise<T>;
  /** A lease that ends within the test, and one that does not, milliseconds. */
  shortMs: number;
  longMs: number;
  /** A pause that is over within the test, but not before the next few calls. */
  pauseMs: number;
  close(): Promise<void>;
}

const failure = { code: 'HANDLER_DIED', message: 'It ended.' };

/** @param open a new, empty queue */
export function describeTaskQueue(name: string, open: () => Promise<QueueWorld>): void {
  describe(`task queue: ${name}`, () => {
    let world: QueueWorld;
    let queue: MovableTaskQueue;

    beforeEach(async () => {
      world = await open();
      ({ queue } = world);
    });
    afterEach(() => world.close());

    const claim = (given: Partial<ClaimRequest> = {}, signal?: AbortSignal) =>
      queue.claim(
        { queues: ['celery'], workerId: 'worker-a', count: 1, leaseMs: world.longMs, waitMs: 0, ...given },
        signal,
      );
    async function claimOne(given: Partial<ClaimRequest> = {}): Promise<TaskClaim> {
      const [one] = await claim(given);
      if (one === undefined) throw new Error('There was nothing to claim.');
      return one;
    }
    const proofOf = ({ task, token }: TaskClaim) => ({ id: task.id, token });
    const task = async (id: string) => (await queue.get(id))?.task;
    const stateOf = async (id: string) => (await task(id))?.state;
    const idsOf = (claims: readonly TaskClaim[]) => claims.map(({ task: { id } }) => id);
    const countsOf = async (name: TaskQueueName) =>
      (await queue.stats()).find((one) => one.queue === name)?.counts;
    const nextLost = () =>
      new Promise<{ id: string; workerId: string; state: string }>((resolve) => {
        const stop = queue.onLost((lost) => {
          stop();
          resolve(lost);
        });
      });
    async function added(id: string, given: Partial<NewTask> = {}): Promise<void> {
      await queue.add([aTask(id, given)]);
    }

    it('keeps a task as it was added', async () => {
      const spec = aSpec({
        title: 'Übung „1“.md',
        options: { deep: { list: [1, null, 'x'] } },
        batchId: 'batch-1',
      });
      await queue.add([aTask('task-1', { spec, priority: 7, maxAttempts: 5, queue: 'gpu-tasks' })]);
      const kept = await queue.get('task-1');
      expect(kept?.task).toMatchObject({
        ...{
          id: 'task-1',
          queue: 'gpu-tasks',
          state: 'waiting',
          spec,
          priority: 7,
          attempts: 0,
          maxAttempts: 5,
        },
        ...{ runAt: null, startedAt: null, endedAt: null, workerId: null, progress: 0, progressText: '' },
        ...{ result: null, failure: null },
      });
      expect(kept?.steps.map(({ kind }) => kind)).toEqual(['added']);
      expect(await queue.get('another')).toBeNull();
    });

    it('leaves a task alone that is added again', async () => {
      await added('task-1', { priority: 1 });
      await queue.add([aTask('task-1', { priority: 9 }), aTask('task-2')]);
      expect(await task('task-1')).toMatchObject({ priority: 1 });
      expect((await queue.list({ limit: 10 })).total).toBe(2);
      await queue.complete(proofOf(await claimOne()), aResult());
      await added('task-1');
      expect(await stateOf('task-1')).toBe('completed');
    });

    it('gives the highest priority first, and equals in the order they were added', async () => {
      await queue.add([
        aTask('low-1'),
        aTask('low-2'),
        aTask('high-1', { priority: 10 }),
        aTask('top-1', { priority: 1_000_000 }),
      ]);
      await queue.add([aTask('low-3'), aTask('high-2', { priority: 10 })]);
      expect(idsOf(await claim({ count: 10 }))).toEqual([
        'top-1',
        'high-1',
        'high-2',
        'low-1',
        'low-2',
        'low-3',
      ]);
      expect(await claim()).toEqual([]);
    });

    it('takes from the first queue that has a task', async () => {
      await queue.add([aTask('cpu', { priority: 5 }), aTask('gpu', { queue: 'gpu-tasks' })]);
      const queues = ['gpu-tasks', 'celery'] as const;
      expect(idsOf(await claim({ queues: ['gpu-tasks'], count: 5 }))).toEqual(['gpu']);
      await added('gpu-2', { queue: 'gpu-tasks' });
      expect(idsOf(await claim({ queues }))).toEqual(['gpu-2']);
      expect(idsOf(await claim({ queues }))).toEqual(['cpu']);
    });

    it('records a claim with its worker and its attempt', async () => {
      await added('task-1');
      const claimed = await claimOne();
      expect(claimed.task).toMatchObject({
        id: 'task-1',
        state: 'active',
        attempts: 1,
        workerId: 'worker-a',
      });
      expect(claimed.task.startedAt).not.toBeNull();
      expect(claimed.leaseUntil - (claimed.task.startedAt ?? 0)).toBeGreaterThan(world.longMs / 2);
      expect(claimed.task.spec).toEqual(aSpec());
      const kept = await queue.get('task-1');
      expect(kept?.steps.map(({ kind }) => kind)).toEqual(['added', 'claimed']);
      expect(await countsOf('celery')).toMatchObject({ waiting: 0, active: 1 });
    });

    it('lets a claim wait for a task that is added later', async () => {
      const waits = claim({ waitMs: world.longMs, queues: ['gpu-tasks', 'celery'] });
      await added('task-1');
      expect(idsOf(await world.until(waits))).toEqual(['task-1']);
    });

    it('answers a claim that waited in vain with nothing', async () => {
      expect(await world.until(claim({ waitMs: 60 }))).toEqual([]);
    });

    it('gives a task to one of those that wait, never to two', async () => {
      const waiting = [1, 2, 3].map((number) =>
        claim({ waitMs: world.longMs, workerId: `worker-${number}` }),
      );
      await queue.add([aTask('a'), aTask('b'), aTask('c')]);
      const got = (await world.until(Promise.all(waiting))).flatMap(idsOf);
      expect(got.sort()).toEqual(['a', 'b', 'c']);
    });

    it('ends a waiting claim with its signal, and no task is lost with it', async () => {
      const controller = new AbortController();
      const reason = new Error('gone');
      const waits = claim({ waitMs: world.longMs }, controller.signal);
      controller.abort(reason);
      await expect(waits).rejects.toBe(reason);
      await expect(claim({}, controller.signal)).rejects.toBe(reason);
      await added('task-1');
      expect(idsOf(await world.until(claim({ waitMs: world.longMs })))).toEqual(['task-1']);
    });

    it('completes with a result, and again without a change', async () => {
      await added('task-1');
      const claimed = await claimOne();
      const result = aResult('Ünïcode 🎉 "quotes"\n');
      expect(await queue.complete(proofOf(claimed), result)).toEqual({ accepted: true, next: null });
      const done = await queue.get('task-1');
      expect(done?.task).toMatchObject({
        state: 'completed',
        result,
        failure: null,
        progress: 1,
        attempts: 1,
      });
      expect(done?.task.endedAt).not.toBeNull();
      expect(done?.steps.map(({ kind }) => kind)).toEqual(['added', 'claimed', 'completed']);
      expect(await queue.complete(proofOf(claimed), aResult('other'))).toEqual({
        accepted: true,
        next: null,
      });
      expect((await task('task-1'))?.result).toEqual(result);
    });

    it('drops a result whose token is not valid', async () => {
      await added('task-1');
      const { token } = await claimOne();
      const wrong = { id: 'task-1', token: 'not-the-token' };
      expect(await queue.complete(wrong, aResult())).toEqual({ accepted: false, next: null });
      expect(await queue.fail(wrong, failure, 0)).toBeNull();
      await queue.release(wrong, 0);
      await queue.report([{ ...wrong, progress: 0.9, progressText: 'no', log: 'no' }]);
      expect(await queue.renew([wrong, { id: 'unknown', token }], world.longMs)).toEqual(['lost', 'lost']);
      expect(await queue.complete({ id: 'unknown', token }, aResult())).toEqual({
        accepted: false,
        next: null,
      });
      expect(await queue.get('task-1')).toMatchObject({ task: { state: 'active', progress: 0 }, log: '' });
      expect(await queue.renew([{ id: 'task-1', token }], world.longMs)).toEqual(['held']);
    });

    it('claims the next task in the step that completes one', async () => {
      await queue.add([aTask('a'), aTask('b'), aTask('c', { queue: 'gpu-tasks' })]);
      const next = { queues: ['gpu-tasks', 'celery'] as const, workerId: 'worker-a', leaseMs: world.longMs };
      const first = await queue.complete(proofOf(await claimOne()), aResult(), next);
      expect(first).toMatchObject({
        accepted: true,
        next: { task: { id: 'c', state: 'active', attempts: 1 } },
      });
      if (first.next === null) throw new Error('There was no next one.');
      const second = await queue.complete(proofOf(first.next), aResult(), { ...next, queues: ['celery'] });
      expect(second.next?.task.id).toBe('b');
      if (second.next === null) throw new Error('There was no next one.');
      const last = await queue.complete(proofOf(second.next), aResult(), { ...next, queues: ['celery'] });
      expect(last).toEqual({ accepted: true, next: null });
    });

    it('tries a failed attempt again after its pause, until none is left', async () => {
      await added('task-1', { maxAttempts: 2 });
      const first = await claimOne();
      expect(await queue.fail(proofOf(first), failure, world.pauseMs)).toBe('delayed');
      expect(await task('task-1')).toMatchObject({ state: 'delayed', attempts: 1, failure });
      expect((await task('task-1'))?.runAt).not.toBeNull();
      expect(await claim()).toEqual([]);
      expect((await queue.complete(proofOf(first), aResult())).accepted).toBe(false);
      const [again] = await world.until(claim({ waitMs: world.longMs }));
      if (again === undefined) throw new Error('It was not tried again.');
      expect(again.task).toMatchObject({ id: 'task-1', attempts: 2 });
      expect(again.token).not.toBe(first.token);
      expect(await queue.fail(proofOf(again), { code: 'X', message: 'last' }, 0)).toBe('failed');
      const ended = await queue.get('task-1');
      expect(ended?.task).toMatchObject({
        state: 'failed',
        failure: { code: 'X', message: 'last' },
        result: null,
      });
      expect(ended?.task.endedAt).not.toBeNull();
      expect(ended?.steps.map(({ kind }) => kind)).toEqual([
        'added',
        'claimed',
        'failed',
        'claimed',
        'failed',
      ]);
    });

    it('fails for good where another attempt would fail the same way', async () => {
      await added('task-1', { maxAttempts: 9 });
      expect(await queue.fail(proofOf(await claimOne()), failure, null)).toBe('failed');
      expect(await claim()).toEqual([]);
    });

    it('tries again at once after a pause of nothing', async () => {
      await added('task-1');
      expect(await queue.fail(proofOf(await claimOne()), failure, 0)).toBe('waiting');
      expect((await claimOne()).task.attempts).toBe(2);
    });

    it('takes a task back without an attempt having been used', async () => {
      await added('task-1', { maxAttempts: 1 });
      await queue.release(proofOf(await claimOne()), 0);
      expect(await task('task-1')).toMatchObject({ state: 'waiting', attempts: 0 });
      await queue.release(proofOf(await claimOne()), world.pauseMs);
      expect(await stateOf('task-1')).toBe('delayed');
      const [again] = await world.until(claim({ waitMs: world.longMs }));
      expect(again?.task.attempts).toBe(1);
      expect((await queue.get('task-1'))?.steps.filter(({ kind }) => kind === 'released')).toHaveLength(2);
    });

    it('starts a delayed task when its time has come', async () => {
      const runAt = (await now()) + world.pauseMs;
      await added('later', { runAt });
      expect(await task('later')).toMatchObject({ state: 'delayed', runAt });
      expect(await claim()).toEqual([]);
      const [claimed] = await world.until(claim({ waitMs: world.longMs }));
      expect(claimed?.task.id).toBe('later');
      expect(claimed?.task.startedAt).toBeGreaterThanOrEqual(runAt);
      await added('past', { runAt: runAt - 1000 });
      expect(await task('past')).toMatchObject({ state: 'waiting', runAt: null });
    });

    it('tries a task again whose lease ended, and says so', async () => {
      await added('task-1', { maxAttempts: 2 });
      const first = await claimOne({ leaseMs: world.shortMs });
      expect(await world.until(nextLost())).toEqual({ id: 'task-1', workerId: 'worker-a', state: 'waiting' });
      expect(await task('task-1')).toMatchObject({ state: 'waiting', failure: { code: 'WORKER_LEFT' } });
      expect(await queue.renew([proofOf(first)], world.longMs)).toEqual(['lost']);
      expect((await queue.complete(proofOf(first), aResult())).accepted).toBe(false);
      expect(await queue.fail(proofOf(first), failure, 0)).toBeNull();
      const second = await claimOne({ leaseMs: world.shortMs });
      expect(second.task.attempts).toBe(2);
      expect(await world.until(nextLost())).toMatchObject({ id: 'task-1', state: 'failed' });
      expect(await task('task-1')).toMatchObject({ state: 'failed', failure: { code: 'WORKER_LEFT' } });
      const kinds = (await queue.get('task-1'))?.steps.map(({ kind }) => kind);
      expect(kinds).toEqual(['added', 'claimed', 'lost', 'claimed', 'lost']);
      expect(await claim()).toEqual([]);
    });

    it('lets a task run ten times as long as its lease, while it is renewed', {
      timeout: 60_000,
    }, async () => {
      await added('task-1', { maxAttempts: 5 });
      const claimed = await claimOne({ leaseMs: world.shortMs });
      const lost: unknown[] = [];
      queue.onLost((one) => lost.push(one));
      const runAt = (await now()) + world.shortMs / 3;
      for (let beat = 0; beat < 30; beat += 1) {
        await added(`beat-${beat}`, { queue: 'gpu-tasks', runAt: runAt + (beat * world.shortMs) / 3 });
        const waits = claim({ queues: ['gpu-tasks'], waitMs: world.longMs });
        expect(idsOf(await world.until(waits))).toEqual([`beat-${beat}`]);
        expect(await queue.renew([proofOf(claimed)], world.shortMs)).toEqual(['held']);
      }
      expect(await queue.complete(proofOf(claimed), aResult())).toMatchObject({ accepted: true });
      expect(await task('task-1')).toMatchObject({ state: 'completed', attempts: 1 });
      expect(lost).toEqual([]);
    });

    it('keeps progress and the end of the log', async () => {
      await added('task-1');
      const proof = proofOf(await claimOne());
      await queue.report([{ ...proof, progress: 0.25, progressText: 'page 1', log: 'first\n' }]);
      await queue.report([{ ...proof, progress: null, progressText: null, log: 'second\n' }]);
      expect(await queue.get('task-1')).toMatchObject({
        task: { progress: 0.25, progressText: 'page 1' },
        log: 'first\nsecond\n',
      });
      await queue.report([{ ...proof, progress: 0.5, progressText: null, log: 'x'.repeat(65_000) }]);
      await queue.report([
        { ...proof, progress: null, progressText: null, log: `${'y'.repeat(1000)}the end` },
      ]);
      const kept = await queue.get('task-1');
      expect(kept?.log.length).toBeLessThanOrEqual(65_536);
      expect(kept?.log.length).toBeGreaterThan(60_000);
      expect(kept?.log.endsWith('the end')).toBe(true);
      expect(kept?.task.progress).toBe(0.5);
    });

    it('cancels what waits and what is delayed', async () => {
      await queue.add([aTask('a'), aTask('b', { runAt: (await now()) + world.longMs }), aTask('c')]);
      expect(await queue.cancel(['a', 'b', 'unknown', 'a'])).toBe(2);
      expect(await stateOf('a')).toBe('cancelled');
      expect(await stateOf('b')).toBe('cancelled');
      expect(await queue.cancel(['a'])).toBe(0);
      expect(idsOf(await claim({ count: 5 }))).toEqual(['c']);
      expect(await countsOf('celery')).toMatchObject({
        cancelled: 2,
        active: 1,
        waiting: 0,
        delayed: 0,
        failed: 0,
      });
      expect((await queue.get('a'))?.steps.map(({ kind }) => kind)).toEqual(['added', 'cancelled']);
    });

    it('tells the worker of a cancelled task, and drops its result', async () => {
      await added('task-1');
      const claimed = await claimOne();
      expect(await queue.cancel(['task-1'])).toBe(1);
      expect(await stateOf('task-1')).toBe('cancelled');
      expect(await queue.renew([proofOf(claimed)], world.longMs)).toEqual(['cancelled']);
      expect((await queue.complete(proofOf(claimed), aResult())).accepted).toBe(false);
      expect(await queue.fail(proofOf(claimed), failure, 0)).toBeNull();
      await queue.release(proofOf(claimed), 0);
      expect(await task('task-1')).toMatchObject({ state: 'cancelled', result: null });
      expect(await claim()).toEqual([]);
    });

    it('queues ended tasks again with all their attempts', async () => {
      await queue.add([aTask('a', { maxAttempts: 1 }), aTask('b'), aTask('c', { priority: 3 })]);
      const claims = await claim({ count: 3 });
      const [c, a, b] = claims;
      if (a === undefined || b === undefined || c === undefined) throw new Error('Something is missing.');
      await queue.fail(proofOf(a), failure, 0);
      await queue.complete(proofOf(b), aResult());
      await queue.cancel(['c']);
      expect(await queue.retry(['a', 'b', 'c', 'unknown'])).toBe(3);
      for (const id of ['a', 'b', 'c'])
        expect(await task(id)).toMatchObject({
          ...{ state: 'waiting', attempts: 0, result: null, failure: null, endedAt: null, progress: 0 },
        });
      expect(await queue.retry(['a'])).toBe(0);
      expect(await queue.renew([proofOf(c)], world.longMs)).toEqual(['lost']);
      expect((await queue.complete(proofOf(b), aResult())).accepted).toBe(false);
      expect(idsOf(await claim({ count: 5 }))).toEqual(['c', 'a', 'b']);
      expect(await countsOf('celery')).toMatchObject({ active: 3, failed: 0, cancelled: 0, completed: 0 });
    });

    it('moves what waits to the other queue, and nothing that is active', async () => {
      await queue.add([aTask('first', { queue: 'gpu-tasks', priority: 9 })]);
      const active = await claimOne({ queues: ['gpu-tasks'] });
      const runAt = (await now()) + world.longMs;
      await queue.add([
        aTask('a', { queue: 'gpu-tasks' }),
        aTask('b', { queue: 'gpu-tasks', priority: 2 }),
        aTask('later', { queue: 'gpu-tasks', runAt }),
      ]);
      expect(await queue.move(['a', 'b', 'later', active.task.id, 'unknown'], 'celery')).toBe(3);
      expect(await queue.move(['a'], 'celery')).toBe(0);
      expect(await task('later')).toMatchObject({ queue: 'celery', state: 'delayed', runAt });
      expect(await claim({ queues: ['gpu-tasks'] })).toEqual([]);
      expect(idsOf(await claim({ count: 5 }))).toEqual(['b', 'a']);
      expect((await queue.get('a'))?.steps.map(({ kind }) => kind)).toEqual(['added', 'moved', 'claimed']);
      expect(await countsOf('gpu-tasks')).toMatchObject({ waiting: 0, active: 1 });
      expect(await countsOf('celery')).toMatchObject({ waiting: 0, active: 2, delayed: 1 });
    });

    it('deletes ended tasks and no others', async () => {
      await queue.add([aTask('a'), aTask('b'), aTask('c')]);
      await queue.complete(proofOf(await claimOne()), aResult());
      await claimOne();
      expect(await queue.remove(['a', 'b', 'c', 'unknown'])).toBe(1);
      expect(await queue.get('a')).toBeNull();
      expect(await stateOf('b')).toBe('active');
      expect(await stateOf('c')).toBe('waiting');
      await added('a');
      expect(await stateOf('a')).toBe('waiting');
    });

    it('deletes those that ended before a time, oldest first', async () => {
      await queue.add(['a', 'b', 'c', 'd'].map((id) => aTask(id)));
      for (const id of ['a', 'b']) {
        const claimed = await claimOne();
        expect(claimed.task.id).toBe(id);
        await queue.complete(proofOf(claimed), aResult());
      }
      await queue.fail(proofOf(await claimOne()), failure, null);
      await queue.cancel(['d']);
      expect(await queue.prune((await now()) - world.longMs, 10)).toEqual([]);
      const after = (await now()) + world.longMs;
      expect(await queue.prune(after, 1)).toEqual(['a']);
      expect((await queue.prune(after, 10)).sort()).toEqual(['b', 'c', 'd']);
      expect((await queue.list({ limit: 10 })).total).toBe(0);
      expect(await countsOf('celery')).toMatchObject({ completed: 0, failed: 0, cancelled: 0 });
    });

    it('lists newest first, in pages, by every filter', async () => {
      const batch = aSpec({ batchId: 'batch-1', title: 'Straße 100%.md' });
      await queue.add([
        aTask('a'),
        aTask('b', { spec: batch }),
        aTask('c', { spec: batch, queue: 'gpu-tasks' }),
        aTask('d', { maxAttempts: 1 }),
      ]);
      const ids = async (query: Parameters<typeof queue.list>[0]) => {
        const page = await queue.list(query);
        return [page.tasks.map(({ id }) => id).join(''), page.total];
      };
      expect(await ids({ limit: 10 })).toEqual(['dcba', 4]);
      expect(await ids({ limit: 2 })).toEqual(['dc', 4]);
      expect(await ids({ limit: 2, offset: 3 })).toEqual(['a', 4]);
      expect(await ids({ limit: 5, offset: 10 })).toEqual(['', 4]);
      expect(await ids({ limit: 10, queue: 'gpu-tasks' })).toEqual(['c', 1]);
      expect(await ids({ limit: 10, batchId: 'batch-1' })).toEqual(['cb', 2]);
      expect(await ids({ limit: 10, batchId: 'batch-1', queue: 'celery' })).toEqual(['b', 1]);
      expect(await ids({ limit: 10, text: 'STRASSE' })).toEqual(['', 0]);
      expect(await ids({ limit: 10, text: 'sTRAßE' })).toEqual(['cb', 2]);
      expect(await ids({ limit: 10, text: '0%.' })).toEqual(['cb', 2]);
      const claimed = await claimOne({ workerId: 'worker-b' });
      await queue.fail(proofOf(claimed), { code: 'PAPER_JAM', message: 'Tray two' }, null);
      expect(await ids({ limit: 10, text: 'tray TWO' })).toEqual(['a', 1]);
      expect(await ids({ limit: 10, text: 'paper_jam' })).toEqual(['a', 1]);
      expect(await ids({ limit: 10, workerId: 'worker-b' })).toEqual(['a', 1]);
      expect(await ids({ limit: 10, states: ['failed', 'active'] })).toEqual(['a', 1]);
      expect(await ids({ limit: 10, states: ['waiting'] })).toEqual(['dcb', 3]);
      await queue.cancel(['d']);
      expect(await ids({ limit: 10, states: ['cancelled'] })).toEqual(['d', 1]);
      expect(await ids({ limit: 10, states: ['failed'] })).toEqual(['a', 1]);
      expect(await ids({ limit: 10, states: ['waiting', 'cancelled'], text: 'notes' })).toEqual(['d', 1]);
    });

    it('counts by queue and state, and knows how long one waits', async () => {
      const before = await now();
      expect(await queue.stats()).toHaveLength(2);
      expect((await queue.stats()).every(({ oldestAt }) => oldestAt === null)).toBe(true);
      await queue.add([aTask('a', { priority: 1 }), aTask('b')]);
      await queue.add([aTask('c', { priority: 5 }), aTask('later', { runAt: before + 10 * world.longMs })]);
      const [cpu] = (await queue.stats()).filter((one) => one.queue === 'celery');
      expect(cpu?.counts).toEqual({
        waiting: 3,
        delayed: 1,
        active: 0,
        completed: 0,
        failed: 0,
        cancelled: 0,
      });
      expect(cpu?.oldestAt).toBe((await task('a'))?.addedAt);
      const claims = await claim({ count: 3 });
      expect((await queue.stats()).find((one) => one.queue === 'celery')?.oldestAt).toBeNull();
      const [c, a, b] = claims;
      if (a === undefined || b === undefined || c === undefined) throw new Error('Something is missing.');
      await queue.complete(proofOf(a), aResult());
      await queue.fail(proofOf(b), failure, null);
      expect(await countsOf('celery')).toEqual({
        ...{ waiting: 0, delayed: 1, active: 1, completed: 1, failed: 1, cancelled: 0 },
      });
    });

    it('adds a step to a timeline', async () => {
      await added('task-1');
      const step = {
        at: await now(),
        kind: 'waking' as const,
        workerId: null,
        message: fact('QUEUE_TASK_RETRIED'),
      };
      await queue.note('task-1', step);
      const kept = await queue.get('task-1');
      expect(kept?.steps.at(-1)).toEqual(step);
      await expect(queue.note('unknown', step)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    it('tells changes in their order', async () => {
      const seen: TaskChange[] = [];
      let check = (): void => {};
      const stop = queue.onChange((changes) => {
        seen.push(...changes);
        check();
      });
      const until = (id: string, state: TaskChange['state']) =>
        world.until(
          new Promise<void>((resolve) => {
            check = () => {
              const last = seen.filter((change) => change.id === id).at(-1);
              if (last?.state === state) resolve();
            };
            check();
          }),
        );
      await added('task-1');
      await until('task-1', 'waiting');
      const claimed = await claimOne();
      await until('task-1', 'active');
      await queue.complete(proofOf(claimed), aResult());
      await until('task-1', 'completed');
      await queue.retry(['task-1']);
      await until('task-1', 'waiting');
      await queue.cancel(['task-1']);
      await until('task-1', 'cancelled');
      await queue.remove(['task-1']);
      await until('task-1', null);
      stop();
      const count = seen.length;
      await added('task-2');
      await claimOne();
      expect(seen).toHaveLength(count);
    });

    it('never gives a task to two that claim at once', async () => {
      await queue.add(Array.from({ length: 60 }, (_, number) => aTask(`task-${number}`)));
      const claims = await Promise.all(
        Array.from({ length: 30 }, (_, number) => claim({ count: 3, workerId: `worker-${number}` })),
      );
      const ids = claims.flatMap(idsOf);
      expect(ids).toHaveLength(60);
      expect(new Set(ids).size).toBe(60);
    });

    it('hands its tasks to another engine, with all that it keeps', async () => {
      const runAt = (await now()) + 10 * world.longMs;
      await queue.add([
        aTask('done'),
        aTask('broken', { maxAttempts: 2 }),
        aTask('again', { priority: 4 }),
        aTask('later', { runAt }),
        aTask('gone'),
        aTask('busy', { queue: 'gpu-tasks' }),
      ]);
      const busy = await claimOne({ queues: ['gpu-tasks'] });
      const again = await claimOne();
      await queue.report([{ ...proofOf(again), progress: 0.5, progressText: 'half', log: 'kept\n' }]);
      await queue.fail(proofOf(again), failure, 0);
      const [second, done, broken] = await claim({ count: 3 });
      if (second === undefined || done === undefined || broken === undefined)
        throw new Error('Something is missing.');
      await queue.complete(proofOf(done), aResult('kept'));
      await queue.fail(proofOf(broken), failure, null);
      await queue.cancel(['gone']);
      await queue.release(proofOf(second), 0);

      const kept = await queue.takeOut(100);
      expect(kept.map(({ task: { id } }) => id)).not.toContain('busy');
      const other = await open();
      try {
        await other.queue.putIn(kept);
        await other.queue.putIn(kept);
        for (const { task: before, steps, log } of kept) {
          const after = await other.queue.get(before.id);
          expect(after).toEqual({ task: before, steps, log });
        }
        expect((await other.queue.list({ limit: 100 })).total).toBe(kept.length);
      } finally {
        await other.close();
      }
      await queue.forget([...kept.map(({ task: { id } }) => id), 'busy', 'unknown']);
      expect((await queue.list({ limit: 10 })).tasks.map(({ id }) => id)).toEqual(['busy']);
      expect(await queue.takeOut(10)).toEqual([]);
      expect(await queue.renew([proofOf(busy)], world.longMs)).toEqual(['held']);
    });

    it('keeps priority and order where they are put in', async () => {
      await queue.add([aTask('a'), aTask('b', { priority: 5 }), aTask('c'), aTask('d', { priority: 5 })]);
      const kept = await queue.takeOut(10);
      const other = await open();
      try {
        await other.queue.putIn(kept.slice(0, 2));
        await other.queue.putIn(kept.slice(2));
        const claims = await other.queue.claim({
          ...{ queues: ['celery'], workerId: 'worker-a', count: 9, leaseMs: world.longMs, waitMs: 0 },
        });
        expect(idsOf(claims)).toEqual(['b', 'd', 'a', 'c']);
      } finally {
        await other.close();
      }
    });

    /** The queue's clock, by what it writes. */
    async function now(): Promise<number> {
      await added('clock', { queue: 'gpu-tasks', priority: 0 });
      const at = (await task('clock'))?.addedAt ?? 0;
      await queue.cancel(['clock']);
      await queue.remove(['clock']);
      return at;
    }
  });
}
