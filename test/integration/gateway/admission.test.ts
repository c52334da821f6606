/** Requests for a node that takes only so many at once: their order, their limits, and what the gateway learns. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import type { GatewayTable, TableHolding, TableNode } from '../../../electron/core/gateway/model.ts';
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

const tableWith = (
  nodes: readonly TableNode[],
  own: Partial<TableHolding> = {},
  version = 1,
): GatewayTable => ({
  ...gatewayTable(nodes),
  version,
  holding: {
    rules: [],
    mayWake: [],
    queueLimit: 1000,
    maxWaitMs: 60_000,
    contextRules: [],
    ...own,
  },
});

function ask(gateway: TestGateway, name: string, headers: Record<string, string> = {}) {
  const body = { model: name, prompt: 'x', stream: false };
  const request = gateway.send('/api/generate', { body, headers });
  const answer = once(request, 'response').then(([response]) => readAnswer(response as IncomingMessage));
  answer.catch(() => {});
  return { request, answer };
}

/** Each a model of ten gigabytes: one of them fills the card. */
const large = ['a', 'b', 'c'].map((name) => model(`${name}:latest`, { sizeBytes: 10e9 }));
const small = (url: string, slots: number) =>
  node('one', url, { installed: large, slots, vram: { totalBytes: 12e9, usedBytes: 0 } });

const nameIn = (body: string) => (JSON.parse(body) as { model: string }).model;

it('collates interleaved requests by model', async () => {
  const order: string[] = [];
  const all = Promise.withResolvers<void>();
  await using server = await startUpstream(async (_, response, body) => {
    order.push(nameIn(body));
    await all.promise;
    answerJson(response, { done: true });
  });
  await using gateway = await startGateway(tableWith([small(server.url, 1)]));
  const answers = Array.from({ length: 100 }, () => ['a', 'b', 'c'])
    .flat()
    .map((name) => ask(gateway, name).answer);
  while (gateway.gateway.inFlight < 300) await new Promise((resolve) => setImmediate(resolve));
  all.resolve();
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([200]));
  const loads = order.filter((name, index) => name !== order[index - 1]);
  expect(loads.length).toBeLessThanOrEqual(5);
  expect(order).toHaveLength(300);
});

it('lets an interactive request pass those of lower priority', async () => {
  const order: string[] = [];
  const gates: ServerResponse[] = [];
  await using server = await startUpstream((_, response, body) => {
    order.push((JSON.parse(body) as { prompt: string }).prompt);
    gates.push(response);
  });
  const rules = [{ model: null, credentialId: null, wake: 'never', cpuAfterMs: 0, priority: null }] as const;
  await using gateway = await startGateway(
    tableWith([node('one', server.url, { slots: 1 })], {
      rules: [...rules, { ...rules[0], model: 'slow', priority: 'index' }],
    }),
  );
  gateway.gateway.setTable(
    tableWith(
      [node('one', server.url, { slots: 1, installed: [model(), model('slow:latest')] })],
      { rules: [...rules, { ...rules[0], model: 'slow', priority: 'index' }] },
      2,
    ),
  );
  const send = (name: string, prompt: string) => {
    const request = gateway.send('/api/generate', { body: { model: name, prompt, stream: false } });
    return once(request, 'response');
  };
  const answers: Promise<unknown>[] = [];
  const waiting = async (count: number) => {
    while (gateway.gateway.inFlight < count) await new Promise((resolve) => setImmediate(resolve));
  };
  for (const [index, [name, prompt]] of [
    ['slow', 'first'],
    ['slow', 'second'],
    ['m', 'person'],
  ].entries()) {
    answers.push(send(name as string, prompt as string));
    await waiting(index + 1);
  }
  for (let done = 0; done < 3; done += 1) {
    while (gates.length <= done) await new Promise((resolve) => setImmediate(resolve));
    answerJson(gates[done] as ServerResponse, { done: true });
  }
  await Promise.all(answers);
  expect(order).toEqual(['first', 'person', 'second']);
});

it('refuses beyond the bound and after the longest wait, and says when to come again', async () => {
  const clock = createFakeClock();
  await using server = await startUpstream(() => {});
  await using gateway = await startGateway(
    tableWith([node('one', server.url, { slots: 1 })], { queueLimit: 1, maxWaitMs: 10_000 }),
    { clock },
  );
  const waiting = async (count: number) => {
    while (gateway.gateway.inFlight < count) await new Promise((resolve) => setImmediate(resolve));
  };
  const running = ask(gateway, 'm');
  await waiting(1);
  const second = ask(gateway, 'm');
  await waiting(2);
  const full = await ask(gateway, 'm').answer;
  expect([
    full.status,
    full.headers['x-pilotlight-error'],
    full.headers['x-pilotlight-queue-position'],
  ]).toEqual([503, 'QUEUE_FULL', '2']);
  expect(Number(full.headers['retry-after'])).toBeGreaterThan(0);
  await clock.advance(10_000);
  const over = await second.answer;
  expect([over.status, over.headers['x-pilotlight-error']]).toEqual([503, 'QUEUE_WAIT_OVER']);
  expect(Number(over.headers['retry-after'])).toBeGreaterThan(0);
  running.request.destroy();
  await server.untilClosed(1);
});

