import { describe, expect, it } from 'vitest';
import { createTasksWorld, type TasksWorld } from '../../../fakes/tasks-world.ts';

const DAY_MS = 86_400_000;

async function started(options: Parameters<typeof createTasksWorld>[0] = {}): Promise<TasksWorld> {
  const world = createTasksWorld(options);
  await world.service.start();
  return world;
}

async function* zeros(bytes: number) {
  yield new Uint8Array(bytes);
}
const signal = new AbortController().signal;
const upload = (world: TasksWorld, bytes = 10) =>
  world.service.upload({ name: 'a.md', content: zeros(bytes) }, signal);

describe('what is old', () => {
  it('is deleted with its files: ended tasks after the days of the settings', async () => {
    const world = await started({ tasks: { keepDays: 2 } });
    const [ended, waiting] = [await world.add(), await world.add()];
    await world.service.cancel([ended]);
    await world.clock.advance(1.9 * DAY_MS);
    expect(world.queue.records()).toHaveLength(2);
    await world.clock.advance(0.2 * DAY_MS);
    expect(world.queue.records()).toMatchObject([{ id: waiting }]);
    expect(await world.files.list()).toMatchObject([{ taskId: waiting }]);
  });

  it('is deleted if no task uses it: an upload after a day', async () => {
    const world = await started();
    await upload(world);
    await world.clock.advance(0.9 * DAY_MS);
    expect(await world.files.list()).toHaveLength(1);
    await world.clock.advance(0.2 * DAY_MS);
    expect(await world.files.list()).toEqual([]);
  });
});

describe('the limit of the files', () => {
  it('takes the oldest of ended tasks first, and nothing of one that has not ended', async () => {
    const world = await started({ tasks: { filesLimitMb: 2 } });
    const MIB = 1_048_576;
    const use = async () => {
      const { id } = await upload(world, MIB);
      return world.add({ input: { kind: 'upload', fileId: id } });
    };
    const waiting = await use();
    await world.clock.advance(1000);
    const old = await use();
    await world.clock.advance(1000);
    const newer = await use();
    await world.service.cancel([old, newer]);
    await world.clock.advance(2 * 3_600_000);
    expect((await world.files.list()).map(({ taskId }) => taskId)).toEqual([waiting, newer]);
    // The record stays: only its input is gone.
    expect(await world.stateOf(old)).toBe('cancelled in celery');
  });
});

describe('a person', () => {
  it('deletes ended tasks with their files, and no others', async () => {
    const world = await started();
    const [ended, waiting] = [await world.add(), await world.add()];
    await world.service.cancel([ended]);
    expect(await world.service.remove([ended, waiting, 'nope'])).toBe(1);
    expect((await world.files.list()).map(({ taskId }) => taskId)).toEqual([waiting]);
  });

  it('clears the files of ended tasks', async () => {
    const world = await started();
    const [ended, waiting] = [await world.add(), await world.add()];
    await world.service.cancel([ended]);
    expect(await world.service.clearFiles('result')).toBe(0);
    expect(await world.service.clearFiles('upload')).toBe(16);
    expect((await world.files.list()).map(({ taskId }) => taskId)).toEqual([waiting]);
  });
});

describe('the depth of the queues', () => {
  it('is kept over time, and by the next core', async () => {
    const world = await started();
    await world.add();
    await world.add();
    await world.service.queues();
    await world.clock.advance(180_000);
    const points = world.service.depth('day').filter(({ queue }) => queue === 'celery');
    expect(points.length).toBeGreaterThan(0);
    for (const { waiting, active } of points) expect([Math.round(waiting), active]).toEqual([2, 0]);
    await world.service.stop();
    const next = createTasksWorld({ store: world.store });
    expect(next.service.depth('day').filter(({ queue }) => queue === 'celery')).toEqual(points);
  });

  it('is told to the charts', async () => {
    const world = await started();
    await world.add();
    await world.service.queues();
    expect(world.waits.at(-1)).toBe(1);
  });
});

describe('the streams', () => {
  it('show what waits and what has ended, and what is gone no longer', async () => {
    const world = await started();
    const id = await world.add();
    await world.clock.advance(2000);
    expect(world.streams.tasks.get(id)).toMatchObject({
      state: 'waiting',
      title: 'text.md',
      why: { code: 'TASK_WAITS_FOR_WORKER' },
    });
    expect(world.streams.taskQueues.get('celery')).toMatchObject({ counts: { waiting: 1 }, workers: 0 });
    await world.hello('w1');
    await world.clock.advance(2000);
    expect(world.streams.tasks.get(id)?.why).toBeNull();
    expect(world.streams.taskQueues.get('celery')).toMatchObject({ workers: 1 });
    await world.service.cancel([id]);
    await world.clock.advance(2000);
    expect(world.streams.tasks.get(id)?.state).toBe('cancelled');
    await world.service.remove([id]);
    await world.clock.advance(2000);
    expect(world.streams.tasks.keys()).toEqual([]);
  });

  it('show 1,000 that wait and the newest 500 that have ended, and then those that follow', async () => {
    const world = await started();
    const ids: string[] = [];
    for (let batch = 0; batch < 4; batch += 1) {
      const added = await world.service.add(
        Array.from({ length: 400 }, () =>
          world.request({ input: { kind: 'url', url: 'http://127.0.0.1/a' } }),
        ),
        null,
      );
      ids.push(...added.map((task) => task.id));
    }
    await world.clock.advance(2000);
    expect(world.streams.tasks.keys()).toHaveLength(1000);
    await world.service.cancel(ids.slice(-700));
    await world.clock.advance(5000);
    const states = world.streams.tasks.values().map(({ state }) => state);
    expect(states.filter((state) => state === 'waiting')).toHaveLength(900);
    expect(states.filter((state) => state === 'cancelled')).toHaveLength(500);
  });
});
