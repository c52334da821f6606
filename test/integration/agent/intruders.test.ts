/** Those who should not get in, or who ask for too much: an answer in words, and nothing changed. */
import { once } from 'node:events';
import http from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { usualLimits } from '../../../electron/adapters/http/limits.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { createWorld, type World } from './world.ts';

const lease = { holder: 'a', purpose: 'b', ttlSeconds: 60 };

/** A connection that never ends what it began; resolves with what comes until it is closed by the other side. */
async function held(world: World, bytes: string): Promise<string> {
  const socket = connect(world.port(), '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(bytes);
  await closed;
  return text;
}

describe('tokens', () => {
  it('that are tried slowly, one after each wait, get no further than one a minute', async () => {
    await using world = await createWorld();
    const waits: number[] = [];
    for (let tries = 0; tries < 12; tries += 1) {
      const wrong = await world.call('GET', '/v1/power', undefined, `guess-${tries}`);
      expect(wrong.status).toBe(401);
      // While it waits, even the right one is not looked at: the answer tells nothing.
      const right = await world.call('GET', '/v1/power');
      const seconds = Number(right.headers.get('retry-after') ?? 0);
      expect(right.status).toBe(seconds > 0 ? 429 : 200);
      if (seconds === 0) {
        // The right one forgave the wrong one; from here on only wrong ones come.
        await world.call('GET', '/v1/power', undefined, 'wrong');
        await world.call('GET', '/v1/power', undefined, 'wrong');
      }
      waits.push(seconds);
      await world.clock.advance(seconds * 1000);
    }
    expect(waits).toEqual([0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]);
    expect((await world.call('GET', '/v1/power')).status).toBe(200);
    expect((await world.call('GET', '/v1/power', undefined, 'wrong')).status).toBe(401);
    expect((await world.call('GET', '/v1/power')).status).toBe(200);
  });

  it('that are missing make nobody wait', async () => {
    await using world = await createWorld();
    for (let tries = 0; tries < 20; tries += 1)
      expect((await world.call('PUT', '/v1/leases/x', lease, null)).status).toBe(401);
    expect((await world.call('GET', '/v1/leases')).body.leases).toEqual([]);
  });

  it('of another scheme, cut off, doubled or with more behind them are wrong', async () => {
    await using world = await createWorld();
    const ask = async (authorization: string) => {
      const request = http.request({
        ...{ host: '127.0.0.1', port: world.port(), path: '/v1/power', agent: false },
        headers: { authorization },
      });
      request.end();
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      response.resume();
      await world.clock.advance(60_000);
      return response.statusCode;
    };
    const { token } = world;
    expect(await ask(`Bearer ${token}`)).toBe(200);
    for (const wrong of [
      token,
      `Basic ${token}`,
      `Bearer ${token.slice(1)}`,
      `Bearer ${token} x`,
      `Bearer ${token},x`,
    ])
      expect(await ask(wrong)).toBe(401);
  });
});

describe('requests', () => {
  const limits = { ...usualLimits, firstMs: 200, requestMs: 400 };

  it('whose body drips in are let go, and change nothing', async () => {
    await using world = await createWorld({ limits });
    const head = `PUT /v1/leases/slow HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${world.token}\r\n`;
    const answer = await held(world, `${head}content-length: 60\r\n\r\n{"holder":`);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect((await world.call('GET', '/v1/leases')).body.leases).toEqual([]);
  });

  it('of 10 MB in chunks end at the limit, and change nothing', async () => {
    await using world = await createWorld();
    const request = http.request({
      ...{ host: '127.0.0.1', port: world.port(), path: '/v1/leases/big', method: 'PUT', agent: false },
      headers: { authorization: `Bearer ${world.token}` },
    });
    const answered = once(request, 'response') as Promise<[http.IncomingMessage]>;
    request.on('error', () => {});
    const piece = Buffer.alloc(64 * 1024, 0x20);
    request.write('{"holder":"');
    for (let sent = 0; sent < 10_000_000; sent += piece.length) request.write(piece);
    const [response] = await answered;
    expect(response.statusCode).toBe(413);
    request.destroy();
    expect((await world.call('GET', '/v1/leases')).body.leases).toEqual([]);
  });

  it.each([
    ['lists in lists', '['.repeat(30_000) + ']'.repeat(30_000), 'BAD_REQUEST'],
    ['objects in objects', `${'{"holder":'.repeat(5_000)}1${'}'.repeat(5_000)}`, 'BAD_REQUEST'],
    ['a prototype', '{"__proto__":{"holder":"x"},"purpose":"b","ttlSeconds":5}', 'BAD_REQUEST'],
    ['a number that is none', '{"holder":"a","purpose":"b","ttlSeconds":1e999}', 'BAD_REQUEST'],
    ['a text', '"lease"', 'BAD_REQUEST'],
    ['nothing', '', 'BAD_REQUEST'],
    ['bytes that are no text', '\u00ff\u00fe{}', 'BAD_JSON'],
  ])('with %s are refused in words', async (_, body, code) => {
    await using world = await createWorld();
    const answer = await world.call('PUT', '/v1/leases/x', body);
    expect(answer).toMatchObject({ status: 400, body: { error: { code } } });
    expect(JSON.stringify(answer.body).length).toBeLessThan(2_000);
    expect((await world.call('GET', '/v1/leases')).body.leases).toEqual([]);
  });

  it('refuses connections over its limit with a message, and answers again when those are closed', async () => {
    const connectionClock = createFakeClock();
    await using world = await createWorld({ limits: { ...usualLimits, connections: 3 }, connectionClock });
    const idle = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const socket = connect(world.port(), '127.0.0.1');
        socket.on('error', () => {}).resume();
        await once(socket, 'connect');
        return { closed: new Promise((resolve) => socket.once('close', resolve)) };
      }),
    );
    const refused = await held(world, 'GET /health HTTP/1.1\r\nhost: a\r\n\r\n');
    expect(refused).toMatch(/^HTTP\/1\.1 503 .*TOO_MANY_CONNECTIONS/s);
    expect(world.said.filter((line) => line.includes('too many connections'))).toHaveLength(1);
    // They say nothing, and are let go for it.
    await connectionClock.advance(5000);
    await Promise.all(idle.map(({ closed }) => closed));
    expect((await world.call('GET', '/health')).status).toBe(200);
  });

  it('for power at the same moment: one is taken, and one command runs', async () => {
    await using world = await createWorld();
    const answers = await Promise.all([
      world.call('POST', '/shutdown'),
      world.call('POST', '/v1/power', { action: 'sleep' }),
      world.call('POST', '/v1/power', { action: 'restart', force: true }),
      world.call('POST', '/v1/power', { action: 'hibernate', countdownSeconds: 10 }),
    ]);
    expect(answers.map(({ status }) => status).filter((status) => status !== 409)).toHaveLength(1);
    await world.clock.advance(60_000);
    expect(world.machine.ran).toHaveLength(1);
  });

  it('for policies of more panels than there are in a house are refused, and none is lost', async () => {
    await using world = await createWorld();
    for (let panel = 0; panel < 50; panel += 1)
      expect((await world.call('PUT', `/v1/policies/panel-${panel}`, { finishAlone: true })).status).toBe(
        200,
      );
    expect(await world.call('PUT', '/v1/policies/one-more', { finishAlone: true })).toMatchObject({
      status: 409,
      body: { error: { code: 'TOO_MANY_POLICIES' } },
    });
    expect((await world.call('PUT', '/v1/policies/panel-7', { finishAlone: false })).status).toBe(200);
    expect((await world.call('GET', '/v1/policy')).body.policies).toHaveLength(50);
  });
});
