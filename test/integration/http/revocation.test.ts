/** What is open with a credential ends with it, in every transport of the control server. */
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { recallRoutes } from '../../../electron/transport/http/recall.ts';
import {
  bearerProtocol,
  type ClientMessage,
  linkProtocol,
  signedOutCode,
  streamPath,
} from '../../../shared/contract/link.ts';
import { defaultSettings } from '../../../shared/models/settings.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { createTestServer } from '../../fakes/http-server.ts';
import { createRememberingLog, untilAborted } from '../../fakes/transport.ts';

const day = 86_400_000;
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(options: Parameters<typeof createTestServer>[0] = {}) {
  const test = createTestServer(options);
  cleanups.push(test.close);
  const url = await test.server.listen(0);
  const key = (name: string, rights?: Parameters<typeof test.credentials.addKey>[0]['rights']) =>
    test.credentials.addKey({ name, kind: 'script', rights, expiresInDays: 30 });
  const post = (secret: string, method: string) =>
    fetch(`${url}/api/call/${method}`, { method: 'POST', headers: { authorization: `Bearer ${secret}` } });
  async function link(secret: string) {
    const socket = new WebSocket(`${url.replace('http', 'ws')}${streamPath}`, [
      linkProtocol,
      bearerProtocol(secret),
    ]);
    await once(socket, 'open');
    const closed = once(socket, 'close').then(([code]) => Number(code));
    const send = (message: ClientMessage) => socket.send(JSON.stringify(message));
    const next = () => once(socket, 'message').then(([data]) => JSON.parse(String(data)));
    return { socket, closed, send, next };
  }
  return { ...test, url, key, post, link };
}

describe('a revoked key', () => {
  it('closes its links and streams at once, and no others', async () => {
    const test = await start();
    const [gone, stays] = [test.key('gone', ['manage']), test.key('stays', ['manage'])];
    const [one, other] = [await test.link(gone.secret), await test.link(stays.secret)];
    for (const { send, next } of [one, other]) {
      const first = next();
      send({ type: 'subscribe', id: 1, stream: 'settings', cursor: null });
      expect((await first).type).toBe('frame');
    }
    test.credentials.revokeKey(gone.credential.id);
    // Before the client has answered the close, nothing is delivered or accepted any more.
    expect(test.streams.settings.active).toBe(true);
    const heard: unknown[] = [];
    one.socket.on('message', (data) => heard.push(String(data)));
    test.streams.settings.set('settings', defaultSettings);
    one.send({ type: 'subscribe', id: 2, stream: 'settings', cursor: null });
    expect(await one.closed).toBe(signedOutCode);
    expect(heard).toEqual([]);
    expect(other.socket.readyState).toBe(other.socket.OPEN);
    other.socket.terminate();
  });

  it('ends its calls with the reason, whatever they were waiting for', async () => {
    const run = untilAborted();
    const stuck = Promise.withResolvers<never>();
    const test = await start({
      handlers: { 'optimizer.run': run.handler, 'core.status': () => stuck.promise },
    });
    const { credential, secret } = test.key('a', ['manage']);
    const replies = [test.post(secret, 'optimizer.run'), test.post(secret, 'core.status')];
    await run.begun;
    while (test.dispatcher.running < 2) await new Promise((resolve) => setImmediate(resolve));
    test.credentials.revokeKey(credential.id);
    for (const reply of await Promise.all(replies)) {
      expect([reply.status, ((await reply.json()) as { code: string }).code]).toEqual([401, 'KEY_REVOKED']);
    }
    expect(run.state.aborted).toBe(true);
    stuck.reject(new Error('The test is over.'));
  });

  it('is refused with the reason from then on, and so is an expired one', async () => {
    const clock = createFakeClock();
    const test = await start({ clock, handlers: { 'settings.get': () => defaultSettings } });
    const [revoked, expired] = [test.key('a'), test.key('b')];
    expect((await test.post(revoked.secret, 'settings.get')).status).toBe(200);
    test.credentials.revokeKey(revoked.credential.id);
    await clock.advance(30 * day);
    const codes = await Promise.all(
      [revoked, expired].map(async ({ secret }) => {
        const reply = await test.post(secret, 'settings.get');
        return [reply.status, ((await reply.json()) as { code: string }).code];
      }),
    );
    expect(codes).toEqual([
      [401, 'KEY_REVOKED'],
      [401, 'KEY_EXPIRED'],
    ]);
  });

  it('that does not close its link is cut off', async () => {
    const clock = createFakeClock();
    const test = await start({ clock });
    const { credential, secret } = test.key('a');
    const { socket, closed } = await test.link(secret);
    socket.pause();
    test.credentials.revokeKey(credential.id);
    expect(test.server.links.open).toBe(1);
    await clock.advance(1000);
    while (test.server.links.open > 0) await new Promise((resolve) => setImmediate(resolve));
    socket.resume();
    await closed;
  });
});

