import { describe, expect, it } from 'vitest';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { aNode } from '../../../fakes/records.ts';
import { createTasksWorld, elsewhere, type TasksWorld } from '../../../fakes/tasks-world.ts';

const on = { state: 'serving' } as const;
const off = { state: 'off', canWake: true } as const;
const tower = aNode({ id: 'tower', name: 'tower', ...on, canWake: true });

/** A GPU worker on a machine that has gone to sleep, and a CPU worker that stays. */
async function asleep(options: Parameters<typeof createTasksWorld>[0] = {}): Promise<TasksWorld> {
  const world = createTasksWorld({ nodes: [tower], ...options });
  world.agentIds.tower = 'agent of gpu';
  await world.service.start();
  await world.gpuHello('gpu');
  await world.service.workers.bye({ workerId: 'gpu' }, elsewhere);
  world.fleet.patch('tower', off);
  expect(world.service.workers.list()).toMatchObject([{ id: 'gpu', nodeId: 'tower', state: 'asleep' }]);
  await world.hello('cpu');
  return world;
}

const film = { gpu: true, contentType: 'video' } as const;

/** Keeps the CPU worker online while time passes. */
async function pass(world: TasksWorld, ms: number, workers: readonly string[] = ['cpu']): Promise<void> {
  for (let left = ms; left > 0; left -= 10_000) {
    await world.clock.advance(Math.min(10_000, left));
    for (const worker of workers) await world.beat(worker);
  }
}

describe('a task that asked for a GPU while its machine sleeps', () => {
  it('wakes it with a lease, which lasts until nothing of it waits or runs', async () => {
    const world = await asleep();
    world.wake = async (nodeId) => {
      world.fleet.patch(nodeId, on);
    };
    const id = await world.add(film);
    await world.clock.advance(500);
    expect(world.woken).toEqual(['tower by task']);
    expect(world.leases).toEqual(['+ tower tasks of the queue']);
    expect(await world.stateOf(id)).toBe('waiting in gpu-tasks');
    expect((await world.service.get(id)).task.why).toMatchObject({ code: 'TASK_WAKING' });
    await world.gpuHello('gpu');
    const task = await world.claimOne('gpu');
    await world.clock.advance(500);
    expect(world.leases).toEqual(['+ tower tasks of the queue']);
    await world.complete('gpu', task);
    await world.clock.advance(5000);
    expect(world.leases).toHaveLength(1);
    await world.clock.advance(6000);
    expect(world.leases).toEqual(['+ tower tasks of the queue', '- tower tasks of the queue']);
    expect(await world.steps(id)).toEqual([
      'QUEUE_TASK_ADDED',
      'TASK_WAKES_GPU',
      'TASK_WAKING',
      'QUEUE_TASK_CLAIMED',
      'QUEUE_TASK_COMPLETED',
    ]);
  });

  it('wakes it once for many', async () => {
    const world = await asleep();
    let finish = () => {};
    world.wake = (nodeId) =>
      new Promise<void>((resolve) => {
        finish = () => {
          world.fleet.patch(nodeId, on);
          resolve();
        };
      });
    for (let count = 0; count < 5; count += 1) await world.add(film);
    await world.clock.advance(500);
    finish();
    await world.clock.advance(500);
    expect(world.woken).toHaveLength(1);
    await world.gpuHello('gpu');
    await world.clock.advance(500);
    expect(world.woken).toHaveLength(1);
  });

  it('goes to the CPU queue if the policy forbids it, and says so', async () => {
    const world = await asleep();
    world.wake = async () => {
      throw new PilotlightError('WAKE_NOT_ALLOWED');
    };
    const id = await world.add(film);
    await world.clock.advance(500);
    expect(await world.stateOf(id)).toBe('waiting in celery');
    expect(await world.steps(id)).toEqual([
      'QUEUE_TASK_ADDED',
      'TASK_WAKES_GPU',
      'TASK_WAKING',
      'TASK_WAKE_FAILED',
      'TASK_GPU_FELL_BACK',
      'QUEUE_TASK_MOVED',
    ]);
    await pass(world, 11_000);
    expect(world.leases).toEqual(['+ tower tasks of the queue', '- tower tasks of the queue']);
    // The machine is left alone for a while.
    const second = await world.add(film);
    await world.clock.advance(500);
    expect(world.woken).toHaveLength(1);
    expect(await world.stateOf(second)).toBe('waiting in celery');
  });

  it('waits on if no worker of the CPU queue can do it, and the machine is tried again', async () => {
    const world = await asleep();
    await world.hello('cpu', { contentTypes: ['document'] });
    let isAllowed = false;
    world.wake = async (nodeId) => {
      if (!isAllowed) throw new PilotlightError('WAKE_TIMEOUT');
      world.fleet.patch(nodeId, on);
    };
    const id = await world.add(film);
    await world.clock.advance(500);
    expect(await world.stateOf(id)).toBe('waiting in gpu-tasks');
    expect((await world.service.get(id)).task).toMatchObject({
      state: 'waiting',
      why: { code: 'TASK_WAKE_FAILED' },
    });
    isAllowed = true;
    await pass(world, 310_000);
    expect(world.woken).toHaveLength(2);
    await world.gpuHello('gpu');
    expect(await world.claimOne('gpu')).toMatchObject({ id, attempt: 1 });
  });

  it('does not wait for ever for a worker that does not come back with its machine', async () => {
    const world = await asleep();
    world.wake = async (nodeId) => {
      world.fleet.patch(nodeId, on);
    };
    const id = await world.add(film);
    await pass(world, 200_000);
    expect(await world.stateOf(id)).toBe('waiting in celery');
    expect(await world.steps(id)).toContain('TASK_WORKER_NOT_BACK');
    expect(world.leases).toHaveLength(2);
  });

  it('wakes nothing if it only waits, and takes the GPU when it is there', async () => {
    const world = await asleep();
    const id = await world.add({ ...film, whenGpuAsleep: 'wait' });
    await pass(world, 600_000);
    expect(world.woken).toEqual([]);
    expect(world.leases).toEqual([]);
    expect(await world.stateOf(id)).toBe('waiting in gpu-tasks');
    expect((await world.service.get(id)).task.why).toMatchObject({ code: 'TASK_WAITS_FOR_GPU' });
    world.fleet.patch('tower', on);
    await world.gpuHello('gpu');
    expect(await world.claimOne('gpu')).toMatchObject({ id });
  });

  it('goes to the CPU queue at once if its sender chose that', async () => {
    const world = await asleep();
    expect(await world.stateOf(await world.add({ ...film, whenGpuAsleep: 'use-cpu' }))).toBe(
      'waiting in celery',
    );
    expect(world.woken).toEqual([]);
  });

  it('is known to have a worker there after a restart of the core', async () => {
    const world = await asleep();
    const again = createTasksWorld({
      nodes: [aNode({ ...tower, ...off })],
      store: world.store,
      queue: world.queue,
    });
    await again.service.start();
    expect(again.service.workers.list()).toMatchObject([
      { id: 'gpu', state: 'asleep', nodeId: 'tower', type: 'gpu' },
      { id: 'cpu', state: 'lost' },
    ]);
    await again.add(film);
    await again.clock.advance(500);
    expect(again.woken).toEqual(['tower by task']);
  });

  it('is not taken for asleep while nothing is known of it', async () => {
    const world = await asleep();
    const again = createTasksWorld({
      nodes: [aNode({ ...tower, state: 'unknown' })],
      store: world.store,
      queue: world.queue,
    });
    await again.service.start();
    expect(again.service.workers.list()).toMatchObject([{ id: 'gpu', state: 'lost' }, { id: 'cpu' }]);
  });
});

