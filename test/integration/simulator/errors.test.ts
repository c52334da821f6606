import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FaultName } from '../../../electron/simulator/faults.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { createHurriedClock, GIB, lines, type ServedOllama, serveOllama, until } from './support.ts';

let served: ServedOllama;

beforeEach(async () => {
  served = await serveOllama({ clock: createHurriedClock() });
});
afterEach(async () => {
  await served[Symbol.asyncDispose]();
});

describe('errors', () => {
  const missing = (name: string) => ({ error: `model '${name}' not found` });
  const missingToPull = (name: string) => ({ error: `model "${name}" not found, try pulling it first` });

  it.each([
    ['/api/generate', '', 400, { error: 'missing request body' }],
    ['/api/generate', '{"model":', 400, { error: 'unexpected EOF' }],
    ['/api/chat', 'hello', 400, { error: "invalid character 'h' looking for beginning of value" }],
    ['/api/generate', { model: 'nope' }, 404, missing('nope')],
    ['/api/chat', { model: 'nope' }, 404, missing('nope')],
    ['/api/show', { model: 'nope' }, 404, missing('nope:latest')],
    ['/api/show', {}, 400, { error: 'model is required' }],
    ['/api/embed', { model: 'nope', input: 'a' }, 404, missingToPull('nope')],
    ['/api/embeddings', { model: 'nope', prompt: 'a' }, 404, missingToPull('nope')],
    ['/api/generate', { model: '' }, 404, missing('')],
    ['/api/generate', { model: 'a b' }, 400, { error: 'invalid model name' }],
    [
      '/api/chat',
      { model: 'all-minilm', messages: [{}] },
      400,
      { error: '"all-minilm" does not support chat' },
    ],
    [
      '/api/generate',
      { model: 'llama3.1:8b', keep_alive: '-1' },
      400,
      { error: 'time: missing unit in duration "-1"' },
    ],
    [
      '/api/generate',
      { model: 'llama3.1:8b', options: { num_gpu: 'all' } },
      500,
      { error: 'option "num_gpu" must be of type integer' },
    ],
    ['/api/embed', { model: 'all-minilm', input: 7 }, 400, { error: 'invalid input type' }],
    [
      '/api/generate',
      { model: 7 },
      400,
      { error: 'json: cannot unmarshal number into Go struct field GenerateRequest.model of type string' },
    ],
  ])('POST %s %j is %i', async (path, body, status, expected) => {
    const answer = await served.post(path, body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await answer.json()).toEqual(expected);
  });

  it('ignores an unknown option', async () => {
    const body = { model: 'llama3.1:8b', options: { warp: 9 } };
    expect((await served.post('/api/generate', body)).status).toBe(200);
  });

  it('is 404 in plain text for an unknown path, and 405 for another method', async () => {
    const unknown = await served.get('/api/nothing');
    expect([unknown.status, unknown.headers.get('content-type'), await unknown.text()]).toEqual([
      404,
      'text/plain',
      '404 page not found',
    ]);
    const method = await served.get('/api/generate');
    expect([method.status, method.headers.get('content-type'), await method.text()]).toEqual([
      405,
      'text/plain',
      '405 method not allowed',
    ]);
  });

  it.each([
    ['evil.example', 403],
    ['ollama.example:11434', 403],
    ['8.8.8.8', 403],
    ['localhost:11434', 200],
    ['127.0.0.1:1', 200],
    ['192.168.1.7:11434', 200],
    ['nas.local', 200],
    ['[::1]:11434', 200],
  ])('answers Host %s with %i', async (host, status) => {
    const body = await new Promise<string>((resolve, reject) => {
      request(`${served.url}/api/version`, { headers: { host } }, (response) => {
        expect(response.statusCode).toBe(status);
        response.setEncoding('utf8');
        let text = '';
        response.on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => resolve(text));
      })
        .on('error', reject)
        .end();
    });
    expect(body).toBe(status === 403 ? '' : '{"version":"0.33.0"}');
  });

  it('is 500 with the words of each profile when explicit layers do not fit', async () => {
    const gpus = [{ id: 'GPU-0', name: 'Small GPU', vramBytes: 2 * GIB, baselineBytes: 0, boardWatts: 75 }];
    const words = {
      '0.33': /^llama-server process has terminated: exit status 1: cudaMalloc failed: out of memory\n/,
      '0.24': /^memory layout cannot be allocated with num_gpu = 33$/,
    };
    for (const profile of ['0.33', '0.24'] as const) {
      await using small = await serveOllama({ clock: createHurriedClock(), profile, gpus });
      const answer = await small.post('/api/generate', { model: 'llama3.1:8b', options: { num_gpu: 33 } });
      expect(answer.status).toBe(500);
      expect(((await answer.json()) as { error: string }).error).toMatch(words[profile]);
      expect(small.ollama.scheduler.loaded()).toEqual([]);
    }
  });
});

