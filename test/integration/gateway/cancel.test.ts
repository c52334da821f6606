/** Requests that a person cancels, wherever they are: what their clients see, and what the machines are asked. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import type { GatewayTable, LiveRequest, TableNode } from '../../../electron/core/gateway/model.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import {
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
  holding: {
    rules: [],
    mayWake: ['chat', 'generate', 'embed'],
    queueLimit: 1000,
    maxWaitMs: 60_000,
    contextRules: [],
  },
});

const chat = (own: object = {}) => ({
  body: { model: 'm', messages: [{ role: 'user', content: 'x' }], ...own },
});

type Clock = ReturnType<typeof createFakeClock>;

const live = ({ events }: TestGateway): LiveRequest[] =>
  events.flatMap((event) => (event.kind === 'live' ? event.requests : []));

/** Sends a request, and resolves when it is reported to be in this state. */
async function sendUntil(
  gateway: TestGateway,
  clock: Clock,
  state: LiveRequest['state'],
  { path = '/api/chat', ...options }: { path?: string; body?: unknown; headers?: Record<string, string> },
) {
  const before = new Set(live(gateway).map(({ id }) => id));
  const request = gateway.send(path, options);
  const answer = once(request, 'response').then(([response]) => readAnswer(response as IncomingMessage));
  answer.catch(() => {});
  for (;;) {
    await clock.advance(250);
    await new Promise((resolve) => setImmediate(resolve));
    const found = live(gateway).findLast((one) => one.state === state && !before.has(one.id));
    if (found !== undefined) return { request, answer, id: found.id };
  }
}

