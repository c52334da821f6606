import { once } from 'node:events';
import { request } from 'node:http';
import { hostname } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRunnerServer } from '../../../../../electron/workers/runner/http/server.ts';
import { silentLog } from '../../../../fakes/indexing.ts';

let stopping: AbortController;
let server: ReturnType<typeof createRunnerServer>;
let port: number;
let signals: AbortSignal[];
let arrived: PromiseWithResolvers<void>;
beforeEach(async () => {
  stopping = new AbortController();
  signals = [];
  arrived = Promise.withResolvers();
  server = createRunnerServer({
    routes: [
      { method: 'GET', path: '/status', handle: () => ({ status: 200, body: 'status' }) },
      { method: 'GET', path: '/ping', access: 'open', handle: () => ({ status: 200, body: 'pong' }) },
      {
        method: 'GET',
        path: '/slow',
        async handle({ signal }) {
          signals.push(signal);
          arrived.resolve();
          await new Promise((resolve) => {
            if (signal.aborted) resolve(null);
            signal.addEventListener('abort', resolve, { once: true });
          });
          return { status: 200, body: 'ended' };
        },
      },
    ],
    token: 'token',
    isRemote: false,
    signal: stopping.signal,
    log: silentLog,
    onAnswered() {},
  });
  ({ port } = await server.listen({ host: '127.0.0.1', port: 0 }));
});
afterEach(() => server.close(0));

function ask() {
  const sent = request({ host: '127.0.0.1', port, path: '/slow' });
  sent.on('error', () => {});
  sent.end();
  return sent;
}

it('ends the work of a request when its client has gone', async () => {
  const sent = ask();
  await arrived.promise;
  const [signal] = signals as [AbortSignal];
  const ended = once(signal, 'abort');
  sent.destroy();
  await ended;
  expect(signal.reason).toMatchObject({ code: 'CANCELLED' });
});

it('ends the work of all requests when the runner stops, of later ones at once', async () => {
  const sent = ask();
  await arrived.promise;
  const reason = new Error('stops');
  stopping.abort(reason);
  const [response] = await once(sent, 'response');
  response.resume();
  expect(signals[0]?.reason).toBe(reason);
  arrived = Promise.withResolvers();
  ask();
  await arrived.promise;
  expect(signals[1]?.reason).toBe(reason);
});

describe('the Host of a request', () => {
  async function statusAt(host: string, path: string, headers: Record<string, string> = {}) {
    const sent = request({ host: '127.0.0.1', port, path, headers: { host, ...headers } });
    sent.end();
    const [response] = await once(sent, 'response');
    response.resume();
    return response.statusCode;
  }

  it.each([
    '127.0.0.1:1',
    'localhost',
    'LOCALHOST:99',
    '[::1]:1',
    'runner.localhost',
    'host.docker.internal:1',
    'machine-learning:3003',
    'gpu_box.lan',
    'nas.home.arpa:1',
    hostname(),
  ])('may be %s', async (host) => {
    expect(await statusAt(host, '/status')).toBe(200);
  });

  it.each([
    'rebound.example',
    'rebound.example:80',
    '127.0.0.1.rebound.example',
    'localhost.rebound.example:1',
    'rebound.example@127.0.0.1',
    'rebound.lan.example',
    'lan.',
    '8.8.8.8',
  ])('is refused as %s, which a page could make lead here', async (host) => {
    for (const path of ['/status', '/ping']) expect(await statusAt(host, path)).toBe(401);
  });

  it('may be any name with the token, and with that only', async () => {
    const at = (token: string) =>
      statusAt('rebound.example', '/status', { authorization: `Bearer ${token}` });
    expect(await at('token')).toBe(200);
    expect(await at('guess')).toBe(401);
  });
});
