import { describe, expect, it } from 'vitest';
import { meansOf, modelsOf } from '../../../../electron/core/tasks/means.ts';
import { defaultSettings } from '../../../../shared/models/settings.ts';
import type { TasksSettings } from '../../../../shared/models/tasks-settings.ts';
import { createTasksWorld, elsewhere, type TasksWorldOptions } from '../../../fakes/tasks-world.ts';

const listening = { url: 'http://127.0.0.1:11500', listening: 'network' as const };
const settings = (own: Partial<TasksSettings>) => ({ ...defaultSettings.tasks, ...own });
const read = (own: Partial<TasksSettings>, gateway: Parameters<typeof meansOf>[1]['gateway'] = listening) =>
  meansOf(settings(own), { speechKey: 's3cret', gateway, gatewayKey: () => 'lent', faces: null });

describe('what a worker may use', () => {
  it('is nothing by default, and no key is lent for that', () => {
    const gatewayKey = () => expect.unreachable();
    expect(meansOf(settings({}), { speechKey: null, gateway: listening, gatewayKey, faces: null })).toEqual({
      ...{ speech: null, vision: null, gateway: null, faces: null },
    });
  });

  it.each([
    ['no model', { speech: 'gateway' as const, speechModel: null }],
    ['no address', { speech: 'address' as const, speechModel: 'tiny', speechUrl: null }],
    ['none chosen', { speech: 'none' as const, speechModel: 'tiny', speechUrl: 'http://a:1' }],
  ])('is no speech with %s', (_, own) => {
    expect(read(own).speech).toBeNull();
  });

  it('is a server with its key, without the path of its API', () => {
    const own = { speech: 'address' as const, speechModel: 'tiny', speechLanguage: 'en' };
    for (const speechUrl of ['http://a:8000', 'http://a:8000/', 'http://a:8000/v1', 'http://a:8000/v1/']) {
      expect(read({ ...own, speechUrl })).toEqual({
        speech: { url: 'http://a:8000', key: 's3cret', model: 'tiny', language: 'en' },
        ...{ vision: null, gateway: null, faces: null },
      });
    }
  });

  it('is a model of the fleet, without the key of another server', () => {
    expect(read({ speech: 'gateway', speechModel: 'whisper', visionModel: 'llava' })).toEqual({
      speech: { url: null, key: null, model: 'whisper', language: null },
      vision: { model: 'llava' },
      gateway: { port: 11_500, key: 'lent', open: 'network' },
      faces: null,
    });
    const closed = { url: null, listening: null };
    expect(read({ visionModel: 'llava' }, closed).gateway).toBeNull();
  });

  it('names the models that go through the gateway, and no others', () => {
    const names = (own: Partial<TasksSettings>) => modelsOf(settings(own));
    expect(names({ speech: 'address', speechModel: 'tiny' })).toEqual([]);
    expect(names({ speech: 'gateway', speechModel: 'tiny', visionModel: 'llava' })).toEqual([
      'tiny',
      'llava',
    ]);
  });
});

describe('the key of a worker for the gateway', () => {
  const started = async (options: TasksWorldOptions = {}) => {
    const world = createTasksWorld({ ...options, tasks: { visionModel: 'llava', ...options.tasks } });
    await world.service.start();
    return world;
  };
  const lentTo = ({ lent }: Awaited<ReturnType<typeof started>>) =>
    lent.list().map(({ id, name, models }) => [id, name, models]);

  it('comes with its introduction and with tasks that need a model', async () => {
    const world = await started();
    const { means } = await world.hello('w1');
    expect(means?.gateway?.key).toMatch(/^pilotlight_key_[0-9a-f]{64}$/);
    expect(lentTo(world)).toEqual([['worker w1', 'w1', ['llava']]]);
    await world.add();
    await world.add({ contentType: 'image' });
    const tasks = await world.claim('w1', 2);
    expect(tasks.map((task) => [task.spec.contentType, task.means?.gateway?.key])).toEqual([
      ['document', undefined],
      ['image', means?.gateway?.key],
    ]);
  });

  it('ends when the worker leaves, is lost, or loses its own key', async () => {
    const world = await started();
    await world.hello('w1');
    await world.service.workers.bye({ workerId: 'w1' }, elsewhere);
    expect(lentTo(world)).toEqual([]);
    await world.hello('w1');
    expect(lentTo(world)).toHaveLength(1);
    await world.clock.advance(31_000);
    expect(lentTo(world)).toEqual([]);
    await world.hello('w1');
    world.keyEnded.emit('another');
    expect(lentTo(world)).toHaveLength(1);
    world.keyEnded.emit('key_1');
    expect(lentTo(world)).toEqual([]);
  });

  it('follows the settings', async () => {
    const world = await started();
    await world.hello('w1');
    world.change({ visionModel: 'moondream' });
    expect(lentTo(world)).toEqual([['worker w1', 'w1', ['moondream']]]);
    world.change({ visionModel: null });
    expect(lentTo(world)).toEqual([['worker w1', 'w1', []]]);
  });

  it('is the same after a restart, another one for another worker or another key of it', async () => {
    const world = await started();
    const keyOf = async (id: string, caller = elsewhere) =>
      (await world.hello(id, {}, caller)).means?.gateway?.key;
    const first = await keyOf('w1');
    expect(await keyOf('w1')).toBe(first);
    expect(await keyOf('w2')).not.toBe(first);
    expect(await keyOf('w1', { ...elsewhere, credentialId: 'key_2' })).not.toBe(first);
  });

  it('is lent to none that gets no tasks', async () => {
    const world = await started();
    const { means, refused } = await world.hello('w1', { protocol: 99 });
    expect([means, refused?.code]).toEqual([undefined, 'WORKER_VERSION']);
    expect(lentTo(world)).toEqual([]);
  });

  it('ends with the core', async () => {
    const world = await started();
    await world.hello('w1');
    await world.service.stop();
    expect(lentTo(world)).toEqual([]);
  });
});
