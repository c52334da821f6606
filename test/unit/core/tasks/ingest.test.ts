import { describe, expect, it } from 'vitest';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { plainText } from '../../../../shared/models/message.ts';
import { aResult, createTasksWorld, type TasksWorld } from '../../../fakes/tasks-world.ts';

async function started(options: Parameters<typeof createTasksWorld>[0] = {}): Promise<TasksWorld> {
  const world = createTasksWorld(options);
  await world.service.start();
  await world.hello('w1');
  return world;
}

async function complete(world: TasksWorld, content?: string): Promise<string> {
  const id = await world.add({ store: true });
  await world.complete('w1', await world.claimOne('w1'), aResult(content));
  return id;
}

const storing = async (world: TasksWorld, id: string) => (await world.service.get(id)).task.storing;

/** Time in which texts gather; the worker stays online. */
const gather = (world: TasksWorld) => world.clock.advance(600);

describe('the text of a completed task', () => {
  it('is a file at once, and can be found when its index job has ended', async () => {
    const world = await started();
    const id = await complete(world);
    expect(world.texts.texts.get(id)).toBe('# text.md\n\nThe pilot light.');
    expect(await storing(world, id)).toBe('pending');
    expect(world.service.ingested({ offset: 0, limit: 10 })).toMatchObject({
      texts: [{ taskId: id, title: 'text.md', origin: 'text.md', indexed: false }],
      total: 1,
    });
    await gather(world);
    world.indexing.end();
    await world.clock.flush();
    expect(await storing(world, id)).toBe('stored');
    expect(await world.steps(id)).toContain('TASK_STORED');
    expect(world.service.ingested({ offset: 0, limit: 10 }).texts).toMatchObject([{ indexed: true }]);
    expect(world.service.ingestedText(`${id}.md`)).toEqual({
      taskId: id,
      title: 'text.md',
      origin: 'text.md',
      places: [],
    });
    expect(world.service.totals().stored).toBe(1);
  });

  it('has the pages that its worker named, in bytes of its file', async () => {
    const world = await started();
    const id = await world.add({ store: true });
    const page = (number: number, start: number) => ({ kind: 'page', number, name: null, start });
    const result = { ...aResult('Für\n\nzwei'), metadata: { places: [page(1, 0), page(2, 5)] } };
    await world.complete('w1', await world.claimOne('w1'), result);
    const head = '# text.md\n\n'.length;
    expect(world.service.ingestedText(`${id}.md`)?.places).toEqual([
      { kind: 'page', number: 1, name: null, startByte: head },
      { kind: 'page', number: 2, name: null, startByte: head + 6 },
    ]);
    // They are the core's own.
    expect(world.service.ingested({ offset: 0, limit: 10 }).texts[0]).not.toHaveProperty('places');
  });

  it('shares its job with others, and what comes during one gets the next', async () => {
    const world = await started();
    const [first, second] = [await complete(world), await complete(world)];
    await gather(world);
    expect(world.indexing.count()).toBe(1);
    const third = await complete(world);
    world.indexing.end();
    await world.clock.flush();
    expect(await storing(world, first)).toBe('stored');
    expect(await storing(world, second)).toBe('stored');
    expect(await storing(world, third)).toBe('pending');
    await gather(world);
    expect(world.indexing.count()).toBe(2);
    world.indexing.end();
    await world.clock.flush();
    expect(await storing(world, third)).toBe('stored');
    await world.clock.advance(60_000);
    expect(world.indexing.count()).toBe(2);
  });

  it('waits for another job, and for one that failed', async () => {
    const world = await started();
    world.indexing.start(['another']);
    const id = await complete(world);
    await gather(world);
    world.indexing.end();
    await world.clock.flush();
    world.indexing.end({ status: 'failed' });
    await world.clock.advance(29_000);
    expect(world.indexing.running()).toBeNull();
    expect(await storing(world, id)).toBe('pending');
    await world.clock.advance(2000);
    world.indexing.end();
    await world.clock.flush();
    expect(await storing(world, id)).toBe('stored');
  });

  it('has failed if the index refuses it, with the reason in its timeline', async () => {
    const world = await started();
    const id = await complete(world);
    await gather(world);
    world.indexing.end({
      leftOut: [{ path: `${id}.md`, code: 'FILE_TOO_LARGE', reason: plainText('Too large.') }],
    });
    await world.clock.flush();
    expect(await storing(world, id)).toBe('failed');
    expect(await world.steps(id)).toContain('TASK_NOT_STORED');
  });

  it('comes from the file of a result that is too long for the queue', async () => {
    const world = await started();
    const id = await world.add({ store: true });
    const task = await world.claimOne('w1');
    const whole = (async function* () {
      yield new TextEncoder().encode('the whole text');
    })();
    const file = await world.service.saveResult(
      { taskId: id, name: 'text', content: whole },
      new AbortController().signal,
    );
    await world.complete('w1', task, { ...aResult('the whole'), contentFileId: file.id });
    expect(world.texts.texts.get(id)).toBe('# text.md\n\nthe whole text');
  });

  it('is kept before the task counts as completed: a full disk loses nothing', async () => {
    const world = await started();
    const id = await world.add({ store: true });
    const task = await world.claimOne('w1');
    world.texts.failing = new PilotlightError('DISK_FULL');
    await expect(world.complete('w1', task)).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(await world.stateOf(id)).toBe('active in celery');
    world.texts.failing = null;
    expect(await world.complete('w1', task)).toMatchObject({ accepted: true });
  });

  it('is stored if a worker completed the task in the queue itself', async () => {
    const world = await started();
    const id = await world.add({ store: true });
    const [claim] = await world.queue.claim({
      ...{ queues: ['celery'], workerId: 'python', count: 1, leaseMs: 60_000, waitMs: 0 },
    });
    await world.queue.complete({ id, token: claim?.token ?? '' }, aResult('from Python'));
    await world.clock.flush();
    expect(world.texts.texts.get(id)).toBe('# text.md\n\nfrom Python');
    await gather(world);
    world.indexing.end();
    await world.clock.flush();
    expect(await storing(world, id)).toBe('stored');
  });
});