describe('a GPU worker that dies', () => {
  async function working(attempts: number): Promise<TasksWorld & { id: string }> {
    const world = createTasksWorld({ nodes: [tower], tasks: { attempts } });
    await world.service.start();
    await world.gpuHello('gpu');
    await world.hello('cpu');
    const id = await world.add(film);
    await world.claimOne('gpu');
    return Object.assign(world, { id });
  }

  it('costs its task an attempt, then the task goes to the CPU queue', async () => {
    const world = await working(3);
    await pass(world, 30_000);
    expect(await world.stateOf(world.id)).toBe('waiting in gpu-tasks');
    await world.gpuHello('gpu');
    expect(await world.claimOne('gpu')).toMatchObject({ id: world.id, attempt: 2 });
    await pass(world, 30_000);
    expect(await world.stateOf(world.id)).toBe('waiting in celery');
    const task = await world.claimOne('cpu');
    await world.complete('cpu', task);
    expect(await world.stateOf(world.id)).toBe('completed in celery');
    expect(world.activity.map(({ message }) => message.code)).not.toContain('TASK_FAILED');
  });

  it('is no failure of a task that had one attempt', async () => {
    const world = await working(1);
    await pass(world, 30_000);
    expect(await world.stateOf(world.id)).toBe('waiting in celery');
    await pass(world, 10_000);
    expect(world.activity.map(({ message }) => message.code)).not.toContain('TASK_FAILED');
    await world.complete('cpu', await world.claimOne('cpu'));
    expect(await world.stateOf(world.id)).toBe('completed in celery');
  });

  it('leaves what waits in its queue to the CPU after a while', async () => {
    const world = createTasksWorld({ nodes: [tower] });
    await world.service.start();
    await world.gpuHello('gpu', { slots: 1 });
    await world.hello('cpu');
    const [waits, wakes] = [await world.add({ ...film, whenGpuAsleep: 'wait' }), await world.add(film)];
    // The worker is restarted within the minute: nothing is moved.
    await pass(world, 50_000);
    expect(await world.stateOf(wakes)).toBe('waiting in gpu-tasks');
    await world.gpuHello('gpu');
    await pass(world, 20_000, ['cpu', 'gpu']);
    expect(await world.stateOf(wakes)).toBe('waiting in gpu-tasks');
    await pass(world, 100_000);
    expect(await world.stateOf(wakes)).toBe('waiting in celery');
    expect(await world.stateOf(waits)).toBe('waiting in gpu-tasks');
  });
});

it('a machine whose CPU worker has a task stays awake as well', async () => {
  const world = createTasksWorld({ nodes: [aNode({ id: 'nas', name: 'nas', ...on })] });
  world.agentIds.nas = 'agent of nas';
  await world.service.start();
  await world.hello('w1', { agentId: 'agent of nas' });
  await world.add();
  await world.clock.advance(500);
  expect(world.leases).toEqual([]);
  const task = await world.claimOne('w1');
  await world.clock.advance(500);
  expect(world.leases).toEqual(['+ nas tasks of the queue']);
  await world.service.workers.release({ workerId: 'w1', tasks: [task] }, elsewhere);
  await world.clock.advance(11_000);
  expect(world.leases).toHaveLength(2);
});
