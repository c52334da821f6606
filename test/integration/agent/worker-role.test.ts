/** The role `worker`: the process that takes tasks, and the machine that stays awake for it. */
import { describe, expect, it } from 'vitest';
import type {
  TaskWorkerContract,
  TaskWorkerStatus,
} from '../../../electron/adapters/tasks/worker-protocol.ts';
import { createFakeWorkers } from '../../fakes/workers.ts';
import { createWorld } from './world.ts';

const config = {
  role: ['power', 'telemetry', 'worker'],
  worker: { server: 'http://192.168.1.5:8780', token: 'pilotlight_key_1', name: 'tower', type: 'gpu' },
};

async function open() {
  const { workers, host } = createFakeWorkers<TaskWorkerContract>();
  const world = await createWorld({ config, workerHost: host });
  const say = (status: Partial<TaskWorkerStatus>) =>
    workers.at(-1)?.send({
      kind: 'event',
      event: { kind: 'status', status: { state: 'online', active: 0, trouble: null, ...status } },
    });
  return { world, workers, say };
}

describe('an agent with a worker', () => {
  it('starts it with the key of its configuration, and as the worker of this agent', async () => {
    const { world, workers } = await open();
    await using _ = world;
    expect(workers[0]?.received).toEqual([
      {
        kind: 'configure',
        config: {
          server: 'http://192.168.1.5:8780',
          token: 'pilotlight_key_1',
          id: `agent-${world.id()}`,
          agentId: world.id(),
          name: 'tower',
          type: 'gpu',
          queues: null,
          slots: 1,
          version: '1.2.3',
          sharedFolder: null,
          memoryLimitMb: 2048,
        },
      },
    ]);
  });

  it('says in its health how it stands', async () => {
    const { world, say } = await open();
    await using _ = world;
    expect((await world.call('GET', '/health')).body).toMatchObject({ worker: 'starting' });
    say({ state: 'refused', trouble: { code: 'UNAUTHORIZED', message: 'Wrong key.', next: '' } });
    expect((await world.call('GET', '/health')).body).toMatchObject({
      roles: ['power', 'telemetry', 'worker'],
      worker: 'refused',
    });
    expect(world.said.at(-1)).toBe('worker: refused (UNAUTHORIZED: Wrong key.)');
  });

  it('keeps its machine awake while it has tasks, and a moment longer', async () => {
    const { world, say } = await open();
    await using _ = world;
    say({ active: 0 });
    expect(world.machine.inhibited).toBe(0);
    say({ active: 2 });
    expect(world.machine.inhibited).toBe(1);
    const refused = await world.call('POST', '/v1/power', { action: 'sleep', countdownSeconds: 0 });
    expect([refused.status, refused.body]).toMatchObject([
      409,
      { error: { code: 'IN_USE', details: { reasons: [{ code: 'WORKING' }] } } },
    ]);
    say({ active: 1 });
    say({ active: 0 });
    await world.clock.advance(9000);
    expect(world.machine.inhibited).toBe(1);
    await world.clock.advance(2000);
    expect(world.machine.inhibited).toBe(0);
  });

  it('lets its machine sleep when the worker dies with a task, and starts it again', async () => {
    const { world, workers, say } = await open();
    await using _ = world;
    say({ active: 1 });
    workers[0]?.end();
    await world.clock.advance(11_000);
    expect(world.machine.inhibited).toBe(0);
    expect(workers).toHaveLength(2);
    expect((await world.call('GET', '/health')).body).toMatchObject({ worker: 'starting' });
  });

  it('starts it later each time it dies', async () => {
    const { world, workers } = await open();
    await using _ = world;
    workers[0]?.end();
    await world.clock.advance(1000);
    expect(workers).toHaveLength(2);
    workers[1]?.end();
    await world.clock.advance(1999);
    expect(workers).toHaveLength(2);
    await world.clock.advance(1);
    expect(workers).toHaveLength(3);
  });

  it('stops it with itself', async () => {
    const { world, workers } = await open();
    await world[Symbol.asyncDispose]();
    expect(workers[0]?.received.at(-1)).toEqual({ kind: 'stop' });
    expect(workers).toHaveLength(1);
  });

  it('without the program says so, and its other roles work', async () => {
    await using world = await createWorld({ config });
    expect((await world.call('GET', '/health')).body).toMatchObject({ worker: 'missing' });
    expect((await world.call('GET', '/v1/power')).status).toBe(200);
    expect(world.said).toContain('worker: The program of the worker is not on this machine.');
  });
});
