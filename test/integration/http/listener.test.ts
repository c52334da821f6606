/** Limits, source and sender at a listener, with a clock that the test moves. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { createAttempts } from '../../../electron/adapters/http/attempts.ts';
import { bearerAuthentication } from '../../../electron/adapters/http/authentication.ts';
import { isPortTaken } from '../../../electron/adapters/http/bind.ts';
import { type ListenerLimits, usualLimits } from '../../../electron/adapters/http/limits.ts';
import { createListener } from '../../../electron/adapters/http/listener.ts';
import type { RefusedConnections } from '../../../electron/adapters/http/refusal-report.ts';
import { type RequestRefusal, refusalStatus } from '../../../electron/adapters/http/refusals.ts';
import { anySource, noBrowsers, ownPages, type SourceGuard } from '../../../electron/adapters/http/source.ts';
import { wireRefusal } from '../../../electron/adapters/http/wire-refusals.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { type Held, hold, holdMany } from '../../fakes/sockets.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const get = (path = '/') => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`;

/** Answers with the path; `/token` authenticates, `/wait` waits for the test, `/large` has 8 MiB. */
async function serve(limits: Partial<ListenerLimits> = {}) {
  const clock = createFakeClock();
  const all = { ...usualLimits, ...limits };
  const reports: RefusedConnections[] = [];
  const waiting: ServerResponse[] = [];
  const arrived: (() => void)[] = [];
  const listener = createListener<string>({
    limits: all,
    clock,
    source: anySource,
    authenticate: ({ url }) => (url === '/token' ? { principal: 'friend' } : { refused: 'missing' }),
    answer: (reason) => ({ status: refusalStatus[reason], body: { reason } }),
    onRefused: (refused) => reports.push(refused),
    handle(request, response) {
      listener.authenticate(request);
      if (request.url === '/wait') waiting.push(response);
      else if (request.url === '/large') response.end(Buffer.alloc(8 * 1024 ** 2));
      else response.end(request.url);
      for (const wake of arrived.splice(0)) wake();
    },
  });
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  cleanups.push(() => listener.close(0));
  const own: Held[] = [];
  cleanups.push(() => {
    for (const { socket } of own) socket.destroy();
  });

  /** A connection that is open until the server ends it. */
  async function open(from = '127.0.0.1', bytes = '') {
    const held = await hold(port, { from, bytes });
    own.push(held);
    return held;
  }

  /** Asks on a connection, and waits for the answer. */
  async function ask({ socket, text }: Pick<Held, 'socket' | 'text'>, path = '/'): Promise<void> {
    const before = text().length;
    socket.write(get(path));
    while (!text().slice(before).endsWith(path)) await once(socket, 'data');
  }

  return {
    listener,
    clock,
    reports,
    waiting,
    port,
    open,
    ask,
    nextRequest: () => new Promise<void>((resolve) => arrived.push(resolve)),
    /** So many connections that say nothing. */
    async fill(count: number, from = '127.0.0.1') {
      const held = await holdMany(count, port, { from });
      own.push(...held);
      return held;
    },
    /** A whole request on a connection of its own, and what came back. */
    once: async (from = '127.0.0.1', path = '/') =>
      (await hold(port, { from, bytes: get(path).replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n') }))
        .closed,
  };
}

/** Resolves when the server holds so many connections. */
async function settled(world: Awaited<ReturnType<typeof serve>>, open: number): Promise<void> {
  while (world.listener.open !== open) await new Promise((resolve) => setImmediate(resolve));
}

describe('a listener', () => {
  it('refuses more connections of one address with a message, and serves another address at once', async () => {
    const world = await serve({ perAddress: 4 });
    await world.fill(4, '127.0.0.1');
    await settled(world, 4);
    const refused = await world.once('127.0.0.1');
    expect(refused).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
    expect(refused).toContain('{"reason":"busy"}');
    expect(await world.once('127.0.0.2')).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it('closes what asks for nothing after five seconds, and then serves that address again', async () => {
    const world = await serve({ perAddress: 4 });
    const silent = await world.fill(4);
    await settled(world, 4);
    await world.clock.advance(4999);
    expect(world.listener.open).toBe(4);
    await world.clock.advance(1);
    expect(await Promise.all(silent.map(({ closed }) => closed))).toEqual(['', '', '', '']);
    expect(await world.once()).toContain('200 OK');
  });

  it('closes the one that has been idle longest when a new one needs its room', async () => {
    const world = await serve({ perAddress: 2 });
    const first = await world.open();
    await settled(world, 1);
    await world.clock.advance(600);
    await world.open();
    await settled(world, 2);
    // Both are younger than a second: their requests may be under way.
    expect(await world.once()).toContain('busy');
    await world.clock.advance(400);
    expect(await world.once()).toContain('200 OK');
    expect(await first.closed).toBe('');
  });

  it('lets no crowd of addresses keep another one out', async () => {
    const world = await serve({ perAddress: 2, connections: 6 });
    for (const from of ['127.0.0.2', '127.0.0.3', '127.0.0.4']) await world.fill(2, from);
    await settled(world, 6);
    expect(await world.once('127.0.0.9')).toContain('busy');
    await world.clock.advance(1000);
    expect(await world.once('127.0.0.9')).toContain('200 OK');
  });

  it('keeps a connection between two requests for five seconds, and longer where it has shown a token', async () => {
    const world = await serve();
    const stranger = await world.open();
    const known = await world.open();
    await world.ask(stranger);
    await world.ask(known, '/token');
    await world.clock.advance(4999);
    await world.ask(stranger);
    await world.clock.advance(4999);
    expect(world.listener.open).toBe(2);
    await world.clock.advance(1);
    await stranger.closed;
    await world.clock.advance(50_000);
    await world.ask(known);
    expect(world.listener.open).toBe(1);
  });

  it('closes neither a connection with a token nor one that is being answered to make room', async () => {
    const world = await serve({ perAddress: 2 });
    const known = await world.open();
    await world.ask(known, '/token');
    const busy = await world.open();
    const arrives = world.nextRequest();
    busy.socket.write(get('/wait'));
    await arrives;
    await world.clock.advance(60_000);
    expect(await world.once()).toContain('busy');
    world.waiting[0]?.end('/wait');
    while (!busy.text().endsWith('/wait')) await once(busy.socket, 'data');
    await world.ask(known);
    // Now it asks for nothing, and after a second it has to go.
    await world.clock.advance(1000);
    expect(await world.once()).toContain('200 OK');
    await busy.closed;
  });

  it.each([
    [
      'does not send the body of its request',
      'POST /wait HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{',
    ],
    [
      'sends a chunked body without end',
      'POST /wait HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{',
    ],
    ['does not read its answers', get('/large')],
  ])('closes a connection without a token that %s, when a new one needs its room', async (_name, bytes) => {
    const world = await serve({ perAddress: 2 });
    for (let index = 0; index < 2; index += 1) {
      const arrives = world.nextRequest();
      const held = await world.open();
      held.socket.pause();
      held.socket.write(bytes);
      await arrives;
    }
    expect(await world.once()).toContain('busy');
    await world.clock.advance(1000);
    expect(await world.once()).toContain('200 OK');
    expect(await world.once()).toContain('200 OK');
  });

  it('closes a connection without a token that sends many requests and waits for no answer', async () => {
    const world = await serve();
    const greedy = await world.open('127.0.0.1', get('/wait').repeat(40));
    await greedy.closed;
    expect(world.waiting.length).toBe(2);
    expect(world.listener.open).toBe(0);
    const known = await world.open();
    await world.ask(known, '/token');
    known.socket.write(get('/a').repeat(40));
    while (known.text().split('/a').length <= 40) await once(known.socket, 'data');
  });

  it('never closes one with a token to make room, whatever it is slow at', async () => {
    const world = await serve({ perAddress: 1 });
    const known = await world.open();
    await world.ask(known, '/token');
    const arrives = world.nextRequest();
    known.socket.write('POST /wait HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{');
    await arrives;
    await world.clock.advance(60_000);
    expect(await world.once()).toContain('busy');
    known.socket.write('}');
    world.waiting[0]?.end('/done');
    while (!known.text().endsWith('/done')) await once(known.socket, 'data');
  });

  it('tells who began a request and did not end it that it was too slow', async () => {
    const world = await serve();
    const slow = await world.open('127.0.0.1', 'GET / HTTP/1.1\r\nx-slow: ');
    await settled(world, 1);
    // What was sent before this has arrived when this is answered.
    await world.ask(await world.open());
    await world.clock.advance(5000);
    expect(await slow.closed).toMatch(/^HTTP\/1\.1 408 .*too-slow/s);
  });

  it.each([
    ['no HTTP', 'nonsense\r\n\r\n', 'malformed', 400],
    ['the hello of TLS', Buffer.from('16030100a5010000a10303', 'hex'), 'malformed', 400],
    ['headers without end', `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}`, 'headers-too-large', 431],
  ])('answers %s with its code, and closes', async (_name, bytes, reason, status) => {
    const world = await serve();
    const answer = await (await hold(world.port, { bytes })).closed;
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain(reason);
  });

  it('reports what it refused at once, then once a minute with the number', async () => {
    const world = await serve({ perAddress: 1 });
    const first = await world.open();
    await world.ask(first, '/token');
    for (let index = 0; index < 100; index += 1) await world.once();
    expect(world.reports).toEqual([{ count: 1, address: '127.0.0.1' }]);
    await world.clock.advance(60_000);
    await world.once();
    expect(world.reports).toEqual([
      { count: 1, address: '127.0.0.1' },
      { count: 100, address: '127.0.0.1' },
    ]);
  });

  it('forgets addresses whose connections are closed, and keeps no timer for them', async () => {
    const world = await serve();
    for (let index = 1; index <= 20; index += 1) await world.once(`127.0.1.${index}`);
    await settled(world, 0);
    expect(world.clock.pending()).toBe(0);
  });

  it('lets few refused ones stay for their answer, so that refusing costs nothing', async () => {
    const world = await serve({ perAddress: 1 });
    const first = await world.open();
    await world.ask(first, '/token');
    const many = await world.fill(200);
    const answers = await Promise.all(many.map(({ closed }) => closed));
    expect(answers.every((text) => text === '' || text.includes('busy'))).toBe(true);
    expect(world.listener.open).toBe(1);
    await world.ask(first);
  });
});

/** Answers each request with what the listener says of it. */
async function identify({ source = noBrowsers, ...rest }: { source?: SourceGuard; attempts?: boolean } = {}) {
  const clock = createFakeClock();
  const answers: (RequestRefusal | string | null)[] = [];
  const listener = createListener<string>({
    limits: usualLimits,
    clock,
    source,
    ...(rest.attempts ? { attempts: createAttempts({ monotonic: clock.monotonic }) } : {}),
    authenticate: bearerAuthentication((bearer) => (bearer === 'right' ? 'friend' : null)),
    answer: wireRefusal,
    handle(request, response) {
      const { principal, refusal } = listener.authenticate(request);
      answers.push(listener.checkSource(request) ?? refusal ?? principal);
      response.end();
    },
  });
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  cleanups.push(() => listener.close(0));
  return {
    clock,
    port,
    listener,
    async ask(headers: Readonly<Record<string, string>>) {
      const lines = Object.entries({ host: `127.0.0.1:${port}`, connection: 'close', ...headers });
      const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      await (await hold(port, { bytes: `GET / HTTP/1.1\r\n${head}\r\n` })).closed;
      return answers.pop();
    },
  };
}

describe('who sends a request', () => {
  const unauthorized = { reason: 'unauthorized' };

  it.each([
    ['Bearer right', 'friend'],
    ['bearer  right ', 'friend'],
    ['Bearer wrong', unauthorized],
    ['Bearer right x', unauthorized],
    ['Basic right', unauthorized],
    ['right', unauthorized],
    ['', unauthorized],
  ])('is told by its Bearer token: %j', async (authorization, answer) => {
    const { ask } = await identify();
    expect(await ask({ authorization })).toEqual(answer);
  });

  it('has to wait after wrong tokens, even with the right one, but not after none', async () => {
    const { ask, clock } = await identify({ attempts: true });
    for (let index = 0; index < 5; index += 1) expect(await ask({})).toEqual(unauthorized);
    for (let index = 0; index < 4; index += 1) {
      expect(await ask({ authorization: 'Bearer wrong' })).toEqual(unauthorized);
      if (index === 2) await clock.advance(1000);
    }
    const authorization = 'Bearer right';
    expect(await ask({ authorization })).toEqual({ reason: 'slow-down', retryAfterSeconds: 2 });
    await clock.advance(2000);
    expect(await ask({ authorization })).toBe('friend');
    // The right one ends the count.
    expect(await ask({ authorization: 'Bearer wrong' })).toEqual(unauthorized);
    expect(await ask({ authorization })).toBe('friend');
  });
});

describe('where a request comes from', () => {
  const foreign = { reason: 'foreign-source' };
  const authorization = 'Bearer right';

  it('may be any program, but no web page, where only programs are served', async () => {
    const { ask } = await identify();
    expect(await ask({ authorization, host: 'any.example' })).toBe('friend');
    expect(await ask({ authorization, 'sec-fetch-site': 'none' })).toBe('friend');
    expect(await ask({ authorization, origin: 'null' })).toEqual(foreign);
    expect(await ask({ authorization, 'sec-fetch-site': 'same-site' })).toEqual(foreign);
  });

  it('must be our own page, under our own name, where pages are served', async () => {
    let own = 0;
    const { ask, port } = await identify({ source: ownPages(() => own) });
    own = port;
    expect(await ask({ authorization })).toBe('friend');
    expect(await ask({ authorization, host: `LOCALHOST:${port}` })).toBe('friend');
    expect(await ask({ authorization, origin: `http://127.0.0.1:${port}` })).toBe('friend');
    expect(await ask({ authorization, origin: `http://localhost:${port}` })).toEqual(foreign);
    expect(await ask({ authorization, origin: 'null' })).toEqual(foreign);
    expect(await ask({ authorization, host: `rebound.example:${port}` })).toEqual(foreign);
    expect(await ask({ authorization, host: '127.0.0.1' })).toEqual(foreign);
  });
});

describe('broken HTTP', () => {
  it.each([
    ['no HTTP', 'nonsense\r\n\r\n', 400],
    ['headers without end', `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}`, 431],
  ])('gets a coded answer: %s', async (_name, bytes, status) => {
    const { port } = await identify();
    const answer = await (await hold(port, { bytes })).closed;
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*"code":"BAD_REQUEST"`, 's'));
  });
});

describe('the end of a listener', () => {
  it('waits for the responses in progress, and for nothing else', async () => {
    const world = await serve();
    const idle = await world.open();
    const arrives = world.nextRequest();
    const busy = await world.open('127.0.0.1', get('/wait'));
    await arrives;
    const closed = world.listener.close(1000, world.clock);
    world.waiting[0]?.end('/done');
    await closed;
    expect(await busy.closed).toContain('/done');
    expect(await idle.closed).toBe('');
    expect(world.clock.pending()).toBe(0);
  });

  it('cuts off a response that takes longer than the grace', async () => {
    const world = await serve();
    const arrives = world.nextRequest();
    const busy = await world.open('127.0.0.1', get('/wait'));
    await arrives;
    const closed = world.listener.close(1000, world.clock);
    await world.clock.advance(1000);
    await closed;
    expect(await busy.closed).toBe('');
  });

  it('frees its port, which nothing else could take before', async () => {
    const first = await identify();
    const second = await identify();
    await second.listener.close(0);
    const at = { host: '127.0.0.1', port: first.port };
    const error: unknown = await second.listener.listen(at).catch((thrown: unknown) => thrown);
    expect(isPortTaken(error)).toBe(true);
    await first.listener.close(0);
    expect((await second.listener.listen(at)).port).toBe(first.port);
  });
});
