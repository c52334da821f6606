/** The port for tasks from other computers, on loopback: what it serves, to whom, and how the settings move it. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTaskNetwork, type TaskNetwork } from '../../../electron/host/task-network.ts';
import { createAccess } from '../../../electron/transport/http/access.ts';
import { createEarlierTabs } from '../../../electron/transport/http/earlier-tabs.ts';
import { createTaskRoutes, type TaskRoutes } from '../../../electron/transport/http/tasks/routes.ts';
import type { Notice } from '../../../shared/contract/streams.ts';
import { createFakeClock, type FakeClock } from '../../fakes/clock.ts';
import { createRememberingLog } from '../../fakes/transport.ts';
import { aFile, form, openRequest, openTaskWorld, type TaskWorld } from './http-world.ts';

let world: TaskWorld;
let network: TaskNetwork;
let routes: TaskRoutes;
let clock: FakeClock;
let notices: Map<string, Notice>;
const workerToken = 'token-of-the-own-worker';
const controlToken = 'token-of-the-endpoint-file';

beforeAll(async () => {
  world = await openTaskWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

beforeEach(() => {
  clock = createFakeClock(Date.now());
  notices = new Map();
  const { services } = world.test.host.core;
  const access = createAccess({
    controlToken,
    workerToken,
    credentials: services.access,
    earlierTabs: createEarlierTabs(null, clock.now),
  });
  const log = createRememberingLog();
  routes = createTaskRoutes({
    service: services.tasks,
    access,
    settings: () => services.settings.current().tasks,
    linkKey: 'key',
    clock,
    log,
  });
  network = createTaskNetwork({
    routes,
    access,
    settings: services.settings,
    status: {
      addNotice: (notice) => void notices.set(notice.id, notice as Notice),
      removeNotice: (id) => void notices.delete(id),
    },
    clock,
    log,
    host: '127.0.0.1',
  });
});
afterEach(async () => {
  await network.stop();
  set({ listen: 'loopback' });
});

const set = (tasks: { listen?: 'loopback' | 'network'; port?: number }) =>
  world.test.host.core.services.settings.update({ tasks });

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await closed(server);
  return port;
}
const closed = (server: Server) => new Promise<void>((resolve) => server.close(() => resolve()));

const ask = (
  path: string,
  { key, headers = {}, ...init }: { key?: string; headers?: object } & Omit<RequestInit, 'headers'> = {},
) =>
  fetch(`http://127.0.0.1:${network.port()}${path}`, {
    ...init,
    headers: { ...(key === undefined ? {} : { authorization: `Bearer ${key}` }), ...headers },
  });

describe('the port for tasks', () => {
  it('is closed until the settings open it, moves with them and closes again', async () => {
    await network.start();
    expect(network.port()).toBeNull();
    const [first, second] = [await freePort(), await freePort()];
    set({ listen: 'network', port: first });
    await expect.poll(() => network.port()).toBe(first);
    expect((await ask('/api/v1/status/', { key: world.key })).status).toBe(200);
    set({ port: second });
    await expect.poll(() => network.port()).toBe(second);
    await expect(fetch(`http://127.0.0.1:${first}/`)).rejects.toThrow();
    set({ listen: 'loopback' });
    await expect.poll(() => network.port()).toBeNull();
    await expect(fetch(`http://127.0.0.1:${second}/`)).rejects.toThrow();
    expect([...notices]).toEqual([]);
  });

  it('says when another program has it, and opens when that one has ended', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    set({ listen: 'network', port });
    await network.start();
    expect(network.port()).toBeNull();
    expect(notices.get('tasks-port')).toMatchObject({
      code: 'PORT_IN_USE',
      message: { code: 'TASKS_PORT_TAKEN', params: { port } },
    });
    await closed(other);
    await clock.advance(15_000);
    await expect.poll(() => network.port()).toBe(port);
    expect([...notices]).toEqual([]);
  });

  describe('once it is open', () => {
    beforeEach(async () => {
      set({ listen: 'network', port: await freePort() });
      await network.start();
    });

    it('takes tasks with a key', async () => {
      const worker = await world.worker();
      const reply = await ask('/api/v1/ingest/file', {
        method: 'POST',
        key: world.key,
        body: form({ file: aFile() }),
      });
      expect(await reply.json()).toMatchObject({ status: 'pending' });
      const task = await worker.take();
      await worker.finish(task);
      const status = await ask(`/api/v1/status/${task.id}`, { key: world.key });
      expect(await status.json()).toMatchObject({ task_id: task.id });
    });

    it.each([
      ['no key', undefined],
      ['a wrong key', 'pilotlight_key_wrong'],
      ['the token of this computer', controlToken],
      ['the token of the own worker', workerToken],
    ])('refuses %s', async (_name, key) => {
      const reply = await ask('/api/v1/status/', key === undefined ? {} : { key });
      expect(reply.status).toBe(401);
      expect(await reply.json()).toMatchObject({ error: 'Unauthorized' });
    });

    it('refuses a session of the panel', async () => {
      const { access } = world.test.host.core.services;
      const { secret } = access.openSession({
        origin: `http://127.0.0.1:${network.port()}`,
        userAgent: undefined,
      });
      expect((await ask('/api/v1/status/', { key: secret })).status).toBe(401);
    });

    it('refuses a key without the right', async () => {
      const key = world.keyWith(['infer']);
      const reply = await ask('/api/v1/status/', { key });
      expect([reply.status, (await reply.json()).code]).toEqual([403, 'FORBIDDEN']);
    });

    it('serves nothing else', async () => {
      const key = world.keyWith(['manage', 'tasks']);
      for (const path of [
        '/',
        '/index.html',
        '/metrics',
        '/index/jobs',
        '/api/call/core.status',
        '/api/link',
        '/api/v1/other',
      ]) {
        expect([path, (await ask(path, { key })).status]).toEqual([path, 404]);
      }
      const call = await ask('/api/call/core.status', { key, method: 'POST', body: '{}' });
      expect(call.status).toBe(404);
    });

    it('refuses pages of browsers, whatever key they have', async () => {
      for (const headers of [
        { origin: 'http://evil.example' },
        { origin: `http://127.0.0.1:${network.port()}` },
        { 'sec-fetch-site': 'cross-site' },
      ]) {
        const reply = await ask('/api/v1/status/', { key: world.key, headers });
        expect([reply.status, (await reply.json()).code]).toEqual([403, 'FORBIDDEN_ORIGIN']);
      }
    });

    it('slows down guessing, and lets the right key in after that', async () => {
      const statuses: number[] = [];
      for (let guess = 0; guess < 6; guess += 1) {
        statuses.push((await ask('/api/v1/status/', { key: `pilotlight_key_wrong${guess}` })).status);
      }
      expect(statuses.slice(0, 3)).toEqual([401, 401, 401]);
      expect(statuses.slice(3)).toEqual([429, 429, 429]);
      const early = await ask('/api/v1/status/', { key: world.key });
      expect([early.status, Number(early.headers.get('retry-after'))]).toEqual([429, 1]);
      await clock.advance(1000);
      expect((await ask('/api/v1/status/', { key: world.key })).status).toBe(200);
    });

    it('slows down whoever has no key at all', async () => {
      const statuses: number[] = [];
      for (let request = 0; request < 25; request += 1) statuses.push((await ask('/api/v1/status/')).status);
      expect(statuses.filter((status) => status === 429)).toHaveLength(5);
      expect((await ask('/api/v1/status/', { key: world.key })).status).toBe(200);
    });

    it('answers what waits when Pilotlight stops', async () => {
      const worker = await world.worker();
      const { request, answer } = openRequest(`http://127.0.0.1:${network.port()}/api/v1/worker/claim`, {
        method: 'POST',
        headers: { authorization: `Bearer ${world.key}`, 'content-type': 'application/json' },
      });
      request.end(JSON.stringify({ workerId: worker.id, count: 1, waitMs: 30_000 }));
      const answered = answer();
      await once(request, 'finish');
      // It waits by now.
      expect((await ask('/api/v1/status/', { key: world.key })).status).toBe(200);
      routes.stop();
      expect(await answered).toMatchObject({ status: 503, body: { code: 'STOPPING' } });
      expect((await ask('/api/v1/status/', { key: world.key })).status).toBe(503);
    });
  });
});
