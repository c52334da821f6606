/**
 * Who holds connections keeps others out nowhere: the same attacks at each listener, from 127.0.0.1. Another address
 * is served meanwhile, and the attacker's own address again when its connections were let go.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createAnnouncementServer } from '../../../electron/adapters/agents/announcement-listener.ts';
import { CATALOGUE } from '../../../electron/simulator/catalogue.ts';
import { createSimulatedMachine } from '../../../electron/simulator/machine.ts';
import { createFakeClock, type FakeClock } from '../../fakes/clock.ts';
import { createTestServer } from '../../fakes/http-server.ts';
import { type Held, heard, hold, holdMany } from '../../fakes/sockets.ts';
import { createWorld } from '../agent/world.ts';

interface Door {
  port: number;
  /** Of the limits of connections. */
  clock: FakeClock;
  /** A request that needs no token, and how its answer begins. */
  ask: string;
  answer: RegExp;
  /** A request with a body that is read before anything else. */
  post: string;
  /** The response to a refused connection. */
  busy: string;
  close(): Promise<unknown>;
}

const doors: [name: string, open: () => Promise<Door>][] = [
  [
    'the control server',
    async () => {
      const clock = createFakeClock();
      const test = createTestServer({ connectionClock: clock });
      const { port } = new URL(await test.server.listen(0));
      const host = `127.0.0.1:${port}`;
      return {
        port: Number(port),
        clock,
        ask: `GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`,
        answer: /^HTTP\/1\.1 200 /,
        post: `POST /api/session HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{"token":`,
        busy: 'SERVER_BUSY',
        close: test.close,
      };
    },
  ],
  [
    'the agent',
    async () => {
      const clock = createFakeClock();
      const world = await createWorld({ connectionClock: clock });
      return {
        port: world.port(),
        clock,
        ask: 'GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n',
        answer: /^HTTP\/1\.1 200 /,
        post: 'POST /v1/pair HTTP/1.1\r\nhost: a\r\ncontent-length: 500\r\n\r\n{"code":',
        busy: 'TOO_MANY_CONNECTIONS',
        close: () => world[Symbol.asyncDispose](),
      };
    },
  ],
  [
    'the listener for hellos',
    async () => {
      const clock = createFakeClock();
      const listener = createAnnouncementServer(() => {}, { clock });
      const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
      return {
        port,
        clock,
        ask: 'GET /hello HTTP/1.1\r\nhost: a\r\n\r\n',
        // A sender of many requests is slowed down by another limit.
        answer: /^HTTP\/1\.1 (405|429) /,
        post: 'POST /hello HTTP/1.1\r\nhost: a\r\ncontent-length: 500\r\n\r\n{"agent":',
        busy: 'SERVER_BUSY',
        close: () => listener.close(0),
      };
    },
  ],
  [
    'a simulated Ollama server',
    async () => {
      const clock = createFakeClock();
      const machine = await createSimulatedMachine({
        id: 'box',
        name: 'box',
        mac: '00:00:5e:00:53:42',
        wake: null,
        clock: createFakeClock(),
        connectionClock: clock,
        ollama: { profile: '0.33', models: [CATALOGUE.llama31], gpus: [] },
      });
      return {
        port: Number(new URL(machine.url).port),
        clock,
        ask: 'GET /api/version HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n',
        answer: /^HTTP\/1\.1 200 /,
        post: 'POST /api/show HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 500\r\n\r\n{"model":',
        busy: 'server busy',
        close: () => machine[Symbol.asyncDispose](),
      };
    },
  ],
];

const attacker = '127.0.0.1';
const friend = '127.0.0.2';
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const tlsHello = Buffer.from('16030100a5010000a10303', 'hex');

