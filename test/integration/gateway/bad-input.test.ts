import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  answerJson,
  answerLines,
  model,
  node,
  startGateway,
  startInFront,
  startUpstream,
} from '../../fakes/data-plane.ts';
import { gatewayTable } from '../../fakes/gateway-table.ts';

function world(settings: Parameters<typeof gatewayTable>[1] = {}) {
  const installed = [model(), model('gpt:cloud', { cloud: true }), model('far:latest', { cloud: true })];
  return startInFront(
    (_, response) => answerJson(response, { done: true }),
    (url) => gatewayTable([node('one', url, { installed })], settings),
  );
}

describe('a body', () => {
  it.each([
    ['/api/generate', '', 400, 'missing request body'],
    ['/api/generate', '{"model":', 400, 'unexpected EOF'],
    ['/api/generate', 'hello', 400, "invalid character 'h' looking for beginning of value"],
    [
      '/api/generate',
      '{"model":5}',
      400,
      'json: cannot unmarshal number into Go struct field GenerateRequest.model of type string',
    ],
    ['/api/generate', '{"prompt":"x"}', 404, "model '' not found"],
    ['/api/generate', '{"model":"nope"}', 404, "model 'nope' not found"],
    ['/api/generate', '{"model":"a b//c"}', 400, 'invalid model name'],
    ['/api/embed', '{"model":"nope"}', 404, 'model "nope" not found, try pulling it first'],
    ['/api/show', '{}', 400, 'model is required'],
    ['/api/show', '{"name":"nope"}', 404, "model 'nope:latest' not found"],
  ])('%s %j is answered as Ollama does', async (path, body, status, error) => {
    await using all = await world();
    const answer = await all.gateway.ask(path, { body });
    expect([answer.status, answer.json()]).toEqual([status, { error }]);
    expect(all.server.asked).toEqual([]);
  });

  it('is refused in the dialect of its caller', async () => {
    await using all = await world();
    const openai = await all.gateway.ask('/v1/chat/completions', { body: { model: 'nope' } });
    expect([openai.status, openai.json()]).toEqual([
      404,
      { error: { message: "model 'nope' not found", type: 'not_found_error', param: null, code: null } },
    ]);
    const anthropic = await all.gateway.ask('/v1/messages', { body: { model: 'nope' } });
    expect([anthropic.status, anthropic.json()]).toEqual([
      404,
      { type: 'error', error: { type: 'not_found_error', message: "model 'nope' not found" } },
    ]);
  });

  it('with control characters in its model reaches no log, header or node', async () => {
    await using all = await world();
    const answer = await all.gateway.ask('/v1/completions', { body: { model: 'a\u001b[31m\r\nX: y' } });
    expect(answer.status).toBe(404);
    expect(answer.text).not.toContain('\u001b');
    await all.gateway.until(() => all.gateway.finished().length === 1);
    expect(all.gateway.finished()[0]?.model).toMatch(/^a\\x1b/);
  });

  it('of unknown shape for an unknown path is no page', async () => {
    await using all = await world();
    for (const body of ['', '{}', 'x']) {
      const answer = await all.gateway.ask('/v1/rerank', { body });
      expect([answer.status, answer.text]).toEqual([404, '404 page not found']);
    }
    expect((await all.gateway.ask('/v1/rerank', { body: { model: 'm' } })).status).toBe(200);
  });

  it('larger than the memory is refused, announced or not', async () => {
    await using all = await world({ bodyBudgetBytes: 100_000 });
    const body = JSON.stringify({ model: 'm', prompt: 'x'.repeat(200_000) });
    expect((await all.gateway.ask('/api/generate', { body })).status).toBe(413);
    const chunked = await all.gateway.ask('/api/generate', {
      body,
      headers: { 'transfer-encoding': 'chunked' },
    });
    expect([chunked.status, chunked.headers['x-pilotlight-error']]).toEqual([413, 'REQUEST_TOO_LARGE']);
    expect(all.server.asked).toEqual([]);
  });

  it('waits for memory that others hold with 503, and gets it when they end', async () => {
    const held = Promise.withResolvers<void>();
    await using server = await startUpstream(async (_, response, body) => {
      if (body.includes('first')) await held.promise;
      answerJson(response, { done: true });
    });
    await using gateway = await startGateway(
      gatewayTable([node('one', server.url)], { bodyBudgetBytes: 100_000 }),
    );
    const body = (word: string) => JSON.stringify({ model: 'm', prompt: word + 'x'.repeat(60_000) });
    const first = gateway.ask('/api/generate', { body: body('first') });
    while (server.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const refused = await gateway.ask('/api/generate', { body: body('second') });
    expect([refused.status, refused.headers['retry-after'], refused.headers['x-pilotlight-error']]).toEqual([
      503,
      '5',
      'BODY_MEMORY_FULL',
    ]);
    held.resolve();
    expect((await first).status).toBe(200);
    expect((await gateway.ask('/api/generate', { body: body('third') })).status).toBe(200);
  });
});

it('gives the memory of a body back at the first byte of its answer, or when its client goes away', async () => {
  await using server = await startUpstream((_, response, body) => {
    if (body.includes('stream')) answerLines(response, { done: false });
  });
  await using gateway = await startGateway(
    gatewayTable([node('one', server.url)], { bodyBudgetBytes: 100_000 }),
  );
  const body = (word: string) => JSON.stringify({ model: 'm', prompt: word + 'x'.repeat(80_000) });
  for (const word of ['stream', 'wait', 'wait', 'stream']) {
    const request = gateway.send('/api/generate', { body: body(word) });
    const count = server.asked.length + 1;
    if (word === 'stream') {
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      await once(response, 'data');
      continue;
    }
    while (server.asked.length < count) await new Promise((resolve) => setImmediate(resolve));
    request.destroy();
    await server.untilClosed(count - 1);
    await gateway.until(() => gateway.finished().length === count - 1);
  }
  expect(server.asked).toHaveLength(4);
});

describe('an encoded body', () => {
  const plain = Buffer.from(JSON.stringify({ model: 'm', stream: false }));

  it.each([
    ['zstd', zstdCompressSync(plain)],
    ['gzip', gzipSync(plain)],
  ])('%s is read, and sent on as it came', async (encoding, body) => {
    await using all = await world();
    const answer = await all.gateway.ask('/v1/responses', {
      body,
      headers: { 'content-encoding': encoding },
    });
    expect(answer.status).toBe(200);
    expect(all.server.asked[0]?.headers['content-encoding']).toBe(encoding);
    expect(all.server.asked[0]?.headers['content-length']).toBe(String(body.length));
  });

  it('of 15 MB is read in pieces, and several at once', async () => {
    await using all = await world();
    const large = gzipSync(JSON.stringify({ prompt: 'x'.repeat(15e6), model: 'm' }));
    const ask = () =>
      all.gateway.ask('/v1/completions', { body: large, headers: { 'content-encoding': 'gzip' } });
    const statuses = (await Promise.all([ask(), ask(), ask()])).map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 200]);
  });

  it.each([
    ['zstd', zstdCompressSync(Buffer.alloc(30 * 1024 * 1024)), 413, 'REQUEST_TOO_LARGE'],
    ['zstd', Buffer.from('nonsense'), 400, 'BAD_ENCODING'],
    ['lzma', Buffer.from('x'), 415, 'ENCODING_NOT_SUPPORTED'],
    ['gzip, zstd', Buffer.from('x'), 415, 'ENCODING_NOT_SUPPORTED'],
  ])('%s may be refused', async (encoding, body, status, code) => {
    await using all = await world();
    const answer = await all.gateway.ask('/v1/responses', {
      body,
      headers: { 'content-encoding': encoding },
    });
    expect([answer.status, answer.headers['x-pilotlight-error']]).toEqual([status, code]);
    expect((await all.gateway.ask('/api/generate', { body: { model: 'm' } })).status).toBe(200);
  });
});

