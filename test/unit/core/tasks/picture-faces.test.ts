import { describe, expect, it } from 'vitest';
import { LINK_MS } from '../../../../electron/core/tasks/signed-links.ts';
import { workerFacesPath } from '../../../../shared/contract/task-worker.ts';
import { createTasksWorld } from '../../../fakes/tasks-world.ts';

const queryOf = (address: string | null | undefined) => {
  if (typeof address !== 'string') throw new Error('There is no address.');
  expect(address.startsWith(`${workerFacesPath}?`)).toBe(true);
  return Object.fromEntries(new URL(address, 'http://localhost').searchParams);
};
const code = (expected: string) => expect.objectContaining({ code: expected });
const never = new AbortController().signal;

async function withTask() {
  const world = createTasksWorld();
  await world.service.start();
  await world.hello('w1');
  await world.add({ contentType: 'image' });
  const task = await world.claimOne('w1');
  return { world, task, query: queryOf(task.means?.faces), faces: world.service.workers.faces };
}

describe('the address that finds faces', () => {
  it('is valid as long as the worker has the task', async () => {
    const { world, task, query, faces } = await withTask();
    faces.check(query);
    for (let passed = 0; passed <= LINK_MS; passed += 20_000) {
      await world.clock.advance(20_000);
      await world.beat('w1', [task]);
    }
    faces.check(query);
    await world.service.workers.release(
      { workerId: 'w1', tasks: [{ id: task.id, token: task.token }] },
      { credentialId: 'key_1', local: false },
    );
    expect(() => faces.check(query)).toThrow(code('UNAUTHORIZED'));
  });

  it('is for this task and this worker', async () => {
    const { world, query, faces } = await withTask();
    await world.hello('w2');
    for (const other of [
      { worker: 'w2' },
      { task: 'another' },
      { until: '99999999999999' },
      { task: ['a', 'b'] },
    ])
      expect(() => faces.check({ ...query, ...other })).toThrow(code('FORBIDDEN'));
    expect(() => faces.check({})).toThrow(code('FORBIDDEN'));
  });

  it('ends with the time that the task may take', async () => {
    const { world, task, query, faces } = await withTask();
    await world.clock.advance(task.spec.timeLimitMs);
    expect(() => faces.check(query)).toThrow(code('LINK_EXPIRED'));
  });

  it('comes with an introduction too, for a check, for ten minutes and while the worker is known', async () => {
    const world = createTasksWorld();
    await world.service.start();
    const { means } = await world.hello('w1');
    const { faces } = world.service.workers;
    const query = queryOf(means?.faces);
    faces.check(query);
    await world.clock.advance(LINK_MS);
    expect(() => faces.check(query)).toThrow(code('LINK_EXPIRED'));
    const again = queryOf((await world.hello('w1')).means?.faces);
    await world.service.workers.bye({ workerId: 'w1' }, { credentialId: 'key_1', local: false });
    expect(() => faces.check(again)).toThrow(code('UNAUTHORIZED'));
  });

  it('is not given where a person does not want faces to be found', async () => {
    const world = createTasksWorld({ tasks: { findFaces: false } });
    await world.service.start();
    expect((await world.hello('w1')).means?.faces).toBeNull();
  });
});

describe('the faces of a picture', () => {
  it('are where the runners say, without what they look like', async () => {
    const { world, faces } = await withTask();
    world.foundFaces = [{ box: [1, 2, 3, 4], score: 0.8, landmarks: [[1, 1]], embedding: [0.5] }];
    expect(await faces.find(Uint8Array.of(1, 2, 3), never)).toEqual({
      faces: [{ box: [1, 2, 3, 4], score: 0.8 }],
    });
    expect(world.pictures).toEqual(['AQID']);
  });

  it('are not asked for where no runner could find any', async () => {
    const { world, faces } = await withTask();
    await expect(faces.find(Uint8Array.of(1), never)).rejects.toMatchObject({ code: 'NO_RUNNER' });
    expect(world.pictures).toEqual([]);
  });
});
