import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import {
  answerJson,
  answerLines,
  node,
  readAnswer,
  startGateway,
  startUpstream,
} from '../../fakes/data-plane.ts';
import { gatewayTable } from '../../fakes/gateway-table.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a client that goes away', () => {
  it.each([
    ['/api/generate', { model: 'm' }],
    ['/api/chat', { model: 'm', stream: false }],
    ['/api/embed', { model: 'm', input: ['a'] }],
    ['/api/embeddings', { model: 'm', prompt: 'a' }],
    ['/api/show', { model: 'm' }],
    ['/v1/chat/completions', { model: 'm' }],
    ['/v1/completions', { model: 'm' }],
    ['/v1/embeddings', { model: 'm' }],
    ['/v1/responses', { model: 'm' }],
    ['/v1/messages', { model: 'm' }],
    ['/v1/rerank', { model: 'm' }],
    ['/n/one/api/pull', { model: 'm' }],
  ])('ends %s at the node before the answer', async (path, body) => {
    await using server = await startUpstream(() => {});
    await using gateway = await startGateway(gatewayTable([node('one', server.url)]));
    const request = gateway.send(path, { body });
    while (server.asked.length === 0) await turn();
    expect(gateway.gateway.inFlight).toBe(1);
    request.destroy();
    await server.untilClosed(1);
    await gateway.until(() => gateway.finished().length === 1);
    expect(gateway.finished()[0]).toMatchObject({ outcome: 'cancelled', status: null });
    expect(gateway.gateway.inFlight).toBe(0);
  });

  it('ends it in the middle of a stream', async () => {
    await using server = await startUpstream((_, response) => answerLines(response, { done: false }));
    await using gateway = await startGateway(gatewayTable([node('one', server.url)]));
    const request = gateway.send('/api/generate', { body: { model: 'm' } });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    await once(response, 'data');
    request.destroy();
    await server.untilClosed(1);
    await gateway.until(() => gateway.finished().length === 1);
    expect(gateway.finished()[0]).toMatchObject({ outcome: 'cancelled', status: 200 });
  });

  it('ends it while it still sends its body', async () => {
    await using server = await startUpstream(() => {}, { early: true });
    await using gateway = await startGateway(gatewayTable([node('one', server.url)]));
    const request = gateway.send('/n/one/api/blobs/sha256:1', {
      headers: { 'transfer-encoding': 'chunked' },
    });
    const open = gateway.send('/n/one/api/blobs/sha256:1', {
      headers: { 'content-length': '1000' },
      body: 'x',
    });
    while (gateway.gateway.inFlight < 2) await turn();
    request.destroy();
    open.destroy();
    await server.untilClosed(2);
    await gateway.until(() => gateway.finished().length === 2);
    expect(gateway.finished().map(({ outcome }) => outcome)).toEqual(['cancelled', 'cancelled']);
  });

  it('gives back the memory of a body that did not come whole', async () => {
    await using server = await startUpstream((_, response) => answerJson(response, { done: true }));
    await using gateway = await startGateway(
      gatewayTable([node('one', server.url)], { bodyBudgetBytes: 100_000 }),
    );
    const half = JSON.stringify({ model: 'm', prompt: 'x'.repeat(60_000) }).slice(0, 50_000);
    for (let count = 0; count < 5; count += 1) {
      const request = gateway.send('/api/generate', { body: half, headers: { 'content-length': '90000' } });
      await once(request, 'finish');
      request.destroy();
      await gateway.until(() => gateway.finished().length === count + 1);
    }
    const body = JSON.stringify({ model: 'm', prompt: 'x'.repeat(90_000) });
    expect((await gateway.ask('/api/generate', { body })).status).toBe(200);
  });
});