describe('what leaves the house', () => {
  it.each([
    ['/api/chat', { model: 'gpt:cloud' }],
    ['/api/chat', { model: 'far' }],
    ['/api/chat', { model: 'unknown:20b-cloud' }],
    ['/api/web_search', { query: 'x' }],
    ['/api/experimental/web_fetch', { url: 'x' }],
  ])('%s %j is refused', async (path, body) => {
    await using all = await world();
    const answer = await all.gateway.ask(path, { body });
    expect([answer.status, answer.headers['x-pilotlight-error']]).toEqual([403, 'CLOUD_NOT_ALLOWED']);
    expect(all.server.asked).toEqual([]);
  });

  it('is sent when that is allowed', async () => {
    await using all = await world({ allowCloud: true, managementNodeId: 'one' });
    expect((await all.gateway.ask('/api/chat', { body: { model: 'far', stream: false } })).status).toBe(200);
    expect((await all.gateway.ask('/api/web_search', { body: { query: 'x' } })).status).toBe(200);
  });
});

it('answers other methods and paths as Ollama does', async () => {
  await using all = await world();
  const ask = async (method: string, path: string) => {
    const { status, text, headers } = await all.gateway.ask(path, { method });
    return [status, text, headers.allow ?? headers.location];
  };
  expect(await ask('GET', '/api/nothing')).toEqual([404, '404 page not found', undefined]);
  expect(await ask('GET', '/api/generate')).toEqual([405, '405 method not allowed', 'POST']);
  expect(await ask('GET', '/api/tags/')).toEqual([
    301,
    '<a href="/api/tags">Moved Permanently</a>.\n\n',
    '/api/tags',
  ]);
  expect(await ask('GET', '/')).toEqual([200, 'Ollama is running', undefined]);
  expect((await ask('HEAD', '/'))[0]).toBe(200);
});
