import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { answerJson, node, startInFront } from '../../fakes/data-plane.ts';
import { gatewayTable } from '../../fakes/gateway-table.ts';
import { hold } from '../../fakes/sockets.ts';

const world = () =>
  startInFront(
    (_, response) => answerJson(response, { done: true }),
    (url) => gatewayTable([node('one', url)]),
  );

describe('a Host', () => {
  it.each([
    'localhost:1',
    '127.0.0.1',
    'gpu.local',
    'x.localhost',
    'a.internal',
    '192.168.1.20:11435',
    '[::1]:80',
  ])('%s is served', async (host) => {
    await using all = await world();
    expect((await all.gateway.ask('/api/version', { method: 'GET', headers: { host } })).status).toBe(200);
  });
  it.each([
    'example.com',
    'gpu-tower.example:11434',
    '8.8.8.8',
    '127.0.0.1.example.com',
    'localhost.example',
  ])('%s is refused without a word', async (host) => {
    await using all = await world();
    const answer = await all.gateway.ask('/api/version', { method: 'GET', headers: { host } });
    expect([answer.status, answer.text]).toEqual([403, '']);
  });
});

describe('a page', () => {
  it.each([
    'http://localhost:5173',
    'app://x',
    'tauri://localhost',
    'vscode-webview://x',
    'https://127.0.0.1',
  ])('of %s may read the answer', async (origin) => {
    await using all = await world();
    const answer = await all.gateway.ask('/api/version', { method: 'GET', headers: { origin } });
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([200, origin]);
  });

  it('of another site is refused, before anything is sent on', async () => {
    await using all = await world();
    for (const origin of ['http://example.com', 'null', 'http://localhost.example.com']) {
      const answer = await all.gateway.ask('/api/generate', { body: { model: 'm' }, headers: { origin } });
      expect([answer.status, answer.headers['x-pilotlight-error']]).toEqual([403, 'GATEWAY_FOREIGN_PAGE']);
    }
    expect(all.server.asked).toEqual([]);
  });

  it('asks first, and its Origin goes no further', async () => {
    await using all = await world();
    const headers = {
      origin: 'http://localhost:5173',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,x-custom',
    };
    const preflight = await all.gateway.ask('/api/generate', { method: 'OPTIONS', headers });
    expect([preflight.status, preflight.headers.allow]).toEqual([204, 'POST']);
    expect(preflight.headers['access-control-allow-headers']).toContain('x-custom');
    const body = { model: 'm', stream: false };
    const answer = await all.gateway.ask('/api/generate', {
      body,
      headers: { origin: 'http://localhost:5173' },
    });
    expect(answer.headers['access-control-allow-origin']).toBe('http://localhost:5173');
    expect(all.server.asked[0]?.headers.origin).toBeUndefined();
    const foreign = await all.gateway.ask('/api/generate', {
      method: 'OPTIONS',
      headers: { ...headers, origin: 'http://example.com' },
    });
    expect(foreign.status).toBe(403);
  });
});

describe('odd HTTP', () => {
  const raw = async (port: number, bytes: string) => (await hold(port, { bytes })).closed;

  it('with two Hosts is refused', async () => {
    await using all = await world();
    const text = await raw(all.gateway.port, 'GET / HTTP/1.1\r\nHost: a.local\r\nHost: b.local\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1.1 400 /);
  });

  it('with an absolute target is refused', async () => {
    await using all = await world();
    const text = await raw(
      all.gateway.port,
      'GET http://127.0.0.1/api/tags HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n',
    );
    expect(text).toMatch(/^HTTP\/1.1 400 [\s\S]*X-Pilotlight-Error: BAD_TARGET/);
  });

  it.each([
    ['a length and chunks', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a chunk of no size', 'Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n'],
    ['an unknown transfer', 'Transfer-Encoding: gzip\r\n\r\nabc'],
  ])('with %s is refused', async (_, rest) => {
    await using all = await world();
    const text = await raw(all.gateway.port, `POST /api/generate HTTP/1.1\r\nHost: 127.0.0.1\r\n${rest}`);
    expect(text).toMatch(/^HTTP\/1.1 400 /);
    expect(all.server.asked).toEqual([]);
  });

  it('of version 1.0 is answered with a closed connection', async () => {
    await using all = await world();
    const body = '{"model":"m","stream":false}';
    const text = await raw(
      all.gateway.port,
      `POST /api/generate HTTP/1.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(text).toMatch(/^HTTP\/1.1 200 [\s\S]*\{"done":true\}$/);
    expect(text).not.toMatch(/transfer-encoding/i);
  });

  it('that expects 100 is told to go on, and the server is not', async () => {
    await using all = await world();
    const body = '{"model":"m","stream":false}';
    const socket = connect(all.gateway.port, '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text === 'HTTP/1.1 100 Continue\r\n\r\n') socket.write(body);
    });
    socket.write(
      `POST /api/generate HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    await new Promise((resolve) => socket.once('close', resolve));
    expect(text).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 /);
    expect(all.server.asked[0]?.headers.expect).toBeUndefined();
  });
});

describe('what is turned away at the door', () => {
  it('is counted by reason, and nothing else counts it', async () => {
    await using all = await startInFront(
      (_, response) => answerJson(response, { done: true }),
      (url) => gatewayTable([node('one', url)], { keyOnLoopback: true }),
    );
    const { gateway } = all;
    const key = { authorization: 'Bearer wrong' };
    await gateway.ask('/api/version', { method: 'GET', headers: { host: 'example.com' } });
    await gateway.ask('/api/version', { method: 'GET', headers: { origin: 'http://example.com' } });
    for (const path of ['/api/version', '/api/tags'])
      await gateway.ask(path, { method: 'GET', headers: key });
    const counts = new Map<string, number>();
    await gateway.until(() => {
      counts.clear();
      for (const event of gateway.events) {
        if (event.kind !== 'finished') continue;
        for (const [reason, count] of event.turnedAway ?? [])
          counts.set(reason, (counts.get(reason) ?? 0) + count);
      }
      return [...counts.values()].reduce((sum, count) => sum + count, 0) === 4;
    });
    expect(Object.fromEntries(counts)).toEqual({
      FOREIGN_HOST: 1,
      GATEWAY_FOREIGN_PAGE: 1,
      GATEWAY_KEY_NEEDED: 2,
    });
    expect(gateway.finished()).toEqual([]);
  });

  it('counts paths and methods that do not exist', async () => {
    await using all = await world();
    const { gateway } = all;
    await gateway.ask('/api/nothing', { method: 'GET' });
    await gateway.ask('/api/tags', { method: 'DELETE' });
    const reasons = () =>
      gateway.events.flatMap((event) => (event.kind === 'finished' ? (event.turnedAway ?? []) : []));
    await gateway.until(() => reasons().length > 0);
    expect(new Map(reasons())).toEqual(
      new Map([
        ['NO_SUCH_PATH', 1],
        ['WRONG_METHOD', 1],
      ]),
    );
  });
});