describe('a client that goes away', () => {
  it('ends its load, and is told 499 in the log', async () => {
    const clock = createFakeClock();
    await using slow = await serveOllama({ clock });
    const client = new AbortController();
    const answer = slow.post('/api/generate', { model: 'llama3.1:8b' }, client.signal).catch(() => 'gone');
    await until(() => slow.ollama.scheduler.runners().length === 1);
    client.abort();
    expect(await answer).toBe('gone');
    await until(() => slow.ollama.scheduler.runners().length === 0);
    await until(() => slow.ollama.log().length === 1);
    expect(slow.ollama.log()).toEqual([{ method: 'POST', path: '/api/generate', status: 499 }]);
  });

  it('ends its stream and frees the runner', async () => {
    const clock = createFakeClock();
    await using slow = await serveOllama({ clock });
    const client = new AbortController();
    const answer = slow.post(
      '/api/generate',
      { model: 'llama3.1:8b', prompt: 'a long story' },
      client.signal,
    );
    await until(() => slow.ollama.scheduler.runners().length === 1);
    await clock.advance(10_000);
    const reader = (await answer).body?.getReader();
    await reader?.read();
    client.abort();
    await until(() => slow.ollama.scheduler.loaded()[0]?.inFlight === 0);
    expect(slow.ollama.scheduler.loaded()).toHaveLength(1);
  });
});

describe('faults of the answer', () => {
  const withFault = (fault: FaultName) => served.ollama.faults.set(fault, true);

  it('mid-stream-error: some tokens, then an error line, no done', async () => {
    withFault('mid-stream-error');
    const answer = await served.post('/api/generate', { model: 'llama3.1:8b', prompt: 'tell me' });
    expect(answer.status).toBe(200);
    const said = await lines(answer);
    expect(said).toHaveLength(4);
    expect(said.at(-1)).toEqual({
      error: 'an error was encountered while running the model: unexpected EOF',
    });
    expect(said.some((line) => line.done)).toBe(false);
  });

  it('html', async () => {
    withFault('html');
    const answer = await served.get('/api/tags');
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(await answer.text()).toContain('<html>');
  });

  it('half-json', async () => {
    withFault('half-json');
    await expect((await served.get('/api/tags')).json()).rejects.toThrow();
  });

  it('server-error', async () => {
    withFault('server-error');
    expect((await served.get('/api/version')).status).toBe(500);
  });

  it('endless-body goes on for as long as somebody reads', async () => {
    withFault('endless-body');
    const client = new AbortController();
    const answer = await fetch(`${served.url}/api/tags`, { signal: client.signal });
    let bytes = 0;
    for await (const part of answer.body ?? []) {
      bytes += part.length;
      if (bytes > 20_000_000) break;
    }
    expect(bytes).toBeGreaterThan(20_000_000);
    client.abort();
    await until(() => served.ollama.inFlight() === 0);
  });

  it('half-open answers nothing at all', async () => {
    withFault('half-open');
    const client = new AbortController();
    let settled = false;
    const answer = fetch(`${served.url}/api/version`, { signal: client.signal })
      .catch(() => {})
      .finally(() => {
        settled = true;
      });
    await until(() => served.ollama.requests() === 1);
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(settled).toBe(false);
    client.abort();
    await answer;
  });

  it('wedge leaves tags and ps green while a load hangs', async () => {
    withFault('wedge');
    const client = new AbortController();
    let settled = false;
    const hanging = served
      .post('/api/generate', { model: 'llama3.1:8b' }, client.signal)
      .catch(() => {})
      .finally(() => {
        settled = true;
      });
    await until(() => served.ollama.inFlight() === 1);
    expect((await served.get('/api/tags')).status).toBe(200);
    expect((await served.get('/api/ps')).status).toBe(200);
    expect(settled).toBe(false);
    client.abort();
    await hanging;
  });

  it('false-gpu says the same number twice', async () => {
    withFault('false-gpu');
    await served.post('/api/embed', { model: 'all-minilm' });
    const { models } = (await (await served.get('/api/ps')).json()) as { models: Record<string, number>[] };
    expect(models[0]).toMatchObject({ size: 45_960_996, size_vram: 45_960_996 });
    expect(served.ollama.scheduler.loaded()[0]?.actualVramBytes).toBe(0);
  });
});

