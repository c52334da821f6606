import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { TableNode } from '../../../electron/core/gateway/model.ts';
import { startRawServer } from '../../fakes/bad-server.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { answerJson, answerLines, model, node, startGateway, startUpstream } from '../../fakes/data-plane.ts';
import { gatewayTable } from '../../fakes/gateway-table.ts';

const SSE = { 'content-type': 'text/event-stream' };

async function inFrontOf(answer: (response: ServerResponse) => void) {
  const server = await startUpstream((_, response) => answer(response));
  const table = gatewayTable([node('one', server.url)]);
  const gateway = await startGateway(table);
  return {
    table,
    gateway,
    async outcome() {
      await gateway.until(() => gateway.finished().length === 1);
      const { outcome, code, status } = gateway.finished()[0] ?? {};
      return [outcome, code, status];
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

describe('a stream', () => {
  it.each([
    ['ends without its end', '/api/chat', '{"done":false}\n', /^\{"done":false\}\n\{"error":"[^"]+"\}\n$/],
    ['ends in the middle of a line', '/api/chat', '{"done":fal', /^\{"done":fal\n\{"error":"[^"]+"\}\n$/],
  ])('of lines that %s gets an error', async (_, path, text, expected) => {
    await using all = await inFrontOf((response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      response.end(text);
    });
    const answer = await all.gateway.ask(path, { body: { model: 'm' } });
    expect(answer.text).toMatch(expected);
    expect(await all.outcome()).toEqual(['failed', 'ANSWER_INCOMPLETE', 200]);
  });

  it('of lines whose connection breaks gets an error', async () => {
    await using all = await inFrontOf((response) => {
      answerLines(response, { done: false });
      setImmediate(() => response.destroy());
    });
    const answer = await all.gateway.ask('/api/chat', { body: { model: 'm' } });
    expect(answer.text).toMatch(/^\{"done":false\}\n\{"error":"[^"]+"\}\n$/);
    expect(await all.outcome()).toEqual(['failed', 'ANSWER_INCOMPLETE', 200]);
  });

  it.each([
    ['/v1/chat/completions', /^data: \{"a":1\}\n\ndata: \{"error":\{.*"code":"ANSWER_INCOMPLETE"\}\}\n\n$/],
    ['/v1/messages', /^data: \{"a":1\}\n\nevent: error\ndata: \{"type":"error",.*\}\n\n$/],
  ])('of events at %s gets an error in its dialect', async (path, expected) => {
    await using all = await inFrontOf((response) => {
      response.writeHead(200, SSE);
      response.end('data: {"a":1}\n\n');
    });
    const answer = await all.gateway.ask(path, { body: { model: 'm' } });
    expect(answer.text).toMatch(expected);
    expect(await all.outcome()).toEqual(['failed', 'ANSWER_INCOMPLETE', 200]);
  });

  it('that says its error itself gets no second one', async () => {
    await using all = await inFrontOf((response) => {
      answerLines(response, { done: false }, { error: 'out of memory' });
      response.end();
    });
    const answer = await all.gateway.ask('/api/chat', { body: { model: 'm' } });
    expect(answer.text).toBe('{"done":false}\n{"error":"out of memory"}\n');
    expect(await all.outcome()).toEqual(['failed', 'ANSWER_INCOMPLETE', 200]);
  });

  it.each([
    ['/v1/chat/completions', 'data: {"a":1}\n\ndata: [DONE]\n\n'],
    ['/v1/responses', 'event: response.completed\ndata: {}\n\n'],
    ['/v1/messages', 'event: message_stop\ndata: {"type":"message_stop"}\n\n'],
  ])('at %s is complete when it says so', async (path, text) => {
    await using all = await inFrontOf((response) => {
      response.writeHead(200, SSE);
      response.end(text);
    });
    const answer = await all.gateway.ask(path, { body: { model: 'm' } });
    expect([answer.text, answer.headers['x-accel-buffering']]).toEqual([text, 'no']);
    expect(await all.outcome()).toEqual(['completed', null, 200]);
  });
});

describe('an answer', () => {
  it('of a web page is not passed on', async () => {
    await using all = await inFrontOf((response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<h1>Router</h1>');
    });
    const answer = await all.gateway.ask('/api/chat', { body: { model: 'm' } });
    expect([answer.status, answer.headers['x-pilotlight-error']]).toEqual([502, 'NOT_AN_INFERENCE_SERVER']);
    expect(await all.outcome()).toEqual(['failed', 'NOT_AN_INFERENCE_SERVER', 502]);
  });

  it('that is empty is an error', async () => {
    await using all = await inFrontOf((response) => response.writeHead(200).end());
    const answer = await all.gateway.ask('/api/chat', { body: { model: 'm' } });
    expect([answer.status, answer.headers['x-pilotlight-error']]).toEqual([502, 'ANSWER_INCOMPLETE']);
  });

  it('that breaks off closes the connection of the client', async () => {
    await using all = await inFrontOf((response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
      response.write('{"a":');
      setImmediate(() => response.destroy());
    });
    const answer = await all.gateway.ask('/api/chat', { body: { model: 'm', stream: false } });
    expect([answer.whole, answer.text]).toEqual([false, '{"a":']);
    expect(await all.outcome()).toEqual(['failed', 'ANSWER_INCOMPLETE', 200]);
  });

  it('with an error is passed on and counted as whose fault it is', async () => {
    for (const [status, outcome, code] of [
      [400, 'rejected', null],
      [404, 'rejected', null],
      [500, 'failed', 'SERVER_ERROR'],
    ] as const) {
      await using all = await inFrontOf((response) => answerJson(response, { error: 'x' }, status));
      const answer = await all.gateway.ask('/api/chat', { body: { model: 'm' } });
      expect([answer.status, answer.json()]).toEqual([status, { error: 'x' }]);
      expect(await all.outcome()).toEqual([outcome, code, status]);
    }
  });

  it.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['endless headers', `HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(20_000)}`],
  ])('in %s is not taken for one', async (_, bytes) => {
    await using server = await startRawServer((socket) => socket.write(bytes));
    await using gateway = await startGateway(gatewayTable([node('one', server.url)]));
    const answer = await gateway.ask('/api/chat', { body: { model: 'm' } });
    expect([answer.status, answer.headers['x-pilotlight-error']]).toEqual([502, 'NOT_AN_INFERENCE_SERVER']);
  });

  it('has its trailers and the headers of its connection dropped', async () => {
    await using server = await startRawServer((socket) =>
      socket.end(
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\nKeep-Alive: timeout=9\r\nX-Own: 1\r\n\r\n2\r\n{}\r\n0\r\nX-T: 1\r\n\r\n',
      ),
    );
    await using gateway = await startGateway(gatewayTable([node('one', server.url)]));
    const answer = await gateway.ask('/api/chat', { body: { model: 'm' } });
    expect([answer.text, answer.headers['x-own'], answer.headers.trailer]).toEqual(['{}', '1', undefined]);
  });
});

describe('without a node that can serve it', () => {
  const refused = async (own: Parameters<typeof node>[2], path = '/api/chat') => {
    await using gateway = await startGateway(gatewayTable([node('one', 'http://127.0.0.1:9', own)]));
    const answer = await gateway.ask(path, { body: { model: 'm' } });
    return [answer.status, answer.headers['x-pilotlight-error'], answer.headers['retry-after']];
  };

  it('says why, and when to come back', async () => {
    expect(await refused({ serving: false })).toEqual([503, 'NODE_ASLEEP', '30']);
    expect(await refused({ moving: ['m:latest'] })).toEqual([503, 'MODEL_IS_MOVING', '5']);
    expect(await refused({ dialects: ['openai'] })).toEqual([400, 'MODEL_SPEAKS_OTHER_DIALECT', undefined]);
    expect(await refused({})).toEqual([502, 'HOST_UNREACHABLE', undefined]);
  });

  it('uses a model that a person listed, and says so', async () => {
    await using server = await startUpstream((_, response) => answerJson(response, { done: true }));
    const nodes = [
      node('asleep', 'http://127.0.0.1:9', { serving: false, installed: [model('big:latest')] }),
      node('one', server.url, { installed: [model('small:latest')] }),
    ];
    await using gateway = await startGateway(gatewayTable(nodes, { fallbacks: { 'big:latest': ['small'] } }));
    const answer = await gateway.ask('/api/chat', { body: '{"model":"big","stream":false,"x":1}' });
    expect([answer.status, answer.headers['x-pilotlight-fallback']]).toEqual([200, 'small:latest']);
    expect(server.asked[0]?.body).toBe('{"model":"small:latest","stream":false,"x":1}');
    await gateway.until(() => gateway.finished().length === 1);
    expect(gateway.finished()[0]).toMatchObject({
      model: 'big',
      fallback: 'small:latest',
      outcome: 'completed',
    });
  });
});

it('asks no node twice, not even for another model', async () => {
  await using bad = await startUpstream((_, response) => response.destroy());
  await using good = await startUpstream((_, response) => answerJson(response, { done: true }));
  const nodes = [
    node('bad', bad.url, { installed: [model('big:latest'), model('small:latest')] }),
    node('good', good.url, { installed: [model('small:latest')] }),
  ];
  await using gateway = await startGateway(gatewayTable(nodes, { fallbacks: { 'big:latest': ['small'] } }));
  const answer = await gateway.ask('/api/chat', { body: { model: 'big', stream: false } });
  expect([answer.status, answer.headers['x-pilotlight-node']]).toEqual([200, 'good']);
  expect(bad.asked).toHaveLength(1);
});

describe('a node that fails', () => {
  async function beside(answer: (response: ServerResponse) => void) {
    const clock = createFakeClock();
    const bad = await startUpstream((_, response) => answer(response));
    const good = await startUpstream((_, response) => answerJson(response, { done: true }));
    const gateway = await startGateway(gatewayTable([node('bad', bad.url), node('good', good.url)]), {
      clock,
    });
    return {
      clock,
      bad,
      good,
      gateway,
      ask: () => gateway.ask('/api/generate', { body: { model: 'm', stream: false } }),
      async [Symbol.asyncDispose]() {
        await gateway[Symbol.asyncDispose]();
        await bad[Symbol.asyncDispose]();
        await good[Symbol.asyncDispose]();
      },
    };
  }

  it('quickly beside a healthy one gets at most 5 % of 1,000 requests', async () => {
    await using all = await beside((response) => answerJson(response, { error: 'x' }, 500));
    for (let count = 0; count < 1000; count += 1) {
      await all.ask();
      await all.clock.advance(50);
    }
    expect(all.bad.asked.length).toBeLessThanOrEqual(50);
    expect(all.good.asked.length).toBe(1000 - all.bad.asked.length);
  }, 60_000);

  it('with 503 is left for another one, and asked once', async () => {
    await using all = await beside((response) => answerJson(response, { error: 'busy' }, 503));
    const answer = await all.ask();
    expect([answer.status, answer.headers['x-pilotlight-node']]).toEqual([200, 'good']);
    expect(all.bad.asked).toHaveLength(1);
  });

  it('without an answer is left for another one', async () => {
    await using all = await beside((response) => response.destroy());
    expect((await all.ask()).headers['x-pilotlight-node']).toBe('good');
  });

  it.each([400, 404, 408, 500])('with %i is not', async (status) => {
    await using all = await beside((response) => answerJson(response, { error: 'x' }, status));
    expect((await all.ask()).status).toBe(status);
    expect(all.good.asked).toEqual([]);
  });

  it('after its first byte is not', async () => {
    await using all = await beside((response) => {
      answerLines(response, { done: false });
      setImmediate(() => response.destroy());
    });
    expect((await all.ask()).text).toContain('"error"');
    expect(all.good.asked).toEqual([]);
  });

  it('is tried again by one request after a while', async () => {
    let works = false;
    await using all = await beside((response) =>
      works ? answerJson(response, { done: true }) : response.destroy(),
    );
    for (let count = 0; count < 3; count += 1) await all.ask();
    expect(all.bad.asked).toHaveLength(3);
    await all.ask();
    expect(all.bad.asked).toHaveLength(3);
    await all.clock.advance(250);
    expect(all.gateway.gateway.resume().traffic).toEqual([{ nodeId: 'bad', breaker: 'open', inFlight: {} }]);
    works = true;
    await all.clock.advance(5000);
    expect((await all.ask()).headers['x-pilotlight-node']).toBe('bad');
    expect(all.gateway.gateway.resume().traffic).toEqual([]);
  });

  it('is used again as soon as the core says that it came up', async () => {
    let works = false;
    await using all = await inFrontOf((response) =>
      works ? answerJson(response, { done: true }) : response.destroy(),
    );
    const ask = async () =>
      (await all.gateway.ask('/api/chat', { body: { model: 'm', stream: false } })).status;
    expect([await ask(), await ask(), await ask(), await ask()]).toEqual([502, 502, 502, 503]);
    works = true;
    const [node] = all.table.nodes;
    for (const [version, serving] of [
      [2, false],
      [3, true],
    ] as const) {
      all.gateway.gateway.setTable({ ...all.table, version, nodes: [{ ...(node as TableNode), serving }] });
    }
    expect(await ask()).toBe(200);
  });

  it('keeps being asked with server errors if it is the only one', async () => {
    await using all = await inFrontOf((response) => answerJson(response, { error: 'x' }, 500));
    for (let count = 0; count < 10; count += 1) {
      expect((await all.gateway.ask('/api/chat', { body: { model: 'm' } })).status).toBe(500);
    }
  });
});
