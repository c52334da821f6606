import { expect, it } from 'vitest';
import { answerJson, answerLines, model, node, startGateway, startUpstream } from '../../fakes/data-plane.ts';
import { gatewayTable } from '../../fakes/gateway-table.ts';
import { createHurriedClock, serveOllama } from '../simulator/support.ts';

it('passes chat, embed and show through to a real server’s interface', async () => {
  await using server = await serveOllama({ clock: createHurriedClock() });
  const models = ['llama3.2:3b', 'all-minilm:latest'].map((name) => model(name));
  await using gateway = await startGateway(gatewayTable([node('one', server.url, { installed: models })]));
  const body = {
    model: 'llama3.2:3b',
    messages: [{ role: 'user', content: 'hi' }],
    options: { num_predict: 3 },
  };
  const chat = await gateway.ask('/api/chat', { body });
  expect(chat.status).toBe(200);
  expect(chat.headers['content-type']).toBe('application/x-ndjson');
  expect(chat.headers['x-pilotlight-node']).toBe('one');
  expect(chat.headers['x-pilotlight-route']).toBe('ROUTE_ONLY_NODE');
  expect(chat.text.trim().split('\n').at(-1)).toContain('"done":true');
  const embed = await gateway.ask('/api/embed', { body: { model: 'all-minilm', input: ['a', 'b'] } });
  expect((embed.json() as { embeddings: number[][] }).embeddings).toHaveLength(2);
  const show = await gateway.ask('/api/show', { body: { name: 'all-minilm' } });
  expect(show.status).toBe(200);
  await gateway.until(() => gateway.finished().length === 3);
  expect(gateway.finished()[0]).toMatchObject({
    dialect: 'ollama',
    path: '/api/chat',
    model: 'llama3.2:3b',
    nodeId: 'one',
    outcome: 'completed',
    status: 200,
    code: null,
    outputTokens: 3,
  });
});

it('sends a stream on as it comes', async () => {
  const steps = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const [first, second] = steps.map(({ promise }) => promise);
  await using server = await startUpstream(async (_, response) => {
    answerLines(response, { response: 'a', done: false });
    await first;
    answerLines(response, { response: 'b', done: false });
    await second;
    answerLines(response, { done: true });
    response.end();
  });
  await using gateway = await startGateway(gatewayTable([node('one', server.url)]));
  const request = gateway.send('/api/generate', { body: { model: 'm', prompt: 'x' } });
  const response = await new Promise<import('node:http').IncomingMessage>((resolve) =>
    request.once('response', resolve),
  );
  const chunks: string[] = [];
  for await (const chunk of response) {
    chunks.push(String(chunk));
    steps.shift()?.resolve();
  }
  expect(chunks.map((chunk) => JSON.parse(chunk).done)).toEqual([false, false, true]);
  expect(response.headers['x-accel-buffering']).toBe('no');
});

it('sends a request that met a dead node to another one, once', async () => {
  await using dead = await startUpstream(() => {});
  await using alive = await startUpstream((_, response) => answerJson(response, { done: true }));
  await dead.kill();
  await using gateway = await startGateway(gatewayTable([node('dead', dead.url), node('alive', alive.url)]));
  const answer = await gateway.ask('/api/generate', { body: { model: 'm', prompt: 'x', stream: false } });
  expect(answer.status).toBe(200);
  expect(answer.headers['x-pilotlight-node']).toBe('alive');
  expect(alive.asked).toHaveLength(1);
  await gateway.until(() => gateway.finished().length === 1);
  expect(gateway.finished()[0]).toMatchObject({ outcome: 'completed', retries: 1, nodeId: 'alive' });
});
