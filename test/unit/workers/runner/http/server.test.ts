import { once } from 'node:events';
import { request } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
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
