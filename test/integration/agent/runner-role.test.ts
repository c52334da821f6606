/** The role `runner`: the paths of the runner's process on the agent's port. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { hostname } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import type { WorkerExit, WorkerHost } from '../../../electron/adapters/processes/worker-host.ts';
import { createRunnerLink } from '../../../electron/adapters/runner/runner-link.ts';
import { type FakeRunner, fakeVector, runnerHash, startFakeRunner } from '../../fakes/runner.ts';
import { createWorld } from './world.ts';

const config = { role: ['power', 'telemetry', 'runner'] };
const signal = () => AbortSignal.timeout(50_000);
let runner: FakeRunner;

beforeEach(async () => {
  runner = await startFakeRunner();
});
afterEach(() => runner.close());

/** Its process is a part of the test. */
function createHost() {
  const host = {
    started: 0,
    stopped: 0,
    end: (_exit: Partial<WorkerExit>) => {},
    start: () => {
      host.started += 1;
      const exits: ((exit: WorkerExit) => void)[] = [];
      const listeners: ((message: unknown) => void)[] = [];
      host.end = (exit) => {
        for (const listener of exits.splice(0)) listener({ code: 1, signal: null, stderrTail: '', ...exit });
      };
      return {
        pid: 1,
        send(message: unknown) {
          const { kind } = message as { kind: string };
          if (kind === 'stop') {
            host.stopped += 1;
            host.end({ code: 0 });
          }
          if (kind !== 'configure') return;
          const endpoint = {
            pid: 1,
            bootId: 'b',
            port: Number(new URL(runner.url).port),
            token: runner.token,
          };
          for (const listener of listeners)
            listener({ kind: 'event', event: { kind: 'listening', endpoint } });
        },
        onMessage: (listener: (message: unknown) => void) => void listeners.push(listener),
        onExit: (listener: (exit: WorkerExit) => void) => void exits.push(listener),
        kill: () => host.end({ code: null, signal: 'SIGKILL' }),
      };
    },
  };
  return host satisfies WorkerHost;
}

