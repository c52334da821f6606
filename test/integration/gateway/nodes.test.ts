import { describe, expect, it } from 'vitest';
import { answerJson, model, node, startGateway, startUpstream } from '../../fakes/data-plane.ts';
import { gatewayTable, tableLoaded } from '../../fakes/gateway-table.ts';

async function world(settings: Parameters<typeof gatewayTable>[1] = {}) {
  const one = await startUpstream((_, response) => answerJson(response, { done: true }));
  const two = await startUpstream((_, response) => answerJson(response, { done: true }));
  const gateway = await startGateway(
    gatewayTable(
      [
        node('id-1', one.url, { name: 'Tower' }),
        node('id-2', two.url, { name: 'büro' }),
        node('id-3', 'http://127.0.0.1:9', {
          name: 'asleep',
          serving: false,
          installed: [model('far:latest')],
        }),
      ],
      settings,
    ),
  );
  return {
    one,
    two,
    gateway,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await one[Symbol.asyncDispose]();
      await two[Symbol.asyncDispose]();
    },
  };
}

describe('a call that changes a node', () => {
  const calls = [
    ['POST', '/api/pull'],
    ['POST', '/api/push'],
    ['POST', '/api/create'],
    ['POST', '/api/copy'],
    ['DELETE', '/api/delete'],
    ['POST', '/api/blobs/sha256:1'],
    ['HEAD', '/api/blobs/sha256:1'],
    ['POST', '/api/me'],
  ] as const;

  it.each(calls)('%s %s goes nowhere by chance', async (method, path) => {
    await using all = await world();
    const answer = await all.gateway.ask(path, {
      method,
      ...(method === 'HEAD' ? {} : { body: { model: 'x' } }),
    });
    expect([answer.status, answer.headers['x-pilotlight-error']]).toEqual([400, 'NODE_NOT_CHOSEN']);
    expect([...all.one.asked, ...all.two.asked]).toEqual([]);
  });

  it.each(calls)('%s %s goes to the node that was chosen', async (method, path) => {
    await using all = await world({ managementNodeId: 'id-1' });
    const own = { method, ...(method === 'HEAD' ? {} : { body: '{"model":"x"}' }) };
    await all.gateway.ask(path, own);
    const byHeader = await all.gateway.ask(path, {
      ...own,
      headers: { 'x-pilotlight-node': 'ID-2'.toLowerCase() },
    });
    await all.gateway.ask(`/n/B%C3%9CRO${path}`, own);
    expect([byHeader.headers['x-pilotlight-node'], byHeader.headers['x-pilotlight-route']]).toEqual([
      'b%C3%BCro',
      'ROUTE_CHOSEN_NODE',
    ]);
    expect([all.one.asked.length, all.two.asked.length]).toEqual([1, 2]);
    expect(all.two.asked[1]).toMatchObject({ method, path, body: method === 'HEAD' ? '' : '{"model":"x"}' });
  });

  it('is refused for a node that sleeps or does not exist', async () => {
    await using all = await world();
    const code = async (name: string) =>
      (await all.gateway.ask(`/n/${name}/api/pull`, { body: {} })).headers['x-pilotlight-error'];
    expect(await code('asleep')).toBe('NODE_ASLEEP');
    expect(await code('nobody')).toBe('NODE_NOT_KNOWN');
  });
});

describe('a node in the path', () => {
  it('serves the request, or nobody does', async () => {
    await using all = await world();
    const ask = (name: string, body: object) => all.gateway.ask(`/n/${name}/api/chat`, { body });
    for (const _ of [1, 2])
      expect((await ask('id-2', { model: 'm' })).headers['x-pilotlight-node']).toBe('b%C3%BCro');
    expect((await ask('id-2', { model: 'far' })).status).toBe(404);
    expect((await ask('asleep', { model: 'far' })).status).toBe(503);
    expect(all.one.asked).toEqual([]);
  });

  it('lists that node alone, also while it sleeps', async () => {
    await using all = await world();
    const names = async (path: string) =>
      ((await all.gateway.ask(path, { method: 'GET' })).json() as { models: { name: string }[] }).models.map(
        ({ name }) => name,
      );
    expect(await names('/n/asleep/api/tags')).toEqual(['far:latest']);
    expect((await names('/api/tags')).sort()).toEqual(['far:latest', 'm:latest']);
    expect(await names('/n/asleep/api/ps')).toEqual([]);
    expect([...all.one.asked, ...all.two.asked]).toEqual([]);
  });
});

