import { expect, it } from 'vitest';
import { handlerMeans, noMeans } from '../../../../electron/workers/tasks/means.ts';
import type { TaskMeans } from '../../../../shared/contract/task-worker.ts';

const gateway = { port: 11_500, key: 'k', open: 'network' as const };
const means = (own: Partial<TaskMeans> = {}): TaskMeans => ({
  speech: { url: null, key: null, model: 'whisper', language: 'en' },
  vision: { model: 'llava' },
  gateway,
  ...own,
});

it('has nothing where the core says nothing, as an older one does', () => {
  expect(handlerMeans(undefined, 'http://nas:8780')).toEqual(noMeans);
  expect(handlerMeans({ speech: null, vision: null, gateway: null }, 'http://nas:8780')).toEqual(noMeans);
});

it.each([
  ['http://nas:8780', 'http://nas:11500'],
  ['http://192.168.1.5:8780/tasks', 'http://192.168.1.5:11500'],
  ['http://[fd00::1]:8780', 'http://[fd00::1]:11500'],
  ['https://nas.example', 'http://nas.example:11500'],
])('finds the gateway on the host of %s', (base, url) => {
  expect(handlerMeans(means(), base)).toEqual({
    speech: { server: { url, key: 'k', model: 'whisper', language: 'en' } },
    vision: { server: { url, key: 'k', model: 'llava' } },
    faces: { gap: 'not-set' },
  });
});

it('says why there is no gateway', () => {
  expect(handlerMeans(means({ gateway: null }), 'http://nas:8780')).toEqual({
    ...{ speech: { gap: 'gateway-off' }, vision: { gap: 'gateway-off' }, faces: { gap: 'not-set' } },
  });
  const local = means({ gateway: { ...gateway, open: 'loopback' } });
  expect(handlerMeans(local, 'http://nas:8780').vision).toEqual({ gap: 'gateway-local' });
  for (const host of ['127.0.0.1', 'localhost', '[::1]'])
    expect(handlerMeans(local, `http://${host}:8780`).vision).toMatchObject({ server: { model: 'llava' } });
  // A name that begins like one is not this computer.
  expect(handlerMeans(local, 'http://127.0.0.1.example:8780').vision).toEqual({ gap: 'gateway-local' });
});

it('uses a server of its own without the gateway', () => {
  const speech = { url: 'http://a:8000', key: 's', model: 'tiny', language: null };
  expect(handlerMeans(means({ speech, gateway: null }), 'http://nas:8780').speech).toEqual({
    server: speech,
  });
});

it('finds faces at the signed address, wherever Pilotlight is', () => {
  const faces = '/api/v1/worker/faces?task=t';
  const urlAt = (base: string) => handlerMeans(means({ faces, gateway: null }), base).faces;
  expect(urlAt('http://nas:8780')).toEqual({ server: { url: `http://nas:8780${faces}` } });
  expect(urlAt('https://nas.example/tasks')).toEqual({
    server: { url: `https://nas.example/tasks${faces}` },
  });
  expect(handlerMeans(means({ faces: null }), 'http://nas:8780').faces).toEqual({ gap: 'not-set' });
});
