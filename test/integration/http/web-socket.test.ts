import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import {
  bearerProtocol,
  type ClientMessage,
  linkProtocol,
  mostMessageBytes,
  type ServerMessage,
  serverMessageSchema,
  streamPath,
} from '../../../shared/contract/link.ts';
import { defaultSettings } from '../../../shared/models/settings.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { createTestServer } from '../../fakes/http-server.ts';
import { untilAborted } from '../../fakes/transport.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(options: Parameters<typeof createTestServer>[0] = {}) {
  const test = createTestServer({ handlers: { 'settings.get': () => defaultSettings }, ...options });
  cleanups.push(test.close);
  const { port } = new URL(await test.server.listen(0));
  const socket = new WebSocket(
    `ws://127.0.0.1:${port}${streamPath}`,
    [linkProtocol, bearerProtocol(test.controlToken)],
    { headers: { origin: `http://127.0.0.1:${port}` } },
  );
  const received: ServerMessage[] = [];
  const waiting = new Set<() => void>();
  socket.on('message', (data) => {
    received.push(serverMessageSchema.parse(JSON.parse(data.toString())));
    for (const wake of waiting) wake();
  });
  /** Waits on messages, never on time. */
  async function until<Found>(find: () => Found | undefined): Promise<Found> {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        const wake = () => {
          waiting.delete(wake);
          resolve();
        };
        waiting.add(wake);
      });
    }
  }
  await once(socket, 'open');
  const send = (message: ClientMessage) => socket.send(JSON.stringify(message));
  const settled = (id: number) =>
    until(() => received.find((message) => message.id === id && message.type !== 'frame'));
  return { ...test, socket, received, until, send, settled };
}