describe.each(doors)('%s', (_name, openDoor) => {
  async function open() {
    const door = await openDoor();
    cleanups.push(door.close);
    const asked = async (from: string) => (await hold(door.port, { from, bytes: door.ask })).closed;
    const attack = async (count: number, bytes: string | Buffer = ''): Promise<Held[]> => {
      const held = await holdMany(count, door.port, { from: attacker, bytes });
      cleanups.push(() => held.forEach(({ socket }) => void socket.destroy()));
      return held;
    };
    return { ...door, asked, attack };
  }

  it('serves another address while one holds 512 connections, and that one again after five seconds', async () => {
    const door = await open();
    await door.attack(512);
    expect(await door.asked(friend)).toMatch(door.answer);
    expect(await door.asked(attacker)).toContain(door.busy);
    await door.clock.advance(5000);
    expect(await door.asked(attacker)).toMatch(door.answer);
  });

  it.each([
    ['headers that never end', () => 'GET / HTTP/1.1\r\nhost: a\r\nx-slow: '],
    ['bodies that never end', (door: Door) => door.post],
    ['half a line', () => 'GE'],
    [
      'an upgrade that never ends',
      () => 'GET /api/stream HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upg',
    ],
  ])('serves another address while one holds 300 connections with %s', async (_attack, bytes) => {
    const door = await open();
    await door.attack(300, bytes(door));
    expect(await door.asked(friend)).toMatch(door.answer);
  });

  it.each([
    ['the hello of TLS', tlsHello],
    ['no HTTP', 'nonsense\r\n\r\n'],
    ['headers without end', `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}`],
    [
      'an upgrade that nobody asked for',
      'GET /api/stream HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade, close\r\n\r\n',
    ],
  ])('lets go at once of 300 connections that send %s', async (_attack, bytes) => {
    const door = await open();
    const held = await door.attack(300, bytes);
    await Promise.all(held.map(({ closed }) => closed));
    expect(await door.asked(friend)).toMatch(door.answer);
    expect(await door.asked(attacker)).toMatch(door.answer);
  });

  it('closes half a request after five seconds, with a word', async () => {
    const door = await open();
    const [slow] = await door.attack(1, 'GET / HTTP/1.1\r\nhost: a\r\nx-slow: ');
    // What was sent before this has arrived when this is answered.
    await door.asked(friend);
    await door.clock.advance(5000);
    expect(await slow?.closed).toMatch(/^HTTP\/1\.1 408 /);
  });
});

/** Moves the clock on until `done` is there: an answer may have been read before the server has counted it as sent. */
async function advanceUntil(clock: FakeClock, done: Promise<unknown>): Promise<void> {
  let isDone = false;
  done.then(() => {
    isDone = true;
  });
  while (!isDone) {
    await clock.advance(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('a connection with a token', () => {
  it('stays longer than five seconds between two requests at the agent, and one without does not', async () => {
    const clock = createFakeClock();
    await using world = await createWorld({ connectionClock: clock });
    const ask = (token: string | null) =>
      `GET ${token === null ? '/health' : '/v1/power'} HTTP/1.1\r\nhost: a\r\n${token === null ? '' : `authorization: Bearer ${token}\r\n`}\r\n`;
    const known = await hold(world.port(), { bytes: ask(world.token) });
    const stranger = await hold(world.port(), { bytes: ask(null) });
    // From another address: who sends a wrong one has to wait before the next.
    const wrong = await hold(world.port(), { from: friend, bytes: ask('a-wrong-token') });
    await Promise.all([known, stranger, wrong].map((one) => heard(one, /^HTTP\/1\.1 (200|401) /)));
    await clock.advance(4000);
    await advanceUntil(clock, Promise.all([stranger.closed, wrong.closed]));
    known.socket.write(ask(world.token));
    await heard(known, /^HTTP\/1\.1 200 .*HTTP\/1\.1 200 /s);
    known.socket.destroy();
  });

  it('stays at the control server too', async () => {
    const clock = createFakeClock();
    const test = createTestServer({ connectionClock: clock });
    cleanups.push(test.close);
    const { port } = new URL(await test.server.listen(0));
    const ask = (authorization: string) =>
      `GET / HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: ${authorization}\r\n\r\n`;
    const known = await hold(Number(port), { bytes: ask(test.authorization) });
    const stranger = await hold(Number(port), { bytes: ask('Bearer wrong') });
    await Promise.all([known, stranger].map((one) => heard(one, /^HTTP\/1\.1 200 /)));
    await clock.advance(4000);
    await advanceUntil(clock, stranger.closed);
    known.socket.write(ask(test.authorization));
    await heard(known, /^HTTP\/1\.1 200 .*HTTP\/1\.1 200 /s);
    known.socket.destroy();
  });
});

/** A simulated agent starts in the background, and starting takes turns of the event loop, not time. */
async function whenOpen(port: number): Promise<void> {
  for (;;) {
    const knock = await hold(port).catch(() => null);
    knock?.socket.destroy();
    if (knock !== null) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

it('a simulated agent, behind its front, serves another address while one holds all that it may', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-attacks-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const machine = await createSimulatedMachine({
    id: 'box',
    name: 'box',
    mac: '00:00:5e:00:53:42',
    wake: null,
    clock: createFakeClock(),
    agent: { folder, roles: ['power'] },
    ollama: { profile: '0.33', models: [CATALOGUE.llama31], gpus: [] },
  });
  cleanups.push(() => machine[Symbol.asyncDispose]());
  if (machine.agent === null) throw new Error('It has no agent.');
  const port = Number(new URL(machine.agent.url).port);
  const asked = async (from: string) =>
    (await hold(port, { from, bytes: 'GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n' }))
      .closed;
  await whenOpen(port);
  const held = await holdMany(200, port, { from: attacker });
  cleanups.push(() => {
    for (const { socket } of held) socket.destroy();
  });
  await Promise.race(held.map(({ closed }) => closed));
  expect(await asked(friend)).toMatch(/^HTTP\/1\.1 200 /);
});
