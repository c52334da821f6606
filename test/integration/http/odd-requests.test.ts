/** Requests that Node or the router would answer on their own: each gets an answer inside the contract, or none. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wireErrorSchema } from '../../../shared/contract/errors.ts';
import { bearerProtocol, linkProtocol, streamPath } from '../../../shared/contract/link.ts';
import { parseJson } from '../../../shared/json.ts';
import { createTestServer } from '../../fakes/http-server.ts';
import { hold } from '../../fakes/sockets.ts';
import { createWorld } from '../agent/world.ts';

interface Answer {
  status: number;
  headers: string;
  body: unknown;
}

async function ask(port: number, lines: string[], body = ''): Promise<Answer> {
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');
  const text = await (await hold(port, { bytes })).closed;
  const [head = '', ...rest] = text.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), headers: head.toLowerCase(), body: parseJson(rest.join('')) };
}

describe('the control server', () => {
  const served: string[] = [];
  const test = createTestServer({
    handlers: {
      'settings.get': () => {
        served.push('settings.get');
        return { known: true } as never;
      },
      'fleet.simulate': () => {
        served.push('fleet.simulate');
        return [];
      },
    },
  });
  let port = 0;
  let host = '';
  beforeAll(async () => {
    port = Number(new URL(await test.server.listen(0)).port);
    host = `host: 127.0.0.1:${port}`;
  });
  afterAll(() => test.close());

  const close = 'connection: close';
  const bearer = () => `authorization: ${test.authorization}`;

  it.each([
    ['a broken escape', (path: string) => `GET ${path}%zz HTTP/1.1`, 400, 'BAD_REQUEST'],
    [
      'an address that is too long',
      (path: string) => `GET ${path}${'a'.repeat(20_000)} HTTP/1.1`,
      431,
      'BAD_REQUEST',
    ],
    ['a byte that is not ASCII', (path: string) => `GET ${path}\xe9 HTTP/1.1`, 400, 'BAD_REQUEST'],
  ])('answers %s within the contract', async (_, line, status, code) => {
    for (const path of ['/', '/api/call/', '/assets/']) {
      const answer = await ask(port, [line(path), host, close]);
      expect([path, answer.status, answer.body]).toMatchObject([path, status, { code }]);
      expect(wireErrorSchema.safeParse(answer.body).success).toBe(true);
    }
  });

  it('answers a part of the address that is too long within the contract, and repeats none of it', async () => {
    const long = 'a'.repeat(5000);
    const answer = await ask(port, [
      `POST /api/call/${long} HTTP/1.1`,
      host,
      bearer(),
      'content-length: 0',
      close,
    ]);
    expect(answer).toMatchObject({ status: 414, body: { code: 'BAD_REQUEST' } });
    expect(JSON.stringify(answer.body)).not.toContain('aaaa');
    expect(answer.headers).toContain('content-security-policy');
  });

  it('answers scripts in their shape', async () => {
    const answer = await ask(port, ['GET /index/status/%zz HTTP/1.1', host, bearer(), close]);
    expect(answer).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST', error: expect.any(String) } });
  });

  it('tells a foreign host nothing else', async () => {
    const answer = await ask(port, ['GET /%zz HTTP/1.1', 'host: evil.example', close]);
    expect(answer).toMatchObject({ status: 403, body: { code: 'FORBIDDEN_ORIGIN' } });
  });

  it.each([
    ['HTTP/2', 'GET', 'connection: Upgrade, HTTP2-Settings', 'upgrade: h2c'],
    ['another protocol', 'GET', 'connection: Upgrade', 'upgrade: chat'],
    ['a WebSocket that is not ours', 'GET', 'connection: Upgrade', 'upgrade: websocket'],
    ['HTTP/2 with a call', 'POST', 'connection: Upgrade, HTTP2-Settings', 'upgrade: h2c'],
  ])('serves a request that asks for %s as if it did not', async (_, method, ...upgrade) => {
    const path = method === 'GET' ? '/' : '/api/call/settings.get';
    const lines = [
      `${method} ${path} HTTP/1.1`,
      host,
      bearer(),
      ...upgrade,
      'content-type: application/json',
    ];
    const text = await (await hold(port, { bytes: `${lines.join('\r\n')}\r\ncontent-length: 2\r\n\r\n{}` }))
      .closed;
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(text).toContain(method === 'GET' ? '<title>Pilotlight' : '{"known":true}');
  });

  it.each([
    ['another method', 'POST', ['sec-websocket-version: 13', 'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==']],
    ['an old version', 'GET', ['sec-websocket-version: 7', 'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==']],
    ['no key', 'GET', ['sec-websocket-version: 13']],
  ])('answers a link that asks with %s within the contract', async (_, method, headers) => {
    const answer = await ask(port, [
      `${method} ${streamPath} HTTP/1.1`,
      host,
      'connection: Upgrade',
      'upgrade: websocket',
      ...headers,
      `sec-websocket-protocol: ${linkProtocol}, ${bearerProtocol(test.authorization.replace('Bearer ', ''))}`,
    ]);
    expect(answer).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } });
    expect(wireErrorSchema.safeParse(answer.body).success).toBe(true);
  });

  it.each([
    ['ours first', (own: string) => [own, 'Host: evil.example']],
    ['ours last', (own: string) => ['HOST: evil.example', own]],
    ['ours twice', (own: string) => [own, own]],
  ])('refuses two hosts, %s', async (_, hosts) => {
    const answer = await ask(port, ['GET / HTTP/1.1', ...hosts(host), close]);
    expect(answer).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } });
    const link = await ask(port, [
      'GET /api/stream HTTP/1.1',
      ...hosts(host),
      'connection: Upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
      `sec-websocket-protocol: pilotlight.v1`,
    ]);
    expect(link).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } });
  });

  it.each([
    ['no host', ['GET / HTTP/1.1', close], 403, 'FORBIDDEN_ORIGIN'],
    ['a tunnel', ['CONNECT evil.example:80 HTTP/1.1', 'host: evil.example:80'], 400, 'BAD_REQUEST'],
    ['an unknown method', ['BREW / HTTP/1.1', 'host: a'], 400, 'BAD_REQUEST'],
    ['headers that are too large', ['GET / HTTP/1.1', `x: ${'a'.repeat(20_000)}`], 431, 'BAD_REQUEST'],
  ])('answers %s within the contract', async (_, lines, status, code) => {
    const answer = await ask(port, lines);
    expect(answer).toMatchObject({ status, body: { code } });
    expect(wireErrorSchema.safeParse(answer.body).success).toBe(true);
  });

  it.each<[string, string[], string]>([
    ['a length and chunks', ['content-length: 5', 'transfer-encoding: chunked'], '0\r\n\r\n'],
    ['two lengths', ['content-length: 2', 'content-length: 60'], '{}'],
    ['a list of lengths', ['content-length: 2, 60'], '{}'],
    ['a length with a sign', ['content-length: +2'], '{}'],
    ['a negative length', ['content-length: -2'], '{}'],
    ['a length in hexadecimal', ['content-length: 0x2'], '{}'],
    ['another coding after chunks', ['transfer-encoding: chunked, identity'], '0\r\n\r\n'],
    ['chunks under a name with a space', ['transfer-encoding : chunked'], '0\r\n\r\n'],
    ['chunks by a misspelt name', ['transfer-encoding: xchunked'], '0\r\n\r\n'],
    ['a folded header', ['x: a', ' transfer-encoding: chunked'], '0\r\n\r\n'],
    ['a header that ends with a bare line feed', ['x: a\ntransfer-encoding: chunked'], '0\r\n\r\n'],
    ['a size of a chunk that is no number', ['transfer-encoding: chunked'], 'zz\r\n{}\r\n0\r\n\r\n'],
    ['a size of a chunk with a sign', ['transfer-encoding: chunked'], '-2\r\n{}\r\n0\r\n\r\n'],
  ])('does not serve a second request that is hidden behind %s', async (_, headers, body) => {
    const hidden = ['POST /api/call/fleet.simulate HTTP/1.1', host, bearer(), 'content-length: 11'].join(
      '\r\n',
    );
    const answer = await ask(
      port,
      ['POST /api/call/settings.get HTTP/1.1', host, bearer(), 'content-type: application/json', ...headers],
      `${body}${hidden}\r\n\r\n{"on":true}`,
    );
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.headers).toContain('connection: close');
    expect(served).not.toContain('fleet.simulate');
  });

  it('answers an unknown expectation within the contract', async () => {
    const answer = await ask(port, [
      'POST /api/session HTTP/1.1',
      host,
      'expect: tea',
      'content-length: 0',
      close,
    ]);
    expect(answer).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } });
  });

  it.each([
    ['one field of 500 kB', { ['k'.repeat(500_000)]: 1 }, 1],
    ['20,000 fields', Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`key${at}`, 1])), 5],
  ])('repeats of %s only enough to recognise them', async (_, more, named) => {
    const body = JSON.stringify({ nodeId: 'x', ...more });
    const answer = await ask(
      port,
      [
        'POST /api/call/power.wake HTTP/1.1',
        host,
        bearer(),
        'content-type: application/json',
        `content-length: ${body.length}`,
        close,
      ],
      body,
    );
    expect(answer).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } });
    const text = JSON.stringify(answer.body);
    expect(text.length).toBeLessThan(1000);
    expect(text.match(/\\"k/g)).toHaveLength(named);
  });
});

describe('the agent', () => {
  it('answers what Node would answer itself in its own shape', async () => {
    await using world = await createWorld({});
    const code = async (...lines: string[]) => {
      const { status, body } = await ask(world.port(), lines);
      return [status, (body as { error?: { code?: string } } | undefined)?.error?.code];
    };
    expect(await code('CONNECT a:80 HTTP/1.1', 'host: a:80')).toEqual([400, 'BAD_REQUEST']);
    expect(await code('GET /health HTTP/1.1', 'host: a', 'host: b', 'connection: close')).toEqual([
      400,
      'BAD_REQUEST',
    ]);
    expect(await code('POST /v1/pair HTTP/1.1', 'host: a', 'expect: tea', 'connection: close')).toEqual([
      400,
      'BAD_REQUEST',
    ]);
    const upgrade = ['connection: Upgrade', 'upgrade: chat'];
    expect((await ask(world.port(), ['GET /health HTTP/1.1', 'host: a', ...upgrade])).status).toBe(200);
  });
});
