/** Limits of a machine hold for all that is sent there: retries, parts of batches, files. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import type { GatewayTable, TableNode } from '../../../electron/core/gateway/model.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import {
  answerJson,
  model,
  node,
  readAnswer,
  startGateway,
  startUpstream,
  type TestGateway,
} from '../../fakes/data-plane.ts';
import { gatewayTable } from '../../fakes/gateway-table.ts';

const tableWith = (nodes: readonly TableNode[], version = 1): GatewayTable => ({
  ...gatewayTable(nodes),
  version,
  holding: { rules: [], mayWake: [], queueLimit: 1000, maxWaitMs: 60_000, contextRules: [] },
});

const turn = () => new Promise((resolve) => setImmediate(resolve));
/** Long enough for what was sent to arrive. */
async function settle(): Promise<void> {
  for (let count = 0; count < 200; count += 1) await turn();
}

/** A server that answers when the test says so, and counts what it has at once. */
async function startGated(answer: (response: ServerResponse, body: string) => void = answerDone) {
  const open: (() => void)[] = [];
  let running = 0;
  let most = 0;
  const server = await startUpstream((_, response, body) => {
    running += 1;
    most = Math.max(most, running);
    response.once('close', () => {
      running -= 1;
    });
    open.push(() => answer(response, body));
  });
  return {
    ...server,
    asked: server.asked,
    most: () => most,
    async until(count: number) {
      while (server.asked.length < count) await turn();
    },
    /** Answers the oldest. */
    async next() {
      while (open.length === 0) await turn();
      open.shift()?.();
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function answerDone(response: ServerResponse): void {
  answerJson(response, { done: true });
}

const embed = (response: ServerResponse, body: string) => {
  const { input } = JSON.parse(body) as { input: string[] };
  answerJson(response, { model: 'm', embeddings: input.map(() => [0.5]) });
};

function ask(gateway: TestGateway, path: string, body: object) {
  const request = gateway.send(path, { body });
  const answer = once(request, 'response').then(([response]) => readAnswer(response as IncomingMessage));
  answer.catch(() => {});
  return { request, answer };
}

const generate = (gateway: TestGateway) =>
  ask(gateway, '/api/generate', { model: 'm', prompt: 'x', stream: false });
const texts = (count: number) => Array.from({ length: count }, (_, index) => `text ${index}`);

it('a retry waits for its turn at a machine that is full', async () => {
  await using broken = await startUpstream((_, response) => response.destroy());
  await using full = await startGated();
  const nodes = (slots: number | null) => [
    node('broken', broken.url),
    node('full', full.url, { slots, hasGpu: false }),
  ];
  await using gateway = await startGateway(tableWith([nodes(1)[1] as TableNode]));
  const first = generate(gateway);
  await full.until(1);
  gateway.gateway.setTable(tableWith(nodes(1), 2));
  const second = generate(gateway);
  while (gateway.gateway.inFlight < 2 || broken.asked.length < 1) await turn();
  await settle();
  expect(full.asked).toHaveLength(1);
  await full.next();
  await full.next();
  expect((await first.answer).status).toBe(200);
  const { status, headers } = await second.answer;
  expect([status, headers['x-pilotlight-node'], headers['x-pilotlight-queue-position']]).toEqual([
    200,
    'full',
    '1',
  ]);
  expect(full.most()).toBe(1);
  await gateway.until(() => gateway.finished().length === 2);
  const done = gateway.finished().find(({ retries }) => retries === 1);
  expect(done?.steps.map(({ kind, nodeId }) => [kind, nodeId])).toEqual([
    ['sent', 'broken'],
    ['tried', 'broken'],
    ['queued', null],
    ['sent', 'full'],
  ]);
  expect(done?.heldMs).toBeGreaterThan(0);
});

it('a batch is not sent to machines that are full, and not past those that wait', async () => {
  await using one = await startGated(embed);
  await using two = await startGated(embed);
  await using gateway = await startGateway(
    tableWith([node('one', one.url, { slots: 1 }), node('two', two.url, { slots: 1 })]),
  );
  const batch = () => ask(gateway, '/api/embed', { model: 'm', input: texts(64) });
  const first = batch();
  await Promise.all([one.until(1), two.until(1)]);
  const second = batch();
  while (gateway.gateway.inFlight < 3) await turn();
  const third = batch();
  while (gateway.gateway.inFlight < 4) await turn();
  await settle();
  expect([one.asked.length, two.asked.length]).toEqual([1, 1]);
  const answers = [first.answer, second.answer, third.answer];
  const all = Promise.all(answers);
  let done = false;
  void all.finally(() => {
    done = true;
  });
  while (!done) {
    for (const server of [one, two]) if (server.asked.length > 0) await Promise.race([server.next(), turn()]);
    await turn();
  }
  for (const { status, text } of await all) {
    expect(status).toBe(200);
    expect((JSON.parse(text) as { embeddings: unknown[] }).embeddings).toHaveLength(64);
  }
  expect([one.most(), two.most()]).toEqual([1, 1]);
});

it('a part of a batch that fails waits for its turn at the other machine', async () => {
  await using broken = await startUpstream((_, response) => response.destroy());
  await using two = await startGated(embed);
  await using gateway = await startGateway(
    tableWith([node('broken', broken.url), node('two', two.url, { slots: 1 })]),
  );
  const { answer } = ask(gateway, '/api/embed', { model: 'm', input: texts(64) });
  await two.until(1);
  await settle();
  expect(two.asked).toHaveLength(1);
  await two.next();
  await two.until(2);
  await two.next();
  const { status, text } = await answer;
  expect(status).toBe(200);
  expect((JSON.parse(text) as { embeddings: unknown[] }).embeddings).toHaveLength(64);
  expect(two.most()).toBe(1);
  await gateway.until(() => gateway.finished().length === 1);
  expect(gateway.finished()[0]?.steps.map(({ kind }) => kind)).toContain('queued');
});

it('a part that waits is left when its client goes away', async () => {
  await using broken = await startUpstream((_, response) => response.destroy());
  await using two = await startGated(embed);
  await using gateway = await startGateway(
    tableWith([node('broken', broken.url), node('two', two.url, { slots: 1 })]),
  );
  const { request } = ask(gateway, '/api/embed', { model: 'm', input: texts(64) });
  await two.until(1);
  while (broken.asked.length < 1) await turn();
  await settle();
  request.destroy();
  await gateway.until(() => gateway.finished().length === 1);
  expect(gateway.finished()[0]?.outcome).toBe('cancelled');
  await two.untilClosed(1);
  while (gateway.gateway.inFlight > 0) await turn();
  expect(two.asked).toHaveLength(1);
});

it('a file waits for its turn before the rest of it is read', async () => {
  await using server = await startGated();
  const whisper = node('one', server.url, { slots: 1, installed: [model(), model('whisper:latest')] });
  await using gateway = await startGateway(tableWith([whisper]));
  const first = generate(gateway);
  await server.until(1);
  const form =
    '--x\r\ncontent-disposition: form-data; name="model"\r\n\r\nwhisper\r\n--x\r\ncontent-disposition: form-data; name="file"\r\n\r\nabc\r\n--x--\r\n';
  const request = gateway.send('/v1/audio/transcriptions', {
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
    body: form,
  });
  const answer = once(request, 'response').then(([response]) => readAnswer(response as IncomingMessage));
  while (gateway.gateway.inFlight < 2) await turn();
  await settle();
  expect(server.asked).toHaveLength(1);
  await server.next();
  await server.until(2);
  await server.next();
  expect((await answer).status).toBe(200);
  expect(server.asked[1]?.body).toBe(form);
  expect(server.most()).toBe(1);
  await first.answer;
});

it('what was learned of a machine is forgotten when its server is started again', async () => {
  let busy = true;
  await using server = await startUpstream((request, response) => {
    if (request.url === '/api/generate' && busy) answerJson(response, { error: 'server busy' }, 503);
    else answerJson(response, { done: true });
  });
  const clock = createFakeClock();
  const learned = (gateway: TestGateway) =>
    gateway.events
      .flatMap((event) => (event.kind === 'traffic' ? event.nodes : []))
      .findLast(({ nodeId }) => nodeId === 'one')?.learnedSlots ?? null;
  const table = (serverVersion: string, version: number) =>
    tableWith([node('one', server.url, { serverVersion })], version);

  await using gateway = await startGateway(table('0.33.0', 1), { clock });
  const learn = async () => {
    busy = true;
    await generate(gateway).answer;
    await clock.advance(250);
    expect(learned(gateway)).toBe(1);
    busy = false;
  };
  await learn();
  gateway.gateway.setTable(table('0.33.0', 2));
  await clock.advance(250);
  expect(learned(gateway)).toBe(1);
  gateway.gateway.setTable(table('0.34.0', 3));
  await clock.advance(250);
  expect(learned(gateway)).toBeNull();

  await learn();
  await clock.advance(11 * 60_000);
  await generate(gateway).answer;
  await clock.advance(250);
  expect(learned(gateway)).toBeNull();
});

it('what waits for other machines, or has a lower priority, makes no wait longer', async () => {
  await using one = await startGated();
  await using two = await startGated();
  const slow = model('slow:latest');
  const clock = createFakeClock();
  const table = {
    ...tableWith([node('one', one.url, { slots: 1 }), node('two', two.url, { slots: 1, installed: [slow] })]),
    holding: {
      rules: [{ model: 'slow', credentialId: null, wake: 'never', cpuAfterMs: 0, priority: 'index' }],
      mayWake: [],
      queueLimit: 1000,
      maxWaitMs: 60_000,
      contextRules: [],
    },
  } satisfies GatewayTable;
  await using gateway = await startGateway(table, { clock });
  const warm = generate(gateway);
  await one.until(1);
  await clock.advance(2000);
  await one.next();
  await warm.answer;
  const all = [generate(gateway)];
  await one.until(2);
  for (let count = 0; count < 20; count += 1)
    all.push(ask(gateway, '/api/generate', { model: 'slow', prompt: 'x' }));
  while (gateway.gateway.inFlight < 21) await turn();
  all.push(generate(gateway));
  while (gateway.gateway.inFlight < 22) await turn();
  await one.next();
  await one.next();
  const { headers } = (await all.at(-1)?.answer) ?? { headers: {} as Record<string, string> };
  expect(headers['x-pilotlight-queue-position']).toBe('1');
  // With the twenty others it would be forty.
  expect(headers['x-pilotlight-expected-wait']).toBe('2');
  for (const { request } of all) request.destroy();
});

it('a model that was just made on a machine is asked for there, before any list shows it', async () => {
  await using server = await startUpstream((request, response, body) => {
    if (request.url === '/api/pull') return answerJson(response, { status: 'success' });
    const { model: name } = JSON.parse(body) as { model: string };
    if (name === 'new') answerJson(response, { done: true });
    else answerJson(response, { error: `model '${name}' not found` }, 404);
  });
  await using other = await startUpstream((_, response) => answerJson(response, { done: true }));
  const clock = createFakeClock();
  await using gateway = await startGateway(tableWith([node('other', other.url), node('one', server.url)]), {
    clock,
  });
  const chat = (name: string) => gateway.ask('/api/chat', { body: { model: name, stream: false } });
  expect((await chat('new')).status).toBe(404);
  expect(server.asked).toEqual([]);
  expect((await gateway.ask('/n/one/api/pull', { body: { model: 'new' } })).status).toBe(200);
  const { status, headers } = await chat('new');
  expect([status, headers['x-pilotlight-node'], headers['x-pilotlight-route']]).toEqual([
    200,
    'one',
    'ROUTE_JUST_CHANGED',
  ]);
  expect((await chat('never-made')).status).toBe(404);
  expect((await gateway.ask('/api/show', { body: { model: 'new' } })).status).toBe(200);
  const before = server.asked.length;
  await clock.advance(2100);
  expect((await chat('new')).status).toBe(404);
  expect([server.asked.length, other.asked.length]).toEqual([before, 0]);
});