it('gives the place of a client that has gone to the next one', async () => {
  const gates: ServerResponse[] = [];
  await using server = await startUpstream((_, response) => gates.push(response));
  await using gateway = await startGateway(tableWith([node('one', server.url, { slots: 1 })]));
  const waiting = async (count: number) => {
    while (gateway.gateway.inFlight < count) await new Promise((resolve) => setImmediate(resolve));
  };
  const requests = [];
  for (let count = 1; count <= 3; count += 1) {
    requests.push(ask(gateway, 'm'));
    await waiting(count);
  }
  requests[1]?.request.destroy();
  await gateway.until(() => gateway.finished().some(({ outcome }) => outcome === 'cancelled'));
  while (gates.length < 1) await new Promise((resolve) => setImmediate(resolve));
  answerJson(gates[0] as ServerResponse, { done: true });
  while (gates.length < 2) await new Promise((resolve) => setImmediate(resolve));
  answerJson(gates[1] as ServerResponse, { done: true });
  expect((await requests[2]?.answer)?.status).toBe(200);
  expect(server.asked).toHaveLength(2);
});

it('learns that a server is busy, and lets the request wait instead of refusing it', async () => {
  let running = 0;
  const gates: ServerResponse[] = [];
  await using server = await startUpstream((_, response) => {
    if (running >= 2) return answerJson(response, { error: 'server busy, please try again.' }, 503);
    running += 1;
    gates.push(response);
  });
  const finish = (response: ServerResponse | undefined) => {
    running -= 1;
    answerJson(response as ServerResponse, { done: true });
  };
  await using gateway = await startGateway(tableWith([node('one', server.url)]));
  const requests = [ask(gateway, 'm'), ask(gateway, 'm')];
  while (gates.length < 2) await new Promise((resolve) => setImmediate(resolve));
  requests.push(ask(gateway, 'm'));
  const limits = () =>
    gateway.events.flatMap((event) =>
      event.kind === 'traffic' ? event.nodes.map(({ learnedSlots }) => learnedSlots ?? null) : [],
    );
  await gateway.until(() => limits().at(-1) === 2);
  finish(gates[0]);
  while (gates.length < 3) await new Promise((resolve) => setImmediate(resolve));
  finish(gates[1]);
  finish(gates[2]);
  const answers = await Promise.all(requests.map(({ answer }) => answer));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
});

it('changes the context as its rule says, and nothing else of the request', async () => {
  const bodies: string[] = [];
  await using server = await startUpstream((_, response, body) => {
    bodies.push(body);
    answerJson(response, { done: true });
  });
  const loaded = [
    {
      name: 'm:latest',
      digest: 'd-m:latest',
      sizeBytes: 1e6,
      vramBytes: 1e6,
      expiresAt: null,
      contextLength: 8192,
      gpuShare: 1,
    },
  ];
  await using gateway = await startGateway(
    tableWith([node('one', server.url, { loaded })], { contextRules: [{ model: 'm', rule: 'clamp' }] }),
  );
  const send = (body: string) =>
    gateway.ask('/api/generate', { body, headers: { 'content-type': 'application/json' } });
  const asked = '{ "model" : "m", "prompt":"x","options":{"num_ctx": 3900 ,"seed":1.0},"stream":false}';
  const answer = await send(asked);
  expect(answer.headers['x-pilotlight-context']).toBe('8192');
  await send('{"model":"m","stream":false}');
  await send('{"model":"m","options":{"num_ctx":8192},"stream":false}');
  expect(bodies).toEqual([
    asked.replace('3900', '8192'),
    '{"options":{"num_ctx":8192},"model":"m","stream":false}',
    '{"model":"m","options":{"num_ctx":8192},"stream":false}',
  ]);
});

it('names the program that makes a model load again and again', async () => {
  let loads = 0;
  let context: number | undefined;
  await using server = await startUpstream((_, response, body) => {
    const asked = (JSON.parse(body) as { options?: { num_ctx?: number } }).options?.num_ctx;
    const isLoad = asked !== context;
    if (isLoad) loads += 1;
    context = asked;
    answerJson(response, {
      done: true,
      total_duration: 3e9,
      load_duration: isLoad ? 2e9 : 1e6,
      eval_duration: 1e9,
    });
  });
  await using gateway = await startGateway(tableWith([node('one', server.url)]));
  const send = (agent: string, options: object) =>
    gateway.ask('/api/generate', {
      body: { model: 'm', prompt: 'x', stream: false, ...options },
      headers: { 'user-agent': agent },
    });
  const notices = () => gateway.events.flatMap((event) => (event.kind === 'noticed' ? [event.notice] : []));
  for (let round = 0; round < 2; round += 1) {
    await send('Home Assistant/2026.11', {});
    await send('Home Assistant/2026.11', {});
    await send('llama-index/0.14', { options: { num_ctx: 3900 } });
  }
  await gateway.until(() => notices().length > 0);
  expect(loads).toBeLessThanOrEqual(4);
  expect(notices()).toEqual([
    {
      kind: 'context-thrash',
      nodeId: 'one',
      model: 'm:latest',
      program: 'llama-index',
      credentialId: null,
      contextLength: 3900,
      otherContextLength: null,
      reloads: 3,
    },
  ]);
});