describe('an agent with a runner', () => {
  it('is a runner to the core, with the agent’s token', async () => {
    await using world = await createWorld({ config, runnerHost: createHost() });
    const http = createNodeHttp();
    const link = createRunnerLink({ http, url: `http://127.0.0.1:${world.port()}`, token: world.token });
    await expect(link.status(signal())).resolves.toEqual(runner.status);
    const request = { model: 'minilm', hash: runnerHash, texts: ['a'], as: 'query' } as const;
    await expect(link.embed(request, signal())).resolves.toEqual({
      vectors: [fakeVector('a')],
      hash: runnerHash,
    });
    await link.addModel({ path: '/models/x', name: 'x' }, signal());
    await link.removeModel('x', signal());
    const progress: number[] = [];
    await link.pull('e5-small', ({ doneBytes }) => progress.push(doneBytes), signal());
    expect(progress).toEqual([1000, 120_000_000]);
    const wrong = createRunnerLink({ http, url: `http://127.0.0.1:${world.port()}`, token: 'wrong' });
    await expect(wrong.status(signal())).rejects.toMatchObject({ code: 'RUNNER_REFUSED' });
    http.close();
  });

  it('lets programs of this machine send pictures without a token, as they always have', async () => {
    await using world = await createWorld({ config, runnerHost: createHost() });
    const send = (path: string, headers: Record<string, string> = {}) =>
      fetch(`http://127.0.0.1:${world.port()}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ images: [{ data: 'YQ==' }] }),
      });
    const answer = await send('/detect_and_embed_batch');
    expect([answer.status, await answer.json()]).toMatchObject([200, { results: [[{}]] }]);
    expect((await send('/detect_and_embed_batch', { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await send('/detect_and_embed_batch', { origin: 'http://evil.example' })).status).toBe(403);
    expect((await send('/v1/embeddings')).status).toBe(401);
  });

  it('is not asked by a page under a name that leads here, even if it hides its browser', async () => {
    await using world = await createWorld({ config, runnerHost: createHost() });
    runner.onRequest = (_, response) => {
      response.end('{}');
      return true;
    };
    async function statusAt(host: string, headers: Record<string, string> = {}) {
      const sent = request({
        ...{ host: '127.0.0.1', port: world.port(), path: '/gpu_info' },
        headers: { host, 'user-agent': 'PowerShell', ...headers },
      });
      sent.end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      response.resume();
      return response.statusCode;
    }
    for (const host of ['rebound.example', 'rebound.example:80', '127.0.0.1.rebound.example'])
      expect([host, await statusAt(host)]).toEqual([host, 403]);
    for (const host of ['127.0.0.1', 'localhost:1', '[::1]', hostname()])
      expect([host, await statusAt(host)]).toEqual([host, 200]);
    expect(await statusAt('rebound.example', { authorization: `Bearer ${world.token}` })).toBe(200);
  });

  it('reports itself, and the fields of existing workers', async () => {
    await using world = await createWorld({ config, runnerHost: createHost() });
    runner.onRequest = (request, response) => {
      if (request.url !== '/health') return false;
      response.end(JSON.stringify({ status: 'healthy', gpu_available: true, worker_id: 'w', queue_size: 3 }));
      return true;
    };
    expect((await world.call('GET', '/health')).body).toMatchObject({
      status: 'ok',
      agent: 'pilotlight',
      roles: ['power', 'telemetry', 'runner'],
      runner: 'running',
      gpu_available: true,
      worker_id: 'w',
      queue_size: 3,
    });
  });

  it('keeps its machine awake while it works, and a moment longer', async () => {
    await using world = await createWorld({ config, runnerHost: createHost() });
    const arrived = Promise.withResolvers<() => void>();
    runner.onEmbed = (_, response) => {
      arrived.resolve(() => response.end('{}'));
      return true;
    };
    const asked = world.call('POST', '/v1/embeddings', { model: 'minilm', input: ['a'] });
    const release = await arrived.promise;
    expect(world.machine.inhibited).toBe(1);
    const refused = await world.call('POST', '/v1/power', { action: 'sleep', countdownSeconds: 0 });
    expect([refused.status, refused.body]).toMatchObject([
      409,
      { error: { code: 'IN_USE', details: { reasons: [{ code: 'WORKING' }] } } },
    ]);
    release();
    await asked;
    await world.clock.advance(9000);
    expect(world.machine.inhibited).toBe(1);
    await world.clock.advance(2000);
    expect(world.machine.inhibited).toBe(0);
    await world.call('GET', '/runner/status');
    expect(world.machine.inhibited).toBe(0);
  });

  it('starts it again when it ends, and asks callers to come again meanwhile', async () => {
    const host = createHost();
    await using world = await createWorld({ config, runnerHost: host });
    host.end({ code: 1, stderrTail: 'Error: no such device' });
    const refused = await world.call('GET', '/runner/status');
    expect([refused.status, refused.headers.get('retry-after'), refused.body]).toMatchObject([
      503,
      '2',
      { error: { code: 'RUNNER_NOT_READY', message: expect.stringContaining('no such device') } },
    ]);
    expect((await world.call('GET', '/health')).body).toMatchObject({ status: 'ok', runner: 'failed' });
    await world.clock.advance(1100);
    expect(host.started).toBe(2);
    expect((await world.call('GET', '/runner/status')).status).toBe(200);
  });

  it('cuts an answer that its process cut, and answers when it does not listen any more', async () => {
    await using world = await createWorld({ config, runnerHost: createHost() });
    runner.onEmbed = (_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"half"');
      setImmediate(() => response.destroy());
      return true;
    };
    const body = { model: 'minilm', input: ['a'] };
    await expect(world.call('POST', '/v1/embeddings', body)).rejects.toThrow();
    await runner.close();
    const refused = await world.call('POST', '/v1/embeddings', body);
    expect([refused.status, refused.body]).toMatchObject([503, { error: { code: 'RUNNER_NOT_READY' } }]);
  });

  it('without its program says what to do, and its other roles work', async () => {
    await using world = await createWorld({ config });
    const refused = await world.call('GET', '/runner/status');
    expect([refused.status, refused.body]).toMatchObject([
      503,
      { error: { code: 'RUNNER_PROGRAM_MISSING', next: expect.stringContaining('--runner-program') } },
    ]);
    expect((await world.call('GET', '/health')).body).toMatchObject({ status: 'ok', runner: 'missing' });
    expect((await world.call('GET', '/v1/power')).status).toBe(200);
    const http = createNodeHttp();
    const link = createRunnerLink({ http, url: `http://127.0.0.1:${world.port()}`, token: world.token });
    await expect(link.status(signal())).rejects.toMatchObject({ code: 'RUNNER_NOT_INSTALLED' });
    http.close();
  });

  it('ends it with the agent', async () => {
    const host = createHost();
    const world = await createWorld({ config, runnerHost: host });
    await world[Symbol.asyncDispose]();
    expect(host.stopped).toBe(1);
  });
});