async function ended(gateway: TestGateway, clock: Clock, id: number) {
  for (;;) {
    const found = gateway.finished().find((one) => one.id === id);
    if (found !== undefined) return found;
    await clock.advance(250);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const silent = () => {};

it('that is still arriving', async () => {
  const clock = createFakeClock();
  await using server = await startUpstream(silent);
  await using gateway = await startGateway(tableWith([node('one', server.url)]), { clock });
  const { id, answer } = await sendUntil(gateway, clock, 'arriving', {
    body: '{"model":"m"',
    headers: { 'content-length': '1000' },
  });
  expect(gateway.gateway.cancel(id)).toBe(true);
  const { status, headers } = await answer;
  expect([status, headers['x-pilotlight-error']]).toEqual([499, 'REQUEST_CANCELLED']);
  expect(await ended(gateway, clock, id)).toMatchObject({
    outcome: 'cancelled',
    code: 'REQUEST_CANCELLED',
    status: 499,
    nodeId: null,
  });
  expect(server.asked).toEqual([]);
});

it('that waits for a machine: the wake is withdrawn', async () => {
  const clock = createFakeClock();
  const asleep = node('gpu', 'http://127.0.0.1:1', { serving: false, canWake: true, usualWakeMs: 40_000 });
  await using gateway = await startGateway(tableWith([asleep]), { clock });
  const { id, answer } = await sendUntil(gateway, clock, 'waking', chat());
  expect(live(gateway).at(-1)).toMatchObject({ position: 1, expectedMs: 40_000 });
  expect(gateway.gateway.cancel(id)).toBe(true);
  expect((await answer).status).toBe(499);
  expect(gateway.events).toContainEqual({ kind: 'withdrawn', askIds: [1] });
  expect(gateway.gateway.inFlight).toBe(0);
  const { steps, heldMs } = await ended(gateway, clock, id);
  expect(steps.map(({ kind }) => kind)).toEqual(['waking']);
  expect(heldMs).toBeGreaterThanOrEqual(250);
});

it('that waits after its signs of life: the error is in the body', async () => {
  const clock = createFakeClock();
  const asleep = node('gpu', 'http://127.0.0.1:1', { serving: false, canWake: true });
  await using gateway = await startGateway(tableWith([asleep]), { clock });
  const stream = await sendUntil(gateway, clock, 'waking', chat());
  const json = await sendUntil(gateway, clock, 'waking', chat({ stream: false }));
  const message = await sendUntil(gateway, clock, 'waking', {
    path: '/v1/messages',
    ...chat({ stream: true }),
  });
  await clock.advance(15_000);
  for (const { id } of [stream, json, message]) gateway.gateway.cancel(id);
  const answers = await Promise.all([stream.answer, json.answer, message.answer]);
  expect(answers.map(({ status, whole }) => [status, whole])).toEqual([
    [200, true],
    [200, true],
    [200, true],
  ]);
  expect(answers[0]?.text).toMatch(/^ \{"error":"[^\n]+"\}\n$/);
  expect(Object.keys(answers[1]?.json() as object)).toEqual(['error']);
  expect(answers[2]?.text).toMatch(/^: keep-alive\n\nevent: error\ndata: \{"type":"error".+\}\n\n$/);
});

it('that waits for its turn: the next one moves up', async () => {
  const clock = createFakeClock();
  const running: ServerResponse[] = [];
  await using server = await startUpstream((_, response) => void running.push(response));
  await using gateway = await startGateway(tableWith([node('one', server.url, { slots: 1 })]), { clock });
  await sendUntil(gateway, clock, 'sent', chat());
  const second = await sendUntil(gateway, clock, 'queued', chat());
  const third = await sendUntil(gateway, clock, 'queued', chat());
  expect(live(gateway).findLast(({ id }) => id === third.id)?.position).toBe(2);
  expect(gateway.gateway.cancel(second.id)).toBe(true);
  expect((await second.answer).status).toBe(499);
  await clock.advance(1000);
  await gateway.until(() => live(gateway).findLast(({ id }) => id === third.id)?.position === 1);
  const waits = gateway.events.flatMap((event) => (event.kind === 'waiting' ? [event.models] : []));
  expect(waits.at(-1)).toEqual([['m:latest', 1]]);
  running[0]?.end('{"done":true}');
  await sendUntil(gateway, clock, 'queued', chat());
  expect(server.asked).toHaveLength(2);
});

it('that a machine has, and has not answered yet', async () => {
  const clock = createFakeClock();
  await using server = await startUpstream(silent);
  await using gateway = await startGateway(tableWith([node('one', server.url)]), { clock });
  for (const path of ['/api/chat', '/v1/chat/completions', '/v1/messages']) {
    const { id, answer } = await sendUntil(gateway, clock, 'sent', { path, ...chat() });
    gateway.gateway.cancel(id);
    // A second click comes while the first one still works.
    expect([true, false]).toContain(gateway.gateway.cancel(id));
    const { status, headers } = await answer;
    expect([status, headers['x-pilotlight-error']]).toEqual([499, 'REQUEST_CANCELLED']);
    expect((await ended(gateway, clock, id)).nodeId).toBe('one');
    expect(gateway.gateway.cancel(id)).toBe(false);
  }
  await server.untilClosed(3);
  await gateway.until(() => gateway.gateway.inFlight === 0);
});

it.each([
  [
    '/api/chat',
    'application/x-ndjson',
    '{"message":{"content":"a"},"done":false}\n{"mess',
    /\n\{"error":".+"\}\n$/,
  ],
  [
    '/v1/chat/completions',
    'text/event-stream',
    'data: {"choices":[]}\n\ndata: {"ch',
    /\n\ndata: \{"error":\{.+"code":"REQUEST_CANCELLED"\}\}\n\n$/,
  ],
  [
    '/v1/messages',
    'text/event-stream',
    'event: ping\ndata: {"type":"ping"}\n\n',
    /\n\nevent: error\ndata: \{"type":"error".+\}\n\n$/,
  ],
])('in the middle of a stream of %s', async (path, type, beginning, end) => {
  const clock = createFakeClock();
  await using server = await startUpstream((_, response) => {
    response.writeHead(200, { 'content-type': type });
    response.write(beginning);
  });
  await using gateway = await startGateway(tableWith([node('one', server.url)]), { clock });
  const { id, answer } = await sendUntil(gateway, clock, 'answering', { path, ...chat({ stream: true }) });
  expect(gateway.gateway.cancel(id)).toBe(true);
  const { status, text } = await answer;
  expect(status).toBe(200);
  expect(text.startsWith(beginning)).toBe(true);
  expect(text).toMatch(end);
  await server.untilClosed(1);
  expect(await ended(gateway, clock, id)).toMatchObject({ outcome: 'cancelled', code: 'REQUEST_CANCELLED' });
});

it('in the middle of one object: the connection is closed', async () => {
  const clock = createFakeClock();
  await using server = await startUpstream((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"done":');
  });
  await using gateway = await startGateway(tableWith([node('one', server.url)]), { clock });
  const { id, answer } = await sendUntil(gateway, clock, 'answering', chat({ stream: false }));
  expect(gateway.gateway.cancel(id)).toBe(true);
  expect((await answer).whole).toBe(false);
  await server.untilClosed(1);
});

it('a batch that several machines share: each of them stops', async () => {
  const clock = createFakeClock();
  await using one = await startUpstream(silent);
  await using two = await startUpstream(silent);
  const nodes = [node('one', one.url), node('two', two.url)];
  await using gateway = await startGateway(tableWith(nodes), { clock });
  const input = Array.from({ length: 64 }, (_, index) => `text ${index}`);
  const { id, answer } = await sendUntil(gateway, clock, 'sent', {
    path: '/api/embed',
    body: { model: 'm', input },
  });
  expect(gateway.gateway.cancel(id)).toBe(true);
  expect((await answer).status).toBe(499);
  await Promise.all([one.untilClosed(1), two.untilClosed(1)]);
  const { steps } = await ended(gateway, clock, id);
  expect(steps.map(({ kind, nodeId }) => [kind, nodeId])).toEqual([
    ['split', 'one'],
    ['split', 'two'],
  ]);
  await gateway.until(() => gateway.gateway.inFlight === 0);
});

it('a file that passes through while it arrives', async () => {
  const clock = createFakeClock();
  await using server = await startUpstream(silent, { early: true });
  const speech = node('one', server.url, { installed: [model('whisper:latest')] });
  await using gateway = await startGateway(tableWith([speech]), { clock });
  const form = '--x\r\ncontent-disposition: form-data; name="model"\r\n\r\nwhisper\r\n--x\r\n';
  const { id, answer } = await sendUntil(gateway, clock, 'sent', {
    path: '/v1/audio/transcriptions',
    headers: { 'content-type': 'multipart/form-data; boundary=x', 'content-length': '100000' },
    body: form,
  });
  expect(gateway.gateway.cancel(id)).toBe(true);
  expect((await answer).status).toBe(499);
  await server.untilClosed(1);
});

it('none that is unknown', async () => {
  await using gateway = await startGateway(tableWith([]));
  expect(gateway.gateway.cancel(99)).toBe(false);
});