it('lists models, what runs and the oldest version from memory', async () => {
  const nodes = [
    node('a', 'http://127.0.0.1:9', { serverVersion: '0.33.0', loaded: [tableLoaded({ name: 'm:latest' })] }),
    node('b', 'http://127.0.0.1:9', { serverVersion: '0.24.1', serving: false }),
    node('c', 'http://127.0.0.1:9', { dialects: ['openai'], installed: [model('other')] }),
  ];
  await using gateway = await startGateway(gatewayTable(nodes));
  const get = async (path: string) => (await gateway.ask(path, { method: 'GET' })).json();
  expect(await get('/api/version')).toEqual({ version: '0.24.1' });
  expect(await get('/api/ps')).toMatchObject({ models: [{ name: 'm:latest' }] });
  expect(await get('/v1/models')).toMatchObject({
    object: 'list',
    data: [{ id: 'm:latest' }, { id: 'other' }],
  });
  expect(await get('/v1/models/M')).toMatchObject({ id: 'm:latest', object: 'model' });
  const missing = await gateway.ask('/v1/models/nope', { method: 'GET' });
  expect([missing.status, missing.json()]).toMatchObject([
    404,
    { error: { message: "model 'nope:latest' not found" } },
  ]);
});

describe('the name of a model', () => {
  it('is left alone where Ollama knows it, and is that of the node elsewhere', async () => {
    await using ollama = await startUpstream((_, response) => answerJson(response, { done: true }));
    await using other = await startUpstream((_, response) => answerJson(response, { choices: [] }));
    await using gateway = await startGateway(
      gatewayTable([
        node('a', ollama.url, { installed: [model('one:latest')] }),
        node('b', other.url, { dialects: ['openai'], saysPlacement: false, installed: [model('Two')] }),
      ]),
    );
    await gateway.ask('/v1/chat/completions', { body: '{"messages":[],"model":"ONE"}' });
    await gateway.ask('/v1/chat/completions', { body: '{"messages":[],"model":"two:latest","n":1}' });
    await gateway.ask('/v1/chat/completions', { body: '{"model":"x","model":"Two"}' });
    expect(ollama.asked[0]?.body).toBe('{"messages":[],"model":"ONE"}');
    expect(other.asked.map(({ body }) => body)).toEqual([
      '{"messages":[],"model":"Two","n":1}',
      '{"model":"Two","model":"Two"}',
    ]);
    expect(other.asked[0]?.headers['content-length']).toBe('35');
  });
});

it('passes a recording on while it arrives, to the node with its model', async () => {
  await using server = await startUpstream((_, response) => answerJson(response, { text: 'hello' }));
  await using gateway = await startGateway(
    gatewayTable([
      node('a', 'http://127.0.0.1:9'),
      node('b', server.url, { dialects: ['openai'], installed: [model('Whisper')] }),
    ]),
  );
  const form = (...parts: string[]) =>
    `${parts.map((part) => `--B\r\nContent-Disposition: form-data; ${part}\r\n`).join('')}--B--\r\n`;
  const file = `name="file"; filename="a.wav"\r\n\r\n${'x'.repeat(300_000)}`;
  const headers = { 'content-type': 'multipart/form-data; boundary=B' };
  const body = form(file, 'name="model"\r\n\r\nwhisper');
  const answer = await gateway.ask('/v1/audio/transcriptions', { body, headers });
  expect([answer.status, answer.json()]).toEqual([200, { text: 'hello' }]);
  expect(server.asked[0]?.body).toBe(body.replace('\r\n\r\nwhisper', '\r\n\r\nWhisper'));
  const first = form('name="model"\r\n\r\nwhisper', file);
  await gateway.ask('/v1/audio/transcriptions', {
    body: first,
    headers: { ...headers, 'transfer-encoding': 'chunked' },
  });
  expect(server.asked[1]?.body).toBe(first.replace('whisper', 'Whisper'));
  const none = await gateway.ask('/v1/audio/transcriptions', { body: form(file), headers });
  expect(none.status).toBe(404);
});

