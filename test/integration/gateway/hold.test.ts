/** Requests that wait for a machine to wake: what their clients see, and what the core is asked. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import type { GatewayTable, TableHolding, TableNode } from '../../../electron/core/gateway/model.ts';
import type { GatewayAsk } from '../../../electron/core/gateway/protocol.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import {
  type Answer,
  answerJson,
  answerLines,
  node,
  readAnswer,
  startGateway,
  startUpstream,
  type TestGateway,
} from '../../fakes/data-plane.ts';
import { gatewayTable } from '../../fakes/gateway-table.ts';

const holding = (own: Partial<TableHolding> = {}): TableHolding => ({
  rules: [],
  mayWake: ['chat', 'generate', 'embed'],
  queueLimit: 1000,
  maxWaitMs: 60_000,
  contextRules: [],
  ...own,
});

const tableWith = (
  nodes: readonly TableNode[],
  own: Partial<TableHolding> = {},
  version = 1,
): GatewayTable => ({ ...gatewayTable(nodes), holding: holding(own), version });

const asleep = (id: string, url: string, own: Partial<TableNode> = {}) =>
  node(id, url, { serving: false, canWake: true, usualWakeMs: 40_000, ...own });

const asks = ({ events }: TestGateway): GatewayAsk[] =>
  events.flatMap((event) => (event.kind === 'ask' ? [event.ask] : []));
const withdrawn = ({ events }: TestGateway): number[] =>
  events.flatMap((event) => (event.kind === 'withdrawn' ? event.askIds : []));

const chat = (own: object = {}) => ({
  body: { model: 'm', messages: [{ role: 'user', content: 'x' }], ...own },
});

async function sendAndWait(gateway: TestGateway, path = '/api/chat', options = chat()) {
  const before = gateway.gateway.inFlight;
  const request = gateway.send(path, options);
  const answer = once(request, 'response').then(([response]) => response as IncomingMessage);
  answer.catch(() => {});
  while (gateway.gateway.inFlight === before) await new Promise((resolve) => setImmediate(resolve));
  return { request, answer, whole: (): Promise<Answer> => answer.then(readAnswer) };
}

async function holdMany(gateway: TestGateway, count: number) {
  const held = Array.from({ length: count }, () => {
    const request = gateway.send('/api/chat', chat());
    const answer = once(request, 'response').then(([response]) => readAnswer(response as IncomingMessage));
    answer.catch(() => {});
    return { request, answer };
  });
  while (gateway.gateway.inFlight < count) await new Promise((resolve) => setImmediate(resolve));
  return held;
}

it('asks once for all requests of a program, and sends them on when the machine serves', async () => {
  await using server = await startUpstream((_, response) => {
    answerLines(response, { message: { content: 'a' }, done: false }, { done: true });
    response.end();
  });
  await using gateway = await startGateway(tableWith([asleep('gpu', server.url)]));
  const held = await holdMany(gateway, 50);
  expect(asks(gateway)).toHaveLength(1);
  expect(asks(gateway)[0]).toMatchObject({ kind: 'wake', model: 'm', nodeIds: ['gpu'], credentialId: null });
  gateway.gateway.setTable(tableWith([asleep('gpu', server.url, { serving: true })], {}, 2));
  await gateway.gateway.answer(1, { outcome: 'ready', nodeId: 'gpu' });
  const answers = await Promise.all(held.map(({ answer }) => answer));
  expect(new Set(answers.map(({ status, whole }) => `${status} ${whole}`))).toEqual(new Set(['200 true']));
  expect(answers[0]?.headers['x-pilotlight-queue-position']).toBe('1');
  expect(answers[0]?.headers['x-pilotlight-expected-wait']).toBe('40');
  expect(server.asked).toHaveLength(50);
  await gateway.until(() => gateway.finished().length === 50);
  expect(gateway.finished().every(({ outcome }) => outcome === 'completed')).toBe(true);
});

it('gives signs of life that keep the answer readable, in each dialect', async () => {
  const clock = createFakeClock();
  await using server = await startUpstream((request, response, body) => {
    if (request.url === '/api/chat' && !body.includes('"stream":false')) {
      answerLines(response, { message: { content: 'a' }, done: false }, { done: true });
      response.end();
    } else if (body.includes('"stream":true')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end('data: {"choices":[]}\n\ndata: [DONE]\n\n');
    } else answerJson(response, { done: true, choices: [] });
  });
  await using gateway = await startGateway(tableWith([asleep('gpu', server.url)]), { clock });
  const lines = await sendAndWait(gateway);
  const events = await sendAndWait(gateway, '/v1/chat/completions', chat({ stream: true }));
  const json = await sendAndWait(gateway, '/api/chat', chat({ stream: false }));
  await clock.advance(14_999);
  await clock.advance(15_001);
  gateway.gateway.setTable(tableWith([asleep('gpu', server.url, { serving: true })], {}, 2));
  const answers = await Promise.all([lines.whole(), events.whole(), json.whole()]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(answers[0]?.headers['content-type']).toBe('application/x-ndjson');
  expect(answers[0]?.text).toBe('  {"message":{"content":"a"},"done":false}\n{"done":true}\n');
  expect(answers[1]?.headers['content-type']).toBe('text/event-stream');
  expect(answers[1]?.text).toBe(': keep-alive\n\n: keep-alive\n\ndata: {"choices":[]}\n\ndata: [DONE]\n\n');
  expect(answers[2]?.json()).toEqual({ done: true, choices: [] });
});

it('says errors with their status before the first sign of life, and in the body after it', async () => {
  const clock = createFakeClock();
  await using gateway = await startGateway(tableWith([asleep('gpu', 'http://127.0.0.1:1')]), { clock });
  const early = await sendAndWait(gateway);
  const failed = { outcome: 'failed', code: 'WAKE_TIMEOUT', message: null } as const;
  await gateway.gateway.answer(1, failed);
  const first = await early.whole();
  expect([first.status, first.headers['x-pilotlight-error'], first.headers['retry-after']]).toEqual([
    503,
    'WAKE_TIMEOUT',
    '30',
  ]);
  const late = [
    await sendAndWait(gateway),
    await sendAndWait(gateway, '/v1/chat/completions', chat({ stream: true })),
    await sendAndWait(gateway, '/v1/messages', chat({ stream: true })),
    await sendAndWait(gateway, '/api/chat', chat({ stream: false })),
  ];
  await clock.advance(15_000);
  await gateway.gateway.answer(2, failed);
  const [line, event, message, json] = await Promise.all(late.map(({ whole }) => whole()));
  expect(line?.status).toBe(200);
  expect(line?.text).toMatch(/^ \{"error":"[^\n]+"\}\n$/);
  expect(event?.text).toMatch(/^: keep-alive\n\ndata: \{"error":\{.+"code":"WAKE_TIMEOUT"\}\}\n\n$/);
  expect(message?.text).toMatch(/^: keep-alive\n\nevent: error\ndata: \{"type":"error".+\}\n\n$/);
  expect(Object.keys(json?.json() as object)).toEqual(['error']);
  expect([line, event, message, json].every((answer) => answer?.whole === true)).toBe(true);
});

it('passes a server’s own error on in the body when signs of life came before', async () => {
  const clock = createFakeClock();
  await using server = await startUpstream((_, response) =>
    answerJson(response, { error: 'no such tool' }, 400),
  );
  await using gateway = await startGateway(tableWith([asleep('gpu', server.url)]), { clock });
  const held = await sendAndWait(gateway);
  await clock.advance(15_000);
  gateway.gateway.setTable(tableWith([asleep('gpu', server.url, { serving: true })], {}, 2));
  const answer = await held.whole();
  expect(answer.text).toBe(' {"error":"no such tool"}\n');
  await clock.advance(250);
  expect(gateway.finished()[0]).toMatchObject({ outcome: 'rejected', heldMs: 15_000 });
});

it('forgets a thousand clients that go away, and withdraws what was asked for them', async () => {
  await using gateway = await startGateway(tableWith([asleep('gpu', 'http://127.0.0.1:1')]));
  const held = await holdMany(gateway, 1000);
  for (const { request } of held) request.destroy();
  await gateway.until(() => withdrawn(gateway).length > 0);
  expect(withdrawn(gateway)).toEqual([1]);
  expect(gateway.gateway.inFlight).toBe(0);
  await gateway.until(() => gateway.finished().length === 1000);
  expect(new Set(gateway.finished().map(({ outcome }) => outcome))).toEqual(new Set(['cancelled']));
});

it('fails all fifty that wait when the wake takes too long', async () => {
  await using gateway = await startGateway(tableWith([asleep('gpu', 'http://127.0.0.1:1')]));
  const held = await holdMany(gateway, 50);
  await gateway.gateway.answer(1, { outcome: 'failed', code: 'WAKE_TIMEOUT', message: null });
  const answers = await Promise.all(held.map(({ answer }) => answer));
  expect(new Set(answers.map(({ status, headers }) => `${status} ${headers['x-pilotlight-error']}`))).toEqual(
    new Set(['503 WAKE_TIMEOUT']),
  );
  expect(gateway.gateway.inFlight).toBe(0);
});

it('refuses at once what cannot wait, and says why', async () => {
  const rules = [{ model: 'm', credentialId: null, wake: 'never', cpuAfterMs: 0, priority: null }] as const;
  await using gateway = await startGateway(
    tableWith([
      asleep('gpu', 'http://127.0.0.1:1'),
      node('stuck', 'http://127.0.0.1:1', { serving: false, installed: [] }),
    ]),
  );
  const code = async (path: string, options = chat()) =>
    (await gateway.ask(path, options)).headers['x-pilotlight-error'];
  // A call that asks nothing of the model wakes nothing.
  expect(await code('/api/show')).toBe('NODE_ASLEEP');
  gateway.gateway.setTable(tableWith([asleep('gpu', 'http://127.0.0.1:1')], { rules }, 2));
  expect(await code('/api/chat')).toBe('WAKE_NOT_ALLOWED');
  gateway.gateway.setTable(tableWith([asleep('gpu', 'http://127.0.0.1:1', { canWake: false })], {}, 3));
  expect(await code('/api/chat')).toBe('NODE_ASLEEP');
  expect(asks(gateway)).toEqual([]);
  gateway.gateway.setTable(tableWith([asleep('gpu', 'http://127.0.0.1:1')], { queueLimit: 1 }, 4));
  const held = await sendAndWait(gateway);
  const full = await gateway.ask('/api/chat', chat());
  expect([full.status, full.headers['x-pilotlight-error'], full.headers['retry-after']]).toEqual([
    503,
    'QUEUE_FULL',
    '40',
  ]);
  expect(full.headers['x-pilotlight-queue-position']).toBe('2');
  held.request.destroy();
  await gateway.until(() => withdrawn(gateway).length > 0);
  gateway.gateway.setConnected(false);
  expect(await code('/api/chat')).toBe('GATEWAY_ALONE');
});

it('wakes no machine to unload a model there', async () => {
  await using server = await startUpstream((_, response) => answerJson(response, { done: true }));
  await using gateway = await startGateway(tableWith([asleep('gpu', server.url)]));
  const response = once(gateway.send('/api/generate', { body: { model: 'm', keep_alive: 0 } }), 'response');
  expect(await readAnswer((await response)[0] as IncomingMessage)).toMatchObject({ status: 503 });
  expect(asks(gateway)).toEqual([]);
});

it('answers MODEL_NOT_FOUND when the model is deleted while requests wait', async () => {
  await using gateway = await startGateway(tableWith([asleep('gpu', 'http://127.0.0.1:1')]));
  const held = await sendAndWait(gateway);
  gateway.gateway.setTable(tableWith([asleep('gpu', 'http://127.0.0.1:1', { installed: [] })], {}, 2));
  const answer = await held.whole();
  expect([answer.status, answer.headers['x-pilotlight-error']]).toEqual([404, 'MODEL_NOT_FOUND']);
});

it('asks a new core again, and gives up if none comes', async () => {
  const clock = createFakeClock();
  await using gateway = await startGateway(tableWith([asleep('gpu', 'http://127.0.0.1:1')]), { clock });
  const held = await sendAndWait(gateway);
  gateway.gateway.setConnected(false);
  await clock.advance(4000);
  gateway.gateway.setConnected(true);
  expect(asks(gateway).map(({ id }) => id)).toEqual([1, 1]);
  gateway.gateway.setConnected(false);
  await clock.advance(10_000);
  const answer = await held.whole();
  expect([answer.status, answer.headers['x-pilotlight-error']]).toEqual([503, 'GATEWAY_ALONE']);
});

it('uses a CPU meanwhile, after some time, or never, as the policy says', async () => {
  const clock = createFakeClock();
  await using cpu = await startUpstream((_, response) => answerJson(response, { done: true }));
  const nodes = [asleep('gpu', 'http://127.0.0.1:1'), node('cpu', cpu.url, { hasGpu: false })];
  const rule = (wake: TableHolding['rules'][number]['wake']) => ({
    rules: [{ model: null, credentialId: null, wake, cpuAfterMs: 20_000, priority: null }],
  });
  await using gateway = await startGateway(tableWith(nodes, rule('cpu-meanwhile')), { clock });
  const meanwhile = await gateway.ask('/api/chat', chat({ stream: false }));
  expect(meanwhile.headers).toMatchObject({ 'x-pilotlight-node': 'cpu', 'x-pilotlight-placement': 'cpu' });
  expect(asks(gateway)).toHaveLength(1);
  gateway.gateway.setTable(tableWith(nodes, {}, 2));
  expect((await gateway.ask('/api/chat', chat({ stream: false }))).headers['x-pilotlight-node']).toBe('cpu');
  await gateway.gateway.answer(1, { outcome: 'failed', code: 'WAKE_TIMEOUT', message: null });

  gateway.gateway.setTable(tableWith(nodes, rule('cpu-after'), 3));
  const after = await sendAndWait(gateway, '/api/chat', chat({ stream: false }));
  await clock.advance(20_000);
  const served = await after.whole();
  expect(served.headers['x-pilotlight-placement']).toBeUndefined();
  expect(served.text).toBe(' {"done":true}');
  const refusedWake = await sendAndWait(gateway, '/api/chat', chat({ stream: false }));
  const notAllowed = { outcome: 'failed', code: 'WAKE_NOT_ALLOWED', message: null } as const;
  await gateway.gateway.answer(asks(gateway).at(-1)?.id ?? 0, notAllowed);
  expect((await refusedWake.whole()).headers['x-pilotlight-node']).toBe('cpu');

  gateway.gateway.setTable(tableWith(nodes, rule('wait'), 4));
  const waits = await sendAndWait(gateway, '/api/chat', chat({ stream: false }));
  await gateway.gateway.answer(asks(gateway).at(-1)?.id ?? 0, notAllowed);
  const refused = await waits.whole();
  expect([refused.status, refused.headers['x-pilotlight-error']]).toEqual([503, 'WAKE_NOT_ALLOWED']);
});

it('serves by the CPU of a machine that woke without its GPU, unless the policy waits for one', async () => {
  await using server = await startUpstream((_, response) => answerJson(response, { done: true }));
  const rules = [{ model: null, credentialId: null, wake: 'wait', cpuAfterMs: 0, priority: null }] as const;
  await using gateway = await startGateway(tableWith([asleep('gpu', server.url)]));
  const first = await sendAndWait(gateway, '/api/chat', chat({ stream: false }));
  const lost = [asleep('gpu', server.url, { serving: true, gpuLost: true })];
  gateway.gateway.setTable(tableWith(lost, {}, 2));
  const served = await first.whole();
  expect([served.status, served.headers['x-pilotlight-placement']]).toEqual([200, 'cpu']);
  gateway.gateway.setTable(tableWith([asleep('gpu', server.url)], { rules }, 3));
  const second = await sendAndWait(gateway, '/api/chat', chat({ stream: false }));
  gateway.gateway.setTable(tableWith(lost, { rules }, 4));
  const refused = await second.whole();
  expect([refused.status, refused.headers['x-pilotlight-error']]).toEqual([503, 'GPU_NOT_USED']);
});

it('does not mind a clock that jumps while requests wait', async () => {
  const steady = createFakeClock();
  let jump = 0;
  const clock = { ...steady, now: () => steady.now() + jump };
  await using server = await startUpstream((_, response) => answerJson(response, { done: true }));
  await using gateway = await startGateway(tableWith([asleep('gpu', server.url)]), { clock });
  const held = await sendAndWait(gateway, '/api/chat', chat({ stream: false }));
  jump = 86_400_000;
  await steady.advance(14_999);
  jump = -86_400_000;
  await steady.advance(1);
  gateway.gateway.setTable(tableWith([asleep('gpu', server.url, { serving: true })], {}, 2));
  const answer = await held.whole();
  expect([answer.status, answer.text]).toEqual([200, ' {"done":true}']);
  await steady.advance(250);
  expect(gateway.finished()[0]).toMatchObject({ heldMs: 15_000, durationMs: 15_000 });
});

it('waits until a model has been moved', async () => {
  await using server = await startUpstream((_, response) => answerJson(response, { done: true }));
  await using gateway = await startGateway(tableWith([node('gpu', server.url, { moving: ['m:latest'] })]));
  const held = await sendAndWait(gateway, '/api/chat', chat({ stream: false }));
  expect(server.asked).toHaveLength(0);
  gateway.gateway.setTable(tableWith([node('gpu', server.url)], {}, 2));
  expect((await held.whole()).status).toBe(200);
});

it('waits longer for a move than for its turn, and then for its turn again', async () => {
  const clock = createFakeClock();
  await using server = await startUpstream((_, response) => answerJson(response, { done: true }));
  const holding = { maxWaitMs: 60_000 };
  const moving = node('gpu', server.url, { moving: ['m:latest'] });
  await using gateway = await startGateway(tableWith([moving], holding), { clock });
  const held = await sendAndWait(gateway, '/api/chat', chat({ stream: false }));
  await clock.advance(9 * 60_000);
  expect(server.asked).toHaveLength(0);
  gateway.gateway.setTable(tableWith([node('gpu', server.url)], holding, 2));
  const answer = await held.whole();
  expect([answer.status, answer.text.trim()]).toEqual([200, '{"done":true}']);
});

it('answers MODEL_NOT_FOUND at once when the model is deleted while requests wait for a move', async () => {
  await using server = await startUpstream((_, response) => answerJson(response, { done: true }));
  await using gateway = await startGateway(tableWith([node('gpu', server.url, { moving: ['m:latest'] })]));
  const held = await holdMany(gateway, 20);
  gateway.gateway.setTable(tableWith([node('gpu', server.url, { installed: [] })], {}, 2));
  const answers = await Promise.all(held.map(({ answer }) => answer));
  expect(new Set(answers.map(({ status, headers }) => `${status} ${headers['x-pilotlight-error']}`))).toEqual(
    new Set(['404 MODEL_NOT_FOUND']),
  );
  expect(server.asked).toHaveLength(0);
});

it('lets a policy for a model that no machine has concern no other request', async () => {
  await using server = await startUpstream((_, response) => answerJson(response, { done: true }));
  const rule = {
    model: 'nothing:7b',
    credentialId: null,
    wake: 'wait' as const,
    cpuAfterMs: 0,
    priority: null,
  };
  await using gateway = await startGateway(tableWith([node('gpu', server.url)], { rules: [rule] }));
  const missing = await gateway.ask('/api/chat', chat({ model: 'nothing:7b', stream: false }));
  expect([missing.status, missing.headers['x-pilotlight-error']]).toEqual([404, 'MODEL_NOT_FOUND']);
  expect((await gateway.ask('/api/chat', chat({ stream: false }))).status).toBe(200);
  expect(asks(gateway)).toEqual([]);
});

it('is refused when a move does not end', async () => {
  const clock = createFakeClock();
  const moving = node('gpu', 'http://127.0.0.1:1', { moving: ['m:latest'] });
  await using gateway = await startGateway(tableWith([moving], { maxWaitMs: 60_000 }), { clock });
  const held = await sendAndWait(gateway, '/api/chat', chat({ stream: false }));
  await clock.advance(12 * 60_000);
  const answer = await held.whole();
  // Its signs of life have committed the status.
  expect(answer.text.trim()).toContain('"error"');
  await clock.advance(250);
  expect(gateway.finished()[0]).toMatchObject({ code: 'QUEUE_WAIT_OVER' });
});

it('lets a request go nowhere when its key is revoked while it waits', async () => {
  await using server = await startUpstream((_, response) => answerJson(response, { done: true }));
  const secret = 'a-secret';
  const key = {
    id: 'k',
    kind: 'program' as const,
    name: 'Kitchen',
    rights: ['infer' as const],
    digest: new Uint8Array(createHash('sha256').update(secret).digest()),
    origin: null,
    endsAt: null,
    revoked: false,
    models: null,
    requestsPerMinute: null,
  };
  const before = { ...tableWith([asleep('gpu', server.url)]), credentials: [key] };
  await using gateway = await startGateway(before);
  const headers = { authorization: `Bearer ${secret}` };
  const held = await sendAndWait(gateway, '/api/chat', { ...chat(), headers } as ReturnType<typeof chat>);
  expect(asks(gateway)[0]).toMatchObject({ credentialId: 'k' });
  const awake = tableWith([asleep('gpu', server.url, { serving: true })], {}, 2);
  gateway.gateway.setTable({ ...awake, credentials: [{ ...key, revoked: true }] });
  const answer = await held.whole();
  expect([answer.status, answer.headers['x-pilotlight-error']]).toEqual([401, 'GATEWAY_KEY_NEEDED']);
  expect(server.asked).toHaveLength(0);
});

it('wakes a machine that has fallen asleep since the last table, instead of failing', async () => {
  await using server = await startUpstream((_, response) => answerJson(response, { done: true }));
  const awake = (url: string, version: number) =>
    tableWith([asleep('gpu', url, { serving: true })], {}, version);
  await using dead = await startUpstream(() => {});
  await dead.kill();
  await using gateway = await startGateway(awake(dead.url, 1));
  const held = gateway.ask('/api/chat', chat({ stream: false }));
  await gateway.until(() => asks(gateway).length === 1);
  expect(asks(gateway)[0]).toMatchObject({ nodeIds: ['gpu'], unreachable: true });
  // Another table that does not know better yet is no reason to try again.
  gateway.gateway.setTable(awake(dead.url, 2));
  expect(gateway.gateway.inFlight).toBe(1);
  gateway.gateway.setTable(tableWith([asleep('gpu', dead.url)], {}, 3));
  gateway.gateway.setTable(awake(server.url, 4));
  expect((await held).status).toBe(200);
  expect(asks(gateway)).toHaveLength(1);
});

it('gives up on a machine that never accepts a connection', async () => {
  await using dead = await startUpstream(() => {});
  await dead.kill();
  await using gateway = await startGateway(tableWith([asleep('gpu', dead.url, { serving: true })]));
  const held = gateway.ask('/api/chat', chat({ stream: false }));
  let answered = 0;
  let answer: Answer | null = null;
  void held.then((given) => {
    answer = given;
  });
  while (answer === null) {
    const next = asks(gateway)[answered];
    if (next === undefined) await new Promise((resolve) => setImmediate(resolve));
    else {
      answered += 1;
      await gateway.gateway.answer(next.id, { outcome: 'ready', nodeId: 'gpu' });
    }
  }
  expect((await held).status).toBeGreaterThanOrEqual(502);
  expect(answered).toBeLessThanOrEqual(3);
  expect(gateway.gateway.inFlight).toBe(0);
});
