import { expect, it } from 'vitest';
import { CATALOGUE } from '../../../electron/simulator/catalogue.ts';
import { model, node, startGateway } from '../../fakes/data-plane.ts';
import { gatewayTable } from '../../fakes/gateway-table.ts';
import { createHurriedClock, serveOllama } from '../simulator/support.ts';

const { name } = CATALOGUE.llama32;

async function startWorld() {
  const other = await serveOllama({
    clock: createHurriedClock(),
    models: [CATALOGUE.llama32, CATALOGUE.allMiniLm],
    openAiOnly: 'vllm',
  });
  const models = [name, CATALOGUE.allMiniLm.name].map((one) => model(one));
  const gateway = await startGateway(
    gatewayTable([
      node('other', other.url, { dialects: ['openai'], saysPlacement: false, installed: models }),
    ]),
  );
  return { other, gateway };
}

it('streams a chat from a server that speaks only the OpenAI dialect', async () => {
  const { other, gateway } = await startWorld();
  await using _ = other;
  await using __ = gateway;
  const body = { model: name, stream: true, max_tokens: 3, messages: [{ role: 'user', content: 'hi' }] };
  const chat = await gateway.ask('/v1/chat/completions', { body });
  expect(chat.status).toBe(200);
  expect(chat.headers['content-type']).toContain('text/event-stream');
  expect(chat.text.trimEnd().endsWith('data: [DONE]')).toBe(true);
  const embedded = await gateway.ask('/v1/embeddings', {
    body: { model: CATALOGUE.allMiniLm.name, input: ['a', 'b'] },
  });
  expect(embedded.json()).toMatchObject({ data: [{ index: 0 }, { index: 1 }] });
  await gateway.until(() => gateway.finished().length === 2);
  expect(gateway.finished().map(({ outcome }) => outcome)).toEqual(['completed', 'completed']);
});

it('lists its models in that dialect only, and says so to clients of another', async () => {
  const { other, gateway } = await startWorld();
  await using _ = other;
  await using __ = gateway;
  expect((await gateway.ask('/api/tags', { method: 'GET' })).json()).toEqual({ models: [] });
  expect((await gateway.ask('/v1/models', { method: 'GET' })).json()).toMatchObject({
    data: [{ id: name }, { id: CATALOGUE.allMiniLm.name }],
  });
  const refused = await gateway.ask('/api/chat', { body: { model: name, messages: [] } });
  expect(refused.status).toBeGreaterThanOrEqual(400);
  await gateway.until(() => gateway.finished().some(({ code }) => code === 'MODEL_SPEAKS_OTHER_DIALECT'));
  expect(other.ollama.requests()).toBe(0);
});