it.each([
  ['/v1/chat/completions', 'openai-python'],
  ['/v1/messages', 'anthropic-js'],
])('counts calls of %s among those that make a model load again', async (path, agent) => {
  await using server = await startUpstream((request, response) =>
    answerJson(
      response,
      request.url === path
        ? { choices: [], content: [] }
        : { done: true, total_duration: 3e9, load_duration: 2e9 },
    ),
  );
  await using gateway = await startGateway(tableWith([node('one', server.url)]));
  const messages = [{ role: 'user', content: 'x' }];
  const notices = () => gateway.events.flatMap((event) => (event.kind === 'noticed' ? [event.notice] : []));
  const own = () =>
    gateway.ask('/api/chat', {
      body: { model: 'm', messages, stream: false, options: { num_ctx: 8192 } },
      headers: { 'user-agent': 'llama-index/0.14' },
    });
  for (let round = 0; round < 3; round += 1) {
    await own();
    await own();
    await gateway.ask(path, { body: { model: 'm', messages }, headers: { 'user-agent': `${agent}/3` } });
  }
  await gateway.until(() => notices().length > 0);
  expect(notices()[0]).toMatchObject({
    kind: 'context-thrash',
    program: agent,
    contextLength: null,
    otherContextLength: 8192,
  });
});

it('learns from the timings of a server of the OpenAI API', async () => {
  let running = 0;
  const gates: (() => void)[] = [];
  const clock = createFakeClock();
  await using server = await startUpstream((_, response) => {
    running += 1;
    gates.push(() => {
      running -= 1;
      // One at a time, a second each.
      answerJson(response, {
        choices: [],
        timings: { prompt_ms: 100.5, predicted_n: 20, predicted_ms: 900.25 },
      });
    });
  });
  await using gateway = await startGateway(tableWith([node('one', server.url, { dialects: ['openai'] })]), {
    clock,
  });
  const chat = () => {
    const request = gateway.send('/v1/chat/completions', { body: { model: 'm', messages: [] } });
    return once(request, 'response').then(([response]) => readAnswer(response as IncomingMessage));
  };
  const finish = async (answer: Promise<unknown>) => {
    await clock.advance(1000);
    gates.shift()?.();
    await answer;
  };
  const learned = () =>
    gateway.events
      .flatMap((event) => (event.kind === 'traffic' ? event.nodes : []))
      .findLast(({ nodeId }) => nodeId === 'one')?.learnedSlots ?? null;
  const first = chat();
  while (gates.length < 1) await new Promise((resolve) => setImmediate(resolve));
  // It may have loaded its model meanwhile: that is no queue.
  await clock.advance(60_000);
  await finish(first);
  const both = [chat(), chat()];
  while (gates.length < 2) await new Promise((resolve) => setImmediate(resolve));
  await finish(both[0] as Promise<unknown>);
  await finish(both[1] as Promise<unknown>);
  await clock.advance(250);
  expect(learned()).toBe(1);
  expect(running).toBe(0);
  const done = gateway.finished();
  expect(done.at(-1)?.outputMs).toBe(900);
});

it('keeps back a program that retries in a loop, and names it once', async () => {
  await using gateway = await startGateway(
    tableWith([node('one', 'http://127.0.0.1:1', { serving: false })]),
  );
  const codes: unknown[] = [];
  for (let count = 0; count < 30; count += 1) {
    const { headers } = await ask(gateway, 'm', { 'user-agent': 'eager/1.0' }).answer;
    codes.push(headers['x-pilotlight-error']);
  }
  expect(codes.slice(0, 21)).toEqual(Array(21).fill('NODE_ASLEEP'));
  expect(codes.slice(21)).toEqual(Array(9).fill('TOO_MANY_RETRIES'));
  const other = await ask(gateway, 'm', { 'user-agent': 'patient/1.0' }).answer;
  expect(other.headers['x-pilotlight-error']).toBe('NODE_ASLEEP');
  const notices = gateway.events.flatMap((event) => (event.kind === 'noticed' ? [event.notice] : []));
  expect(notices).toEqual([
    { kind: 'retry-loop', model: 'm', program: 'eager', credentialId: null, requests: 21 },
  ]);
});