describe('an open link', () => {
  it('keeps its session in use, and ends when the session does', async () => {
    const clock = createFakeClock();
    const test = await start({ clock, limits: { heartbeatMs: 10 * day } });
    const { port } = new URL(test.url);
    const { credential, secret } = test.credentials.openSession({
      origin: `http://127.0.0.1:${port}`,
      userAgent: undefined,
    });
    const { socket, closed } = await test.link(secret);
    for (let turn = 0; turn < 8; turn += 1) {
      const ping = once(socket, 'ping');
      await clock.advance(10 * day);
      await ping;
      // The pong has arrived when a later message is answered.
      socket.send('{}');
      await once(socket, 'message');
    }
    expect(test.credentials.find(credential.id)?.lastUsedAt).toBe(clock.now());
    await clock.advance(10 * day);
    expect(await closed).toBe(signedOutCode);
  });
});

describe('the wrong right', () => {
  it('is refused with the right one, in each transport', async () => {
    const test = await start({ handlers: { 'settings.get': () => defaultSettings } });
    const viewer = test.key('viewer', ['view']);
    const inferer = test.key('inferer', ['infer', 'wake']);
    expect((await test.post(viewer.secret, 'settings.get')).status).toBe(200);
    for (const [secret, method, scope] of [
      [viewer.secret, 'settings.update', 'manage'],
      [viewer.secret, 'power.off', 'control'],
      [viewer.secret, 'access.addKey', 'manage'],
      [inferer.secret, 'settings.get', 'view'],
    ] as const) {
      const reply = await test.post(secret, method);
      expect([reply.status, await reply.json()]).toMatchObject([
        403,
        { code: 'FORBIDDEN', details: { method, scope } },
      ]);
    }
    const { send, next, socket } = await test.link(viewer.secret);
    const answer = next();
    send({ type: 'call', id: 1, method: 'access.keys', params: {} });
    expect(await answer).toMatchObject({ type: 'error', error: { code: 'FORBIDDEN' } });
    socket.terminate();
  });

  it('for a one-time address is anything less than manage', async () => {
    const test = await start();
    const mint = (secret: string) =>
      fetch(`${test.url}/api/session/token`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}` },
      });
    expect((await mint(test.key('a', ['control']).secret)).status).toBe(403);
    expect((await mint(test.key('b', ['manage']).secret)).status).toBe(200);
  });

  it('of a script is told from no key at all', async () => {
    const clock = createFakeClock();
    const handlers = {
      'index.jobs': () => [],
      'index.sources': () => [],
    };
    const test = createTestServer({ clock, handlers });
    cleanups.push(test.close);
    recallRoutes({ dispatcher: test.dispatcher, clock, log: createRememberingLog() })(test.app);
    const ask = async (method: 'GET' | 'POST', url: string, secret: string | null) => {
      const authorization = secret === null ? {} : { authorization: `Bearer ${secret}` };
      const reply = await test.app.inject({ method, url, headers: { host: test.host, ...authorization } });
      return [reply.statusCode, reply.json()];
    };
    const add = (name: string, rights: ('view' | 'tasks' | 'infer')[]) =>
      test.credentials.addKey({ name, kind: 'script', rights, expiresInDays: null });
    const [viewer, inferer] = [add('viewer', ['view']), add('inferer', ['infer'])];
    expect((await ask('GET', '/index/jobs', viewer.secret))[0]).toBe(200);
    expect(await ask('POST', '/index/start', viewer.secret)).toMatchObject([
      403,
      { code: 'FORBIDDEN', details: { scope: 'tasks' } },
    ]);
    expect(await ask('GET', '/index/jobs', inferer.secret)).toMatchObject([403, { code: 'FORBIDDEN' }]);
    for (const secret of [null, 'guess']) {
      expect(await ask('GET', '/index/jobs', secret)).toEqual([401, { error: 'Unauthorized' }]);
    }
    expect(await ask('GET', `/index/jobs?key=${viewer.secret}`, null)).toMatchObject([
      401,
      { error: 'Unauthorized', code: 'KEY_IN_ADDRESS' },
    ]);
    test.credentials.revokeKey(viewer.credential.id);
    expect(await ask('GET', '/index/jobs', viewer.secret)).toMatchObject([
      401,
      { error: 'Unauthorized', code: 'KEY_REVOKED' },
    ]);
  });
});

describe('the proof of a session', () => {
  it('is for the origin of the session, and sends nothing secret', async () => {
    const test = createTestServer();
    cleanups.push(test.close);
    const origin = `http://${test.host}`;
    const { credential, secret } = test.credentials.openSession({ origin, userAgent: undefined });
    const prove = async (body: object, host = test.host) => {
      const reply = await test.app.inject({
        method: 'POST',
        url: '/api/session/proof',
        headers: { host },
        payload: body,
      });
      return { status: reply.statusCode, body: reply.json() };
    };
    const nonce = 'ab'.repeat(16);
    const proved = await prove({ session: credential.id, nonce });
    expect(proved).toMatchObject({ status: 200, body: { proof: expect.stringMatching(/^[0-9a-f]{64}$/) } });
    expect(JSON.stringify(proved)).not.toContain(secret);
    expect(
      (await prove({ session: credential.id, nonce }, `localhost:${test.host.split(':')[1]}`)).body.code,
    ).toBe('UNAUTHORIZED');
    expect((await prove({ session: 'session_x', nonce })).body.code).toBe('UNAUTHORIZED');
    expect((await prove({ session: credential.id, nonce: 'short' })).body.code).toBe('BAD_REQUEST');
    test.credentials.revokeSession(credential.id);
    expect((await prove({ session: credential.id, nonce })).body.code).toBe('SESSION_ENDED');
  });
});