it('reads a node no faster than its client reads', async () => {
  const piece = `${JSON.stringify({ response: 'x'.repeat(60_000), done: false })}\n`;
  let written = 0;
  await using server = await startUpstream((_, response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    const more = () => {
      while (written < 500e6 && !response.destroyed) {
        written += piece.length;
        if (!response.write(piece)) {
          response.once('drain', more);
          return;
        }
      }
    };
    more();
  });
  await using gateway = await startGateway(gatewayTable([node('one', server.url)]));
  const request = gateway.send('/api/generate', { body: { model: 'm' } });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.pause();
  // Until it stands still: the buffers of all sockets on the way are full.
  for (let before = -1; before !== written; ) {
    before = written;
    for (let turns = 0; turns < 200; turns += 1) await turn();
  }
  expect(written).toBeLessThan(50e6);
  const stopped = written;
  for (let read = 0; read < 2 * stopped; ) {
    const chunk = response.read() as Buffer | null;
    if (chunk === null) await once(response, 'readable');
    else read += chunk.length;
  }
  expect(written).toBeGreaterThan(stopped);
  request.destroy();
  await server.untilClosed(1);
});

it('a stream goes on when its node is renamed, has another address, or goes', async () => {
  const steps = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using server = await startUpstream(async (_, response) => {
    for (const { promise } of steps) {
      answerLines(response, { done: false });
      await promise;
    }
    answerLines(response, { done: true });
    response.end();
  });
  await using gateway = await startGateway(gatewayTable([node('one', server.url)]));
  const request = gateway.send('/api/generate', { body: { model: 'm' } });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const answer = readAnswer(response);
  gateway.gateway.setTable({
    ...gatewayTable([node('one', 'http://127.0.0.1:9', { name: 'two' })]),
    version: 2,
  });
  steps[0]?.resolve();
  await once(response, 'data');
  gateway.gateway.setTable({ ...gatewayTable([]), version: 3 });
  steps[1]?.resolve();
  const { text, whole } = await answer;
  expect([text.trim().split('\n').length, whole]).toEqual([3, true]);
  await gateway.until(() => gateway.finished().length === 1);
  expect(gateway.finished()[0]).toMatchObject({ outcome: 'completed', nodeId: 'one' });
});

it('ignores a table that is older than its own', async () => {
  await using gateway = await startGateway({
    ...gatewayTable([node('new', 'http://127.0.0.1:9')]),
    version: 5,
  });
  expect(gateway.gateway.setTable({ ...gatewayTable([]), version: 4 })).toBe(5);
  expect((await gateway.ask('/api/tags', { method: 'GET' })).text).toContain('m:latest');
  expect(gateway.gateway.resume()).toMatchObject({
    version: 5,
    listening: { host: '127.0.0.1', port: gateway.port },
  });
});

it('refuses everything until the first table has come', async () => {
  await using gateway = await startGateway(null);
  const answer = await gateway.ask('/api/tags', { method: 'GET' });
  expect([answer.status, answer.headers['x-pilotlight-error']]).toEqual([503, 'GATEWAY_NOT_READY']);
});

it('listens at another address of the same port, and stays where it was if that is taken', async () => {
  await using gateway = await startGateway(gatewayTable([]));
  await using other = await startUpstream((_, response) => response.end());
  const { port } = gateway;
  const at = async (host: string) => (await fetch(`http://${host}:${port}/`)).status;
  expect(await gateway.gateway.listen({ host: '127.0.0.2', port })).toEqual({ port });
  expect(await at('127.0.0.2')).toBe(200);
  await expect(at('127.0.0.1')).rejects.toThrow();
  await expect(gateway.gateway.listen({ host: '127.0.0.1', port: other.port })).rejects.toMatchObject({
    code: 'PORT_IN_USE',
  });
  expect(await at('127.0.0.2')).toBe(200);
});

it('ends what is in flight after it stopped listening', async () => {
  const held = Promise.withResolvers<void>();
  await using server = await startUpstream(async (_, response) => {
    await held.promise;
    answerJson(response, { done: true });
  });
  await using gateway = await startGateway(gatewayTable([node('one', server.url)]));
  const answer = gateway.ask('/api/generate', { body: { model: 'm', stream: false } });
  while (server.asked.length === 0) await turn();
  await gateway.gateway.close();
  await expect(fetch(`${gateway.url}/`)).rejects.toThrow();
  held.resolve();
  expect((await answer).status).toBe(200);
});
