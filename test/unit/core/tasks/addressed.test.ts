import { describe, expect, it } from 'vitest';
import { createTasksWorld } from '../../../fakes/tasks-world.ts';

const checking = { checkOnly: true } as const;

describe('a task for one worker', () => {
  it('is done by that one, whoever asks first', async () => {
    const world = createTasksWorld();
    await world.hello('busy');
    await world.hello('own', checking);
    const id = await world.add({ onlyWorker: 'own' });
    expect(await world.claim('busy')).toEqual([]);
    const task = await world.claimOne('own');
    expect(task.id).toBe(id);
    await world.complete('own', task);
    expect(await world.stateOf(id)).toBe('completed in celery');
  });

  it('goes into the queue of that one, before what waits there', async () => {
    const world = createTasksWorld();
    await world.gpuHello('own', checking);
    const waiting = await world.add();
    const id = await world.add({ onlyWorker: 'own' });
    expect(await world.stateOf(id)).toBe('waiting in gpu-tasks');
    expect(await world.stateOf(waiting)).toBe('waiting in celery');
    await world.hello('cpu-own', checking);
    const other = await world.add({ onlyWorker: 'cpu-own' });
    expect((await world.claimOne('cpu-own')).id).toBe(other);
  });

  it('is refused for a worker that is not known, and adds nothing', async () => {
    const world = createTasksWorld();
    await expect(world.add({ onlyWorker: 'nobody' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await world.service.list({ offset: 0, limit: 10 })).total).toBe(0);
  });

  it('goes back when its worker has left', async () => {
    const world = createTasksWorld();
    await world.hello('busy');
    await world.hello('own', checking);
    const id = await world.add({ onlyWorker: 'own' });
    await world.service.workers.bye({ workerId: 'own' }, { credentialId: 'key_1', local: false });
    expect(await world.claim('busy')).toEqual([]);
    expect(await world.stateOf(id)).not.toContain('active');
  });

  it('whose lease has ended while it waited is not given', async () => {
    const world = createTasksWorld();
    await world.hello('busy');
    await world.hello('own', checking);
    await world.add({ onlyWorker: 'own' });
    expect(await world.claim('busy')).toEqual([]);
    await world.clock.advance(31_000);
    await world.hello('own', checking);
    const [task] = await world.claim('own');
    // Only a new lease of it, from the queue.
    expect(task === undefined || task.attempt > 1).toBe(true);
  });
});

describe('a worker that checks itself', () => {
  it('is not listed, attracts nothing, and does no work of others', async () => {
    const world = createTasksWorld();
    await world.gpuHello('own', checking);
    expect(world.service.workers.list()).toEqual([]);
    const id = await world.add({ gpu: true, contentType: 'video' });
    expect(await world.stateOf(id)).toBe('waiting in celery');
    await world.hello('cpu-own', checking);
    expect(await world.claim('cpu-own')).toEqual([]);
    expect(await world.stateOf(id)).toBe('waiting in celery');
    await world.hello('other');
    expect((await world.claimOne('other')).attempt).toBe(1);
  });

  it('is forgotten when it has left', async () => {
    const world = createTasksWorld();
    await world.hello('own', checking);
    await world.service.workers.bye({ workerId: 'own' }, { credentialId: 'key_1', local: false });
    await expect(world.claim('own')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(world.store.workers.list()).toEqual([]);
  });
});
