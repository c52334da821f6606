import { describe, expect, it } from 'vitest';
import type { TaskRecord } from '../../../../shared/models/tasks.ts';
import { createFakeTaskQueue } from '../../../fakes/task-queue.ts';
import { aResult, createTasksWorld, type TasksWorld } from '../../../fakes/tasks-world.ts';

const url = 'http://127.0.0.1:4000/hook';

async function started(options: Parameters<typeof createTasksWorld>[0] = {}): Promise<TasksWorld> {
  const world = createTasksWorld({
    tasks: { privateWebhooks: true },
    sites: { 'http://127.0.0.1:4000': { '/hook': 'ok' } },
    ...options,
  });
  await world.service.start();
  await world.hello('w1');
  return world;
}

async function complete(world: TasksWorld, webhookUrl = url): Promise<string> {
  const id = await world.add({ webhookUrl, metadata: { from: 'a test' } });
  await world.complete('w1', await world.claimOne('w1'));
  await world.clock.flush();
  return id;
}

/** The queue of a core that was killed, with its only task, which may have changed since. */
async function sameQueue({ queue, clock }: TasksWorld, change: Partial<TaskRecord> = {}) {
  const same = createFakeTaskQueue({ clock });
  const [kept] = await queue.takeOut(1);
  if (kept === undefined) throw new Error('The queue is empty.');
  await same.putIn([{ ...kept, task: { ...kept.task, ...change } }]);
  return same;
}

describe('the webhook of a task', () => {
  it('is called when the task has completed', async () => {
    const world = await started();
    const id = await complete(world);
    expect(world.http.requests).toMatchObject([
      {
        method: 'POST',
        url,
        body: {
          task_id: id,
          status: 'completed',
          completed_at: new Date(world.clock.now()).toISOString(),
          result: {
            ...{ success: true, content: 'The pilot light.', processing_time: 1.5 },
            metadata: { pages: 1, from: 'a test' },
          },
        },
      },
    ]);
    expect(world.store.webhooks.list()).toMatchObject([{ taskId: id, nextAt: null }]);
    await world.service.remove([id]);
    await world.clock.flush();
    expect(world.store.webhooks.list()).toEqual([]);
  });

  it('is called when it has failed or was cancelled, and again after a retry', async () => {
    const world = await started();
    const id = await world.add({ webhookUrl: url });
    await world.fail('w1', await world.claimOne('w1'), false);
    await world.clock.flush();
    await world.clock.advance(1000);
    await world.service.retry([id]);
    await world.service.cancel([id]);
    await world.clock.flush();
    expect(world.http.requests.map(({ body }) => body)).toMatchObject([
      { status: 'failed', result: { success: false, error_message: 'It ended.' } },
      { status: 'cancelled' },
    ]);
  });

  it('is tried again, also by the next core, and reported when it is given up', async () => {
    const world = await started({ sites: { 'http://127.0.0.1:4000': { '/hook': { status: 500 } } } });
    const id = await complete(world);
    await world.clock.advance(1000);
    expect(world.http.requests).toHaveLength(2);
    const next = createTasksWorld({
      ...{ tasks: { privateWebhooks: true }, queue: world.queue, store: world.store },
      sites: { 'http://127.0.0.1:4000': 'refused' },
    });
    await next.service.start();
    await next.clock.advance(4_400_000);
    expect(next.http.requests).toHaveLength(5);
    expect(next.store.webhooks.list()).toMatchObject([{ taskId: id, nextAt: null }]);
    expect(next.activity).toMatchObject([
      { severity: 'warning', message: { code: 'TASK_WEBHOOK_FAILED', params: { times: 7 } } },
    ]);
    expect(await next.steps(id)).toContain('TASK_WEBHOOK_FAILED');
    expect(next.service.totals().webhooksFailed).toBe(1);
  });

  it('of a task that ended while no core ran is called at the next start', async () => {
    const world = await started();
    await world.add({ webhookUrl: url });
    const task = await world.claimOne('w1');
    const next = await started({ store: world.store, queue: world.queue });
    // The first core is gone, and its worker knows only the queue.
    await world.queue.complete(task, {
      ...{ content: 'x', contentFileId: null, metadata: {}, thumbnails: [], processingMs: 1 },
    });
    await next.clock.flush();
    expect(next.http.requests).toHaveLength(1);
  });

  it('keeps a password in its address among the secrets', async () => {
    const world = await started({ sites: { 'http://a:b@127.0.0.1:4000': { '/hook': 'ok' } } });
    const id = await world.add({ webhookUrl: 'http://a:b@127.0.0.1:4000/hook' });
    expect((await world.service.get(id)).spec.webhookUrl).toBe(url);
    expect(JSON.stringify(world.store.webhooks.list())).not.toContain('a:b');
    const kept = world.secrets.values.size;
    expect(JSON.stringify([...world.secrets.values])).toContain('a:b');
    await world.complete('w1', await world.claimOne('w1'));
    await world.clock.flush();
    expect(world.http.asked).toEqual(['http://a:b@127.0.0.1:4000/hook']);
    // A task that is retried ends again, and its webhook needs the password again.
    await world.clock.advance(1000);
    await world.service.retry([id]);
    await world.complete('w1', await world.claimOne('w1'));
    await world.clock.flush();
    expect(world.http.asked).toEqual(Array(2).fill('http://a:b@127.0.0.1:4000/hook'));
    await world.service.remove([id]);
    await world.clock.flush();
    expect(world.secrets.values.size).toBe(kept - 1);
    expect(JSON.stringify([...world.secrets.values])).not.toContain('a:b');
  });

  it('with a password keeps it for each attempt until the last one, and for the next end', async () => {
    const address = 'http://a:b@127.0.0.1:4000/hook';
    const world = await started({ sites: { 'http://a:b@127.0.0.1:4000': { '/hook': { status: 500 } } } });
    const id = await world.add({ webhookUrl: address });
    await world.complete('w1', await world.claimOne('w1'));
    await world.clock.advance(4_400_000);
    expect(world.http.asked).toEqual(Array(7).fill(address));
    await world.hello('w1');
    await world.service.retry([id]);
    await world.service.cancel([id]);
    await world.clock.flush();
    expect(world.http.asked).toEqual(Array(8).fill(address));
  });

  it('is not called again by the next core for an end that was dealt with', async () => {
    const world = await started();
    const id = await complete(world);
    expect(world.http.requests).toHaveLength(1);
    const next = await started({ store: world.store, queue: await sameQueue(world) });
    await next.clock.advance(60_000);
    expect(next.http.requests).toEqual([]);
    await world.clock.advance(1000);
    await next.service.retry([id]);
    await next.service.cancel([id]);
    await next.clock.flush();
    expect(next.http.requests).toHaveLength(1);
  });

  it.each(['this program', 'another program'])(
    'of a task that %s queued and that ended while no core ran is called when the queue is there',
    async (who) => {
      const world = await started();
      const id = await world.add({ webhookUrl: url });
      await world.clock.advance(1000);
      // Another program queues tasks without this core.
      if (who === 'another program') world.store.webhooks.remove([id]);
      const queue = await sameQueue(world, {
        state: 'completed',
        endedAt: world.clock.now(),
        result: aResult(),
      });
      const next = createTasksWorld({
        ...{ store: world.store, queue, tasks: { privateWebhooks: true } },
        sites: { 'http://127.0.0.1:4000': { '/hook': 'ok' } },
      });
      await next.service.start();
      await next.clock.flush();
      expect(next.http.requests).toMatchObject([{ body: { task_id: id, status: 'completed' } }]);
    },
  );
});