describe('a batch of texts', () => {
  const texts = Array.from({ length: 40 }, (_, index) => `text ${index}`);
  const vectorsOf = (body: string) =>
    (JSON.parse(body) as { input: string[] }).input.map((text) => `[${text.slice(5)}.50,1e-7]`).join(',');
  const embed = (response: Parameters<typeof answerJson>[0], body: string) => {
    const text = `{"model":"m","embeddings":[${vectorsOf(body)}],"prompt_eval_count":20}`;
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
    response.end(text);
  };
  const expected = `[${texts.map((text) => `[${text.slice(5)}.50,1e-7]`).join(',')}]`;

  it('is embedded by equal nodes side by side, in order and digit for digit', async () => {
    await using one = await startUpstream((_, response, body) => embed(response, body));
    await using two = await startUpstream((_, response, body) => embed(response, body));
    await using gateway = await startGateway(gatewayTable([node('a', one.url), node('b', two.url)]));
    const answer = await gateway.ask('/api/embed', { body: { model: 'm', input: texts } });
    expect(answer.text).toBe(`{"model":"m","embeddings":${expected},"prompt_eval_count":40}`);
    expect([one.asked.length, two.asked.length]).toEqual([1, 1]);
    expect([answer.headers['x-pilotlight-node'], answer.headers['x-pilotlight-route']]).toEqual([
      'a, b',
      'ROUTE_SPLIT',
    ]);
    await gateway.until(() => gateway.finished().length === 1);
    expect(gateway.finished()[0]).toMatchObject({
      outcome: 'completed',
      why: { code: 'ROUTE_SPLIT' },
      inputTokens: 40,
    });
    expect(gateway.gateway.inFlight).toBe(0);
  });

  it('stays with one node if it is small, or the others have other weights', async () => {
    await using one = await startUpstream((_, response, body) => embed(response, body));
    await using two = await startUpstream((_, response, body) => embed(response, body));
    const nodes = (digest: string) => [
      node('a', one.url),
      node('b', two.url, { installed: [model('m:latest', { digest })] }),
    ];
    await using gateway = await startGateway(gatewayTable(nodes('d-m:latest')));
    await gateway.ask('/api/embed', { body: { model: 'm', input: texts.slice(0, 8) } });
    gateway.gateway.setTable({ ...gatewayTable(nodes('other')), version: 2 });
    await gateway.ask('/api/embed', { body: { model: 'm', input: texts } });
    expect(one.asked.length + two.asked.length).toBe(2);
  });

  it('has the part of a node that fails done by another one, or fails as a whole', async () => {
    await using bad = await startUpstream((_, response) => response.destroy());
    await using good = await startUpstream((_, response, body) => embed(response, body));
    await using gateway = await startGateway(gatewayTable([node('a', bad.url), node('b', good.url)]));
    const answer = await gateway.ask('/api/embed', { body: { model: 'm', input: texts } });
    expect(answer.text).toContain(expected);
    expect(good.asked).toHaveLength(2);
    await good.kill();
    const failed = await gateway.ask('/api/embed', { body: { model: 'm', input: texts } });
    expect([failed.status, failed.headers['x-pilotlight-error']]).toEqual([502, 'HOST_UNREACHABLE']);
    await gateway.until(() => gateway.finished().length === 2);
    expect(gateway.finished().map(({ outcome, retries }) => [outcome, retries])).toEqual([
      ['completed', 1],
      ['failed', expect.any(Number)],
    ]);
  });

  it('is ended at all nodes when its client goes away', async () => {
    await using one = await startUpstream(() => {});
    await using two = await startUpstream(() => {});
    await using gateway = await startGateway(gatewayTable([node('a', one.url), node('b', two.url)]));
    const request = gateway.send('/api/embed', { body: { model: 'm', input: texts } });
    while (one.asked.length + two.asked.length < 2) await new Promise((resolve) => setImmediate(resolve));
    request.destroy();
    await Promise.all([one.untilClosed(1), two.untilClosed(1)]);
    await gateway.until(() => gateway.finished().length === 1);
    expect(gateway.finished()[0]).toMatchObject({ outcome: 'cancelled' });
    expect(gateway.gateway.inFlight).toBe(0);
  });
});

describe('a conversation', () => {
  const turns = ['a', 'b', 'c', 'd'];
  const messages = (count: number, first: string) =>
    [first, ...turns.slice(1, count)].map((content) => ({ role: 'user', content }));

  it('stays with the node that knows it, while others go elsewhere', async () => {
    await using all = await world();
    const ask = async (path: string, first: string, count: number, headers: Record<string, string> = {}) => {
      const body = { model: 'm', stream: false, messages: messages(count, first) };
      const answer = (await all.gateway.ask(path, { body, headers })).headers;
      return [answer['x-pilotlight-node'], answer['x-pilotlight-route']];
    };
    await ask('/n/id-2/api/chat', 'a', 1);
    for (const count of [2, 3, 4]) {
      expect(await ask('/api/chat', 'a', count)).toEqual(['b%C3%BCro', 'ROUTE_KNOWS_CONVERSATION']);
    }
    expect((await ask('/api/chat', 'b', 4))[0]).toBe('Tower');
    const session = { 'x-session-id': 's' };
    await ask('/n/id-2/api/chat', 'x', 1, session);
    expect(await ask('/api/chat', 'y', 1, session)).toEqual(['b%C3%BCro', 'ROUTE_KNOWS_CONVERSATION']);
  });
});