describe('after a crash of the core', () => {
  const again = async (world: TasksWorld) => {
    const next = createTasksWorld({ queue: world.queue, store: world.store });
    for (const [id, text] of world.texts.texts) next.texts.texts.set(id, text);
    await next.service.start();
    await next.clock.flush();
    return next;
  };

  it('what was pending is indexed', async () => {
    const world = await started();
    const id = await complete(world);
    const next = await again(world);
    await gather(next);
    next.indexing.end();
    await next.clock.flush();
    expect(await storing(next, id)).toBe('stored');
  });

  it('a text without a record is found in its folder', async () => {
    const world = await started();
    world.store.failing = true;
    const id = await complete(world);
    expect(world.store.ingested.get(id)).toBeNull();
    world.store.failing = false;
    const next = await again(world);
    expect(next.store.ingested.get(id)).toMatchObject({ state: 'pending', title: 'text.md' });
  });

  it('a text whose task did not complete goes, unless a worker is still at it', async () => {
    const world = await started();
    const [cancelled, active] = [await world.add({ store: true }), await world.add({ store: true })];
    await world.service.cancel([cancelled]);
    await world.claimOne('w1');
    for (const id of [cancelled, active, 'unknown']) world.texts.texts.set(id, 'half');
    const next = await again(world);
    expect([...next.texts.texts.keys()]).toEqual([active]);
  });

  it('a task that ended meanwhile is stored', async () => {
    const world = await started();
    const id = await world.add({ store: true });
    await world.service.stop();
    const queue = world.queue;
    Object.defineProperty(queue, 'closed', { value: false });
    const next = createTasksWorld({ store: world.store });
    await next.queue.putIn([
      {
        task: {
          ...(world.queue.records()[0] as never as object),
          ...{ state: 'completed', endedAt: 1, result: aResult('meanwhile') },
        } as never,
        steps: [],
        log: '',
      },
    ]);
    await next.service.start();
    await next.clock.flush();
    expect(next.texts.texts.get(id)).toBe('# text.md\n\nmeanwhile');
  });
});

describe('deleting a text', () => {
  it('takes it off the disk and out of the index, and it is not stored again', async () => {
    const world = await started();
    const [id, other] = [await complete(world), await complete(world)];
    await gather(world);
    world.indexing.end();
    await world.clock.flush();
    expect(await world.service.deleteIngested([id, id, 'nope'])).toBe(1);
    expect([...world.texts.texts.keys()]).toEqual([other]);
    expect(await storing(world, id)).toBeNull();
    await gather(world);
    expect(world.indexing.running()).not.toBeNull();
    world.indexing.end();
    const next = createTasksWorld({ queue: world.queue, store: world.store });
    await next.service.start();
    await next.clock.flush();
    expect(next.texts.texts.has(id)).toBe(false);
    expect(await world.service.deleteIngested([id])).toBe(0);
    // The record goes with the task.
    await world.service.remove([id]);
    await world.clock.flush();
    expect(world.store.ingested.get(id)).toBeNull();
  });

  it('of a task that is deleted, a text stays', async () => {
    const world = await started();
    const id = await complete(world);
    await world.service.remove([id]);
    await gather(world);
    world.indexing.end();
    await world.clock.flush();
    expect(world.texts.texts.has(id)).toBe(true);
    expect(world.service.ingested({ offset: 0, limit: 10 }).texts).toMatchObject([
      { taskId: id, indexed: true },
    ]);
  });
});