describe('the contract over a WebSocket', () => {
  it('carries calls, errors and streams', async () => {
    const { send, settled, until, received, streams } = await open();
    send({ type: 'call', id: 1, method: 'settings.get', params: {} });
    send({ type: 'call', id: 2, method: 'nope', params: {} });
    send({ type: 'subscribe', id: 3, stream: 'settings', cursor: null });
    expect(await settled(1)).toEqual({ type: 'result', id: 1, result: defaultSettings });
    expect(await settled(2)).toMatchObject({ error: { code: 'UNKNOWN_METHOD' } });
    await until(() => received.find((message) => message.type === 'frame'));
    streams.settings.set('settings', defaultSettings);
    const delta = await until(() =>
      received.find((message) => message.type === 'frame' && message.frame.kind === 'delta'),
    );
    expect(delta).toMatchObject({ frame: { set: [['settings', defaultSettings]] } });
  });

  it.each(['{', 'null', '[]', '"x"', '{"type":"call"}'])(
    'answers the message %s with an error',
    async (text) => {
      const { socket, settled, send } = await open();
      socket.send(text);
      expect(await settled(0)).toMatchObject({ error: { code: 'BAD_REQUEST' } });
      send({ type: 'call', id: 1, method: 'settings.get', params: {} });
      expect(await settled(1)).toMatchObject({ type: 'result' });
    },
  );

  it('takes no binary messages', async () => {
    const { socket, settled } = await open();
    socket.send(Buffer.from('{"type":"call","id":1,"method":"settings.get","params":{}}'));
    expect(await settled(0)).toMatchObject({ error: { code: 'BAD_REQUEST' } });
  });

  it('closes a link that sends too much at once, and no other', async () => {
    const { socket, server } = await open();
    const closed = once(socket, 'close');
    socket.on('error', () => {});
    socket.send(JSON.stringify({ type: 'call', id: 1, method: 'x', params: 'y'.repeat(mostMessageBytes) }));
    expect((await closed)[0]).toBe(1009);
    while (server.links.open > 0) await turn();
  });

  it.each<[string, (socket: WebSocket) => void]>([
    ['broken messages', (socket) => socket.send('{')],
    ['calls of unknown methods', (socket) => socket.send('{"type":"call","id":1,"method":"x","params":{}}')],
    [
      'subscriptions to one stream',
      (socket) => socket.send('{"type":"subscribe","id":7,"stream":"settings","cursor":null}'),
    ],
    ['pings', (socket) => socket.ping('x'.repeat(125))],
    ['empty messages', (socket) => socket.send('')],
  ])('answers other links during a flood of %s', async (_, flood) => {
    const { socket, controlToken } = await open();
    socket.on('error', () => {});
    const { port } = new URL(socket.url);
    const other = new WebSocket(`ws://127.0.0.1:${port}${streamPath}`, [
      linkProtocol,
      bearerProtocol(controlToken),
    ]);
    await once(other, 'open');
    // The flood may end its link, which then sends nothing more.
    for (let sent = 0; sent < 20_000 && socket.readyState === socket.OPEN; sent += 1) flood(socket);
    const answered = once(other, 'message');
    other.send(JSON.stringify({ type: 'call', id: 1, method: 'settings.get', params: {} }));
    expect(JSON.parse(String((await answered)[0]))).toEqual({
      type: 'result',
      id: 1,
      result: defaultSettings,
    });
    other.terminate();
  });

  it('aborts the calls of a link that is gone', async () => {
    const run = untilAborted();
    const { socket, send, dispatcher } = await open({ handlers: { 'optimizer.run': run.handler } });
    send({ type: 'call', id: 1, method: 'optimizer.run', params: {} });
    await run.begun;
    socket.terminate();
    await dispatcher.drained();
    expect(run.state.aborted).toBe(true);
  });

  it('cuts a link that does not answer a ping', async () => {
    const clock = createFakeClock();
    const { socket, server, send, settled } = await open({ clock, limits: { heartbeatMs: 1000 } });
    const pinged = once(socket, 'ping');
    await clock.advance(1000);
    await pinged;
    // The answer to the ping stands before the call on the wire, so it was read when the call is answered.
    const again = once(socket, 'ping');
    send({ type: 'call', id: 1, method: 'settings.get', params: {} });
    await settled(1);
    await clock.advance(1000);
    await again;
    const closed = once(socket, 'close');
    socket.pause();
    await clock.advance(3000);
    expect(server.links.open).toBe(0);
    socket.resume();
    await closed;
  });

  it('holds frames back from a slow reader, and ends with the newest values', async () => {
    const clock = createFakeClock();
    const { socket, send, until, received, streams, server } = await open({
      clock,
      limits: { fullBytes: 10_000, cutBytes: 1e9, heartbeatMs: 1e9 },
    });
    const frames = () => received.flatMap((message) => (message.type === 'frame' ? [message.frame] : []));
    send({ type: 'subscribe', id: 1, stream: 'settings', cursor: null });
    await until(() => frames()[0]);
    socket.pause();
    const rounds = 60;
    for (let round = 1; round <= rounds; round += 1) {
      const priorityModels = Array.from(
        { length: 2500 },
        (_, index) => `model-${round}-${index}-${'x'.repeat(400)}`,
      );
      streams.settings.set('settings', {
        ...defaultSettings,
        optimizer: { ...defaultSettings.optimizer, priorityModels },
      });
      await clock.advance(1000);
    }
    socket.resume();
    const newest = await until(() => {
      void clock.advance(1000);
      return frames().find((frame) => JSON.stringify(frame.set).includes(`model-${rounds}-`));
    });
    expect(newest.kind).toBe('delta');
    // 60 frames of 1 MB do not fit into the buffers of a loopback socket: some were never made.
    expect(frames().length).toBeLessThan(rounds);
    expect(server.links.open).toBe(1);
  });

  it('cuts a link that asks without reading', async () => {
    const big = {
      ...defaultSettings,
      optimizer: { ...defaultSettings.optimizer, priorityModels: ['x'.repeat(500_000)] },
    };
    const { socket, send, server, log } = await open({
      handlers: { 'settings.get': () => big },
      limits: { cutBytes: 2_000_000 },
    });
    const closed = once(socket, 'close');
    socket.pause();
    for (let id = 1; id <= 60; id += 1) send({ type: 'call', id, method: 'settings.get', params: {} });
    // Turns of the event loop, not time: the server reads its socket in them.
    while (server.links.open > 0) await turn();
    socket.resume();
    await closed;
    expect(log.lines.some((line) => line.message.includes('does not read'))).toBe(true);
  });

  it('says end, then closes, when Pilotlight stops', async () => {
    const { socket, send, until, received, server, dispatcher } = await open();
    send({ type: 'subscribe', id: 1, stream: 'fleet', cursor: null });
    await until(() => received[0]);
    const closed = once(socket, 'close');
    dispatcher.refuse();
    server.links.endStreams();
    await until(() => received.find((message) => message.type === 'end'));
    send({ type: 'call', id: 2, method: 'settings.get', params: {} });
    const late = await until(() => received.find((message) => message.id === 2));
    expect(late).toMatchObject({ error: { code: 'STOPPING' } });
    await server.close(1000);
    expect((await closed)[0]).toBe(1001);
  });
});