describe('an address of the own network', () => {
  it.each([
    url,
    'http://[::ffff:127.0.0.1]/',
    'http://localhost/',
    'http://nas.local/hook',
    'http://169.254.169.254/',
  ])('is refused when the task is added: %s', async (address) => {
    const world = await started({ tasks: {} });
    await expect(world.add({ webhookUrl: address })).rejects.toMatchObject({ code: 'WEBHOOK_PRIVATE' });
    expect(world.queue.records()).toEqual([]);
  });

  it('is not called if it was forbidden since, and not tried again', async () => {
    const world = await started();
    await world.add({ webhookUrl: url });
    world.change({ privateWebhooks: false });
    await world.complete('w1', await world.claimOne('w1'));
    await world.clock.advance(10_000);
    expect(world.http.requests).toEqual([]);
    expect(world.activity).toMatchObject([
      { message: { code: 'TASK_WEBHOOK_FAILED', params: { times: 1 } } },
    ]);
  });

  it('is refused by the client for a name, at each address that the name leads to', async () => {
    const world = await started({ tasks: {}, sites: { 'http://example.org': { '/hook': 'ok' } } });
    await complete(world, 'http://example.org/hook');
    const [request] = world.http.requests;
    expect(request?.refuse?.('10.0.0.1')).toMatchObject({ code: 'WEBHOOK_PRIVATE' });
    expect(request?.refuse?.('not an address')).toMatchObject({ code: 'WEBHOOK_PRIVATE' });
    expect(request?.refuse?.('1.1.1.1')).toBeNull();
  });
});