it('load_duration includes the wait for another load', async () => {
  const clock = createFakeClock();
  await using server = await serveOllama({
    clock,
    speeds: { loadBaseMs: 1000, loadBytesPerSecond: 1e15 },
  });
  const ask = (model: string) => server.post('/api/embed', { model, input: 'a' });
  const first = ask('mxbai-embed-large');
  await until(() => server.ollama.scheduler.runners().length === 1);
  const second = ask('all-minilm');
  await until(() => server.ollama.scheduler.queued() === 1);
  await clock.advance(5000);
  const took = async (answer: Promise<Response>) =>
    Math.round(((await (await answer).json()) as { load_duration: number }).load_duration / 1e6);
  expect(await took(first)).toBe(1000);
  expect(await took(second)).toBe(2000);
});

it('a full queue is 503', async () => {
  const clock = createFakeClock();
  await using server = await serveOllama({ clock, environment: { maxQueue: 1 } });
  const client = new AbortController();
  const ask = (model: string) => server.post('/api/embed', { model }, client.signal);
  const waiting = [ask('mxbai-embed-large').catch(() => {})];
  await until(() => server.ollama.scheduler.runners().length === 1);
  waiting.push(ask('all-minilm').catch(() => {}));
  await until(() => server.ollama.scheduler.queued() === 1);
  const refused = await ask('nomic-embed-text');
  expect(refused.status).toBe(503);
  expect(await refused.json()).toEqual({
    error: 'server busy, please try again.  maximum pending requests exceeded',
  });
  client.abort();
  await Promise.all(waiting);
});

describe('parallel requests', () => {
  it('wait inside the runner beyond OLLAMA_NUM_PARALLEL', async () => {
    const finishedAfter = async (numParallel: number) => {
      const clock = createFakeClock();
      await using server = await serveOllama({
        clock,
        environment: { numParallel },
        speeds: { gpuTokensPerSecond: 5, loadBytesPerSecond: 1e12 },
      });
      let finished = 0;
      const ask = () =>
        server
          .post('/api/generate', { model: 'llama3.1:8b', prompt: 'same', stream: false })
          .then((answer) => answer.text())
          .then(() => {
            finished += 1;
          });
      const answers = [ask(), ask(), ask()];
      await until(() => server.ollama.inFlight() === 3);
      const started = clock.monotonic();
      while (finished < 3) {
        await clock.advance(100);
        await clock.flush(20);
      }
      await Promise.all(answers);
      return clock.monotonic() - started;
    };
    expect(await finishedAfter(1)).toBeGreaterThan(2 * (await finishedAfter(3)));
  });
});
