import { describe, expect, it } from 'vitest';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { aNode } from '../../../fakes/records.ts';
import { createFakeTaskQueue } from '../../../fakes/task-queue.ts';
import { createTasksWorld, elsewhere, here, type TasksWorld } from '../../../fakes/tasks-world.ts';

async function started(options: Parameters<typeof createTasksWorld>[0] = {}): Promise<TasksWorld> {
  const world = createTasksWorld(options);
  await world.service.start();
  await world.clock.flush();
  return world;
}

describe('a task from its beginning to its end', () => {
  it('waits, is claimed, reports and completes', async () => {
    const world = await started();
    const id = await world.add({ metadata: { from: 'a test' } });
    expect(await world.stateOf(id)).toBe('waiting in celery');
    await world.hello('w1');
    const task = await world.claimOne('w1');
    expect(task).toMatchObject({ id, attempt: 1, queue: 'celery', spec: { title: 'text.md' } });
    expect(await world.beat('w1', [task])).toEqual({ tasks: [{ id, state: 'held' }], drain: false });
    expect((await world.service.get(id)).log).toBe('a line\n');
    expect((await world.service.get(id)).task).toMatchObject({ progress: 0.5, workerName: 'w1' });
    expect(await world.complete('w1', task)).toMatchObject({ accepted: true, next: null });
    const { task: ended, result } = await world.service.get(id);
    expect(ended).toMatchObject({ state: 'completed', failure: null, storing: null });
    expect(result?.content).toBe('The pilot light.');
    expect(world.service.workers.list()).toMatchObject([{ id: 'w1', active: 0, done: 1, failed: 0 }]);
  });

  it('completing takes the next one in the same step', async () => {
    const world = await started();
    const [first, second] = [await world.add(), await world.add()];
    await world.hello('w1');
    const task = await world.claimOne('w1');
    expect(task.id).toBe(first);
    const { next } = await world.complete('w1', task, undefined, true);
    expect(next?.id).toBe(second);
    expect(world.service.workers.list()).toMatchObject([{ active: 1 }]);
  });

  it('fails, is tried again later, and fails for good with one notification for many', async () => {
    const world = await started({ tasks: { attempts: 2 } });
    const ids = [await world.add(), await world.add()];
    await world.hello('w1');
    for (const task of await world.claim('w1', 2))
      expect(await world.fail('w1', task)).toEqual({ state: 'delayed' });
    expect(await world.claim('w1')).toEqual([]);
    await world.clock.advance(5000);
    for (const task of await world.claim('w1', 2))
      expect(await world.fail('w1', task)).toEqual({ state: 'failed' });
    await world.clock.advance(5000);
    expect(world.activity).toMatchObject([
      {
        kind: 'tasks',
        severity: 'error',
        message: { code: 'TASKS_FAILED', params: { count: 2 } },
        notify: true,
      },
    ]);
    expect(await world.service.retry(ids)).toBe(2);
    expect(await world.stateOf(ids[0] ?? '')).toBe('waiting in celery');
  });

  it('is not tried again if the worker says that it would fail the same way', async () => {
    const world = await started();
    await world.add();
    await world.hello('w1');
    expect(await world.fail('w1', await world.claimOne('w1'), false)).toEqual({ state: 'failed' });
  });

  it('is cancelled at its worker’s next report, whose result is dropped', async () => {
    const world = await started();
    const id = await world.add({ store: true });
    await world.hello('w1');
    const task = await world.claimOne('w1');
    expect(await world.service.cancel([id])).toBe(1);
    expect(await world.complete('w1', task)).toMatchObject({ accepted: false });
    expect(world.texts.texts.size).toBe(0);
    expect(await world.beat('w1', [task])).toEqual({ tasks: [{ id, state: 'cancelled' }], drain: false });
    expect(await world.stateOf(id)).toBe('cancelled in celery');
    expect(world.service.workers.list()).toMatchObject([{ active: 0 }]);
  });

  it('goes to another worker when its own stops reporting, which then has nothing to say about it', async () => {
    const world = await started();
    await world.add();
    await world.hello('w1');
    const first = await world.claimOne('w1');
    await world.clock.advance(30_000);
    expect(world.service.workers.list()).toMatchObject([{ id: 'w1', state: 'lost', active: 0 }]);
    expect(world.activity).toMatchObject([{ message: { code: 'WORKER_LOST' } }]);
    await world.hello('w2');
    const second = await world.claimOne('w2');
    expect(second).toMatchObject({ id: first.id, attempt: 2 });
    expect(await world.complete('w1', first)).toMatchObject({ accepted: false });
    expect(await world.complete('w2', second)).toMatchObject({ accepted: true });
  });

  it('waits for its time', async () => {
    const world = await started();
    await world.add({ delaySeconds: 60 });
    await world.hello('w1');
    expect(await world.claim('w1')).toEqual([]);
    await world.beat('w1');
    await world.clock.advance(20_000);
    await world.beat('w1');
    await world.clock.advance(20_000);
    await world.beat('w1');
    await world.clock.advance(20_000);
    expect(await world.claim('w1')).toHaveLength(1);
  });

  it('ends for those who wait for it', async () => {
    const world = await started();
    const id = await world.add();
    const waiting = world.service.waitForEnd(id, new AbortController().signal);
    await world.hello('w1');
    await world.complete('w1', await world.claimOne('w1'));
    expect((await waiting).task.state).toBe('completed');
    const leaving = new AbortController();
    const left = world.service.waitForEnd(await world.add(), leaving.signal);
    leaving.abort(new PilotlightError('CANCELLED'));
    await expect(left).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(world.service.waitForEnd('nope', new AbortController().signal)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});

describe('adding', () => {
  it('is all or nothing: what was taken is given back', async () => {
    const world = await started();
    const upload = await world.service.upload(
      { name: 'a.md', content: bytes('a') },
      new AbortController().signal,
    );
    const requests = [
      world.request({ input: { kind: 'upload', fileId: upload.id } }),
      world.request(),
      world.request({ input: { kind: 'upload', fileId: 'nope' } }),
    ];
    await expect(world.service.add(requests, null)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(world.queue.records()).toEqual([]);
    expect(await world.files.list()).toMatchObject([{ id: upload.id, taskId: null }]);
    expect(await world.add({ input: { kind: 'upload', fileId: upload.id } })).toMatch(/^task_/);
    // It belongs to that task now.
    await expect(world.add({ input: { kind: 'upload', fileId: upload.id } })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('keeps what the queue refuses out of the webhooks and the files', async () => {
    const world = await started({ tasks: { privateWebhooks: true } });
    world.queue.broken = new PilotlightError('TASK_QUEUE_FULL');
    await expect(world.add({ webhookUrl: 'http://a:b@127.0.0.1/hook' })).rejects.toMatchObject({
      code: 'TASK_QUEUE_FULL',
    });
    expect(world.store.webhooks.list()).toEqual([]);
    expect(world.secrets.values.size).toBe(0);
    expect(await world.files.list()).toEqual([]);
  });

  it('refuses a path outside the shared folder, and one where there is none', async () => {
    const world = await started();
    const shared = (path: string) => world.add({ input: { kind: 'shared', path } });
    await expect(shared('notes.md')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    world.change({ sharedFolder: '/shared' });
    await expect(shared('../notes.md')).rejects.toMatchObject({ code: 'FILE_OUTSIDE_FOLDER' });
    expect((await world.service.get(await shared('a/film.mp4'))).spec).toMatchObject({
      contentType: 'video',
      title: 'a/film.mp4',
      input: { kind: 'shared', path: 'a/film.mp4' },
    });
  });

  it('notes why, for tasks that asked for a GPU', async () => {
    const world = await started();
    const id = await world.add({ gpu: true, contentType: 'video' });
    expect(await world.steps(id)).toEqual(['QUEUE_TASK_ADDED', 'TASK_GPU_NONE']);
  });
});

describe('workers', () => {
  it('are refused with another protocol, or a clock that is wrong, and told so', async () => {
    const world = await started();
    await world.add();
    const other = await world.hello('w1', { protocol: 99 });
    expect(other.refused).toMatchObject({ code: 'WORKER_VERSION' });
    const newer = await world.hello('w1', { protocol: 99, oldestProtocol: 1 });
    expect(newer.refused).toBeNull();
    const tooNew = await world.hello('w1', { protocol: 99, oldestProtocol: 98 });
    expect(tooNew.refused).toMatchObject({ code: 'WORKER_VERSION' });
    const late = await world.hello('w2', { now: world.clock.now() - 301_000 });
    expect(late.refused).toMatchObject({ code: 'CLOCK_WRONG' });
    const early = await world.hello('w3', { now: world.clock.now() + 300_000 });
    expect(early.refused).toBeNull();
    expect(await world.claim('w1')).toEqual([]);
    expect(await world.claim('w2')).toEqual([]);
    expect(world.service.workers.list().map(({ trouble }) => trouble?.code ?? null)).toEqual([
      'WORKER_OTHER_VERSION',
      'WORKER_CLOCK_OFF',
      null,
    ]);
    // It was updated.
    await world.hello('w1');
    expect(await world.claim('w1')).toHaveLength(1);
  });

  it('have to say hello first, each with its own key', async () => {
    const world = await started();
    await expect(world.claim('w1')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await world.hello('w1');
    const other = { credentialId: 'key_2', local: false };
    await expect(world.claim('w1', 1, other)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(
      world.service.workers.beat({ workerId: 'w1', load: null, tasks: [] }, other),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('drain: they finish what they have, and get nothing more until they may', async () => {
    const world = await started();
    await world.add();
    await world.add();
    await world.hello('w1');
    const task = await world.claimOne('w1');
    world.service.workers.drain('w1', true);
    expect(world.service.workers.list()).toMatchObject([{ state: 'draining' }]);
    expect(await world.beat('w1', [task])).toMatchObject({ drain: true });
    expect(await world.complete('w1', task, undefined, true)).toMatchObject({
      accepted: true,
      next: null,
      drain: true,
    });
    expect(await world.claim('w1')).toEqual([]);
    // A break in the connection changes nothing.
    expect((await world.hello('w1')).drain).toBe(true);
    world.service.workers.drain('w1', false);
    expect(await world.claim('w1')).toHaveLength(1);
    expect(() => world.service.workers.drain('nope', true)).toThrow(PilotlightError);
  });

  it('get no more than they have slots for', async () => {
    const world = await started();
    for (let count = 0; count < 5; count += 1) await world.add();
    await world.hello('w1', { slots: 3 });
    expect(await world.claim('w1', 2)).toHaveLength(2);
    expect(await world.claim('w1', 9)).toHaveLength(1);
    expect(await world.claim('w1')).toEqual([]);
  });

  it('pass on what they cannot do, if another one can; else it has failed', async () => {
    const world = await started();
    const id = await world.add({ contentType: 'video' });
    await world.hello('w1', { contentTypes: ['document'] });
    await world.hello('w2', { contentTypes: ['video'] });
    expect(await world.claim('w1')).toEqual([]);
    expect(await world.stateOf(id)).toBe('delayed in celery');
    await world.clock.advance(15_000);
    expect(await world.claim('w2')).toMatchObject([{ id, attempt: 1 }]);
    const audio = await world.add({ contentType: 'audio' });
    expect(await world.claim('w1')).toEqual([]);
    expect((await world.service.get(audio)).task.failure).toMatchObject({ code: 'HANDLER_MISSING' });
  });

  it('go on with what they had when the core comes back', async () => {
    const world = await started();
    const id = await world.add();
    await world.hello('w1');
    const task = await world.claimOne('w1');
    const again = await started({ queue: world.queue, store: world.store });
    const { id: taskId, token } = task;
    const greeting = await again.hello('w1', {
      tasks: [
        { id: taskId, token },
        { id: 'gone', token: 'x' },
      ],
    });
    expect(greeting.tasks).toEqual([
      { id, state: 'held' },
      { id: 'gone', state: 'lost' },
    ]);
    expect(again.service.workers.list()).toMatchObject([{ active: 1 }]);
    expect(await again.complete('w1', task)).toMatchObject({ accepted: true });
  });

  it('give everything back when they say goodbye, without an attempt', async () => {
    const world = await started();
    const id = await world.add();
    await world.hello('w1');
    await world.claimOne('w1');
    await world.service.workers.bye({ workerId: 'w1' }, elsewhere);
    expect(world.service.workers.list()).toEqual([]);
    await world.hello('w2');
    expect(await world.claimOne('w2')).toMatchObject({ id, attempt: 1 });
  });

  it('of this computer read files where they are; others get the path in the shared folder', async () => {
    const world = await started({ tasks: { sharedFolder: '/shared' } });
    await world.add();
    await world.add({ input: { kind: 'shared', path: 'film.mp4' } });
    await world.add({ input: { kind: 'shared', path: 'film.mp4' } });
    await world.hello('local', {}, here);
    const [text] = await world.claim('local', 1, here);
    expect(text?.localPath).toMatch(/^\/data\/tasks\/file_/);
    expect(await world.claim('local', 1, here)).toMatchObject([
      { localPath: '/shared/film.mp4', sharedPath: null },
    ]);
    expect((await world.hello('far', { sharedFolderProof: 'the proof' })).sharedFolder).toBe(true);
    expect((await world.hello('other', { sharedFolderProof: 'a guess' })).sharedFolder).toBe(false);
    const [shared] = await world.claim('far');
    expect(shared).toMatchObject({ sharedPath: 'film.mp4' });
    expect(shared).not.toHaveProperty('localPath');
  });

  it('find a task failed whose file is gone', async () => {
    const world = await started();
    const id = await world.add();
    await world.files.remove((await world.files.list()).map((file) => file.id));
    await world.hello('w1');
    expect(await world.claim('w1')).toEqual([]);
    expect((await world.service.get(id)).task).toMatchObject({
      state: 'failed',
      failure: { code: 'NOT_FOUND' },
    });
  });
});

describe('an engine that cannot be reached', () => {
  it('rejects every call with its code, shows a notice, and is used once it answers', async () => {
    const queue = createFakeTaskQueue({ clock: createFakeClock() });
    let opens = 0;
    const world = createTasksWorld({
      queue,
      open: async () => {
        opens += 1;
        if (opens < 3) throw new PilotlightError('QUEUE_UNREACHABLE');
        return queue;
      },
    });
    await world.service.start();
    await expect(world.add()).rejects.toMatchObject({ code: 'QUEUE_UNREACHABLE' });
    await expect(world.service.queues()).rejects.toMatchObject({ code: 'QUEUE_UNREACHABLE' });
    expect([...world.notices.values()]).toEqual(['QUEUE_UNREACHABLE']);
    await world.clock.advance(1000);
    expect(opens).toBe(2);
    await world.clock.advance(2000);
    expect([...world.notices.values()]).toEqual([]);
    expect(await world.add()).toMatch(/^task_/);
  });

  it('warns of a server that may lose tasks, until that is put right', async () => {
    const queue = createFakeTaskQueue({ clock: createFakeClock() });
    queue.warns = ['no-append-only-file', 'evicts-keys'];
    const world = createTasksWorld({ queue });
    await world.service.start();
    await world.clock.flush();
    expect([...world.notices.values()]).toEqual(['QUEUE_NOT_KEPT', 'QUEUE_EVICTS']);
    queue.warns = ['evicts-keys', 'old-server'];
    expect((await world.service.warnings()).map(({ code }) => code)).toEqual([
      'QUEUE_EVICTS',
      'QUEUE_OLD_SERVER',
    ]);
    expect([...world.notices.values()]).toEqual(['QUEUE_EVICTS', 'QUEUE_OLD_SERVER']);
    // What cannot be asked is not put right by that.
    queue.broken = new PilotlightError('QUEUE_UNREACHABLE');
    expect((await world.service.warnings()).map(({ code }) => code)).toEqual(['QUEUE_UNREACHABLE']);
    expect([...world.notices.values()]).toEqual(['QUEUE_EVICTS', 'QUEUE_OLD_SERVER']);
    queue.broken = null;
    queue.warns = [];
    expect(await world.service.warnings()).toEqual([]);
    expect([...world.notices.values()]).toEqual([]);
  });

  it('keeps the former one until another can be used, then moves what waits', async () => {
    const clock = createFakeClock();
    const [first, second] = [createFakeTaskQueue({ clock }), createFakeTaskQueue({ clock })];
    let isUp = false;
    const world = createTasksWorld({
      queue: first,
      open: async ({ kind }) => {
        if (kind === 'sqlite') return first;
        if (!isUp) throw new PilotlightError('QUEUE_UNREACHABLE');
        return second;
      },
    });
    await world.service.start();
    const id = await world.add();
    world.redisUrl = 'redis://127.0.0.1:1';
    world.change({ engine: 'bullmq' });
    await world.clock.flush();
    expect([...world.notices.values()]).toEqual(['QUEUE_UNREACHABLE']);
    const other = await world.add();
    isUp = true;
    await world.clock.advance(1000);
    expect(second.records().map((task) => task.id)).toEqual([id, other]);
    expect(first.records()).toEqual([]);
    expect(first.closed).toBe(true);
    expect([...world.notices.values()]).toEqual([]);
    expect(world.activity).toMatchObject([{ message: { code: 'TASK_QUEUE_MOVED', params: { count: 2 } } }]);
  });
});

async function* bytes(text: string) {
  yield new TextEncoder().encode(text);
}

describe('a worker that introduces itself again', () => {
  it('keeps what it names, and what it does not name is tried again at once', async () => {
    const world = await started();
    const [first, second] = [await world.add(), await world.add()];
    await world.hello('w1');
    const [kept] = await world.claim('w1', 2);
    if (kept === undefined) throw new Error('There was nothing.');
    const { tasks } = await world.hello('w1', { tasks: [{ id: kept.id, token: kept.token }] });
    expect(tasks).toEqual([{ id: first, state: 'held' }]);
    await world.clock.flush();
    expect(await world.stateOf(first ?? '')).toBe('active in celery');
    expect(await world.service.get(second ?? '')).toMatchObject({
      task: { failure: { code: 'WORKER_LEFT' } },
    });
    const again = await world.claimOne('w1');
    expect(again).toMatchObject({ id: second, attempt: 2 });
    expect(world.service.workers.list()).toMatchObject([{ active: 2 }]);
  });
});

describe('the worker of a simulated machine', () => {
  const taskWorker = {
    ...{ id: 'simulated-tower', name: 'tower', type: 'gpu' as const, slots: 1 },
    ...{ queues: ['gpu-tasks' as const], contentTypes: ['mixed' as const] },
  };

  it('is known before its machine is on, and no more when the machine is gone', async () => {
    const node = aNode({ id: 'tower', kind: 'simulated', state: 'off', canWake: true });
    const world = await started({ nodes: [node], simulated: { tower: { taskWorker } } });
    expect(world.service.workers.list()).toMatchObject([{ ...taskWorker, state: 'asleep', nodeId: 'tower' }]);
    world.fleet.remove('tower');
    expect(world.service.workers.list()).toEqual([]);
    expect(world.streams.taskWorkers.get('simulated-tower')).toBeUndefined();
  });
});
