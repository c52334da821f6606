import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { bearerProtocol, linkProtocol, mostMessageBytes, streamPath } from '../../../shared/contract/link.ts';
import { defaultSettings } from '../../../shared/models/settings.ts';
import { createTestServer, testPort } from '../../fakes/http-server.ts';
import { untilAborted } from '../../fakes/transport.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function start(options: Parameters<typeof createTestServer>[0] = {}) {
  const test = createTestServer({ handlers: { 'settings.get': () => defaultSettings }, ...options });
  cleanups.push(test.close);
  return test;
}

describe('who may ask', () => {
  const wrongHosts = [
    'evil.example',
    `evil.example:${testPort}`,
    '127.0.0.1',
    '127.0.0.1:80',
    `127.0.0.2:${testPort}`,
    `127.0.0.1.nip.example:${testPort}`,
    `localhost.evil.example:${testPort}`,
    `user@127.0.0.1:${testPort}`,
    '',
    `127.0.0.1.:${testPort}`,
    `localhost.:${testPort}`,
    `127.1:${testPort}`,
    `0.0.0.0:${testPort}`,
    `2130706433:${testPort}`,
    `0x7f000001:${testPort}`,
    `0177.0.0.1:${testPort}`,
    `[::]:${testPort}`,
    `[::ffff:127.0.0.1]:${testPort}`,
    `::1:${testPort}`,
    `192.168.1.7:${testPort}`,
    `app.localhost:${testPort}`,
    `127.0.0.1:${testPort}0`,
    `127.0.0.1:0${testPort}`,
    `127.0.0.1:${testPort},evil.example`,
    `127.0.0.1:${testPort} evil.example`,
    `http://127.0.0.1:${testPort}`,
    `127.0.0.1:${testPort}/`,
  ];
  it.each(wrongHosts)('refuses the host %j (DNS rebinding)', async (host) => {
    const { app, authorization } = start();
    for (const url of ['/', '/api/call/settings.get', '/metrics', '/assets/index-abc123.js']) {
      const method = url.startsWith('/api') ? 'POST' : 'GET';
      const reply = await app.inject({ method, url, headers: { host, authorization } });
      expect([url, reply.statusCode, reply.json().code]).toEqual([url, 403, 'FORBIDDEN_ORIGIN']);
    }
  });

  it.each([
    'http://evil.example',
    'null',
    `https://127.0.0.1:${testPort}`,
    `http://127.0.0.1:${testPort + 1}`,
    `http://localhost:${testPort}`,
    `http://127.0.0.1:${testPort}.evil.example`,
    'http://127.0.0.1',
    `http://127.0.0.1:${testPort}/`,
    `http://user@127.0.0.1:${testPort}`,
    `http://[::1]:${testPort}`,
    `http://127.0.0.2:${testPort}`,
    `ws://127.0.0.1:${testPort}`,
    `http://127.0.0.1:${testPort} http://evil.example`,
    `http://127.0.0.1:${testPort}, http://evil.example`,
    'file://',
    'chrome-extension://abcdefgh',
    '',
  ])('refuses the origin %s, right token or not', async (origin) => {
    const { app, authorization, host } = start();
    const reply = await app.inject({
      method: 'POST',
      url: '/api/call/settings.get',
      headers: { host, origin, authorization, 'content-type': 'application/json' },
      payload: {},
    });
    expect([reply.statusCode, reply.json().code]).toEqual([403, 'FORBIDDEN_ORIGIN']);
    expect(reply.headers['access-control-allow-origin']).toBeUndefined();
  });

  it.each([`127.0.0.1:${testPort}`, `localhost:${testPort}`, `[::1]:${testPort}`, `LOCALHOST:${testPort}`])(
    'lets %s in, with its own origin or none',
    async (host) => {
      const { app, authorization } = start();
      for (const origin of [undefined, `http://${host}`]) {
        const reply = await app.inject({
          method: 'POST',
          url: '/api/call/settings.get',
          headers: { host, authorization, ...(origin === undefined ? {} : { origin }) },
        });
        expect(reply.statusCode).toBe(200);
      }
    },
  );

  it('does not answer a preflight', async () => {
    const { app } = start();
    const reply = await app.inject({
      method: 'OPTIONS',
      url: '/api/call/settings.get',
      headers: { host: `127.0.0.1:${testPort}`, origin: 'http://evil.example' },
    });
    expect(reply.statusCode).toBe(403);
  });

  it.each([undefined, 'Bearer', 'Bearer wrong', 'Basic abc', 'bearer  '])(
    'asks for a token: %s',
    async (authorization) => {
      const { app, host } = start();
      const headers = { host, ...(authorization === undefined ? {} : { authorization }) };
      for (const url of ['/api/call/settings.get', '/api/call/nope', '/api/session/token']) {
        const reply = await app.inject({ method: 'POST', url, headers });
        expect([url, reply.statusCode, reply.json().code]).toEqual([url, 401, 'UNAUTHORIZED']);
      }
    },
  );
});

describe('the index token', () => {
  it('is for scripts: it reads no settings, gives no panel and follows no stream', async () => {
    const test = start({ indexToken: 'scripts' });
    const headers = { host: test.host, authorization: 'Bearer scripts' };
    for (const url of ['/api/call/settings.get', '/api/session/token']) {
      const reply = await test.app.inject({ method: 'POST', url, headers });
      expect([url, reply.statusCode, reply.json().code]).toEqual([url, 403, 'FORBIDDEN']);
    }
    const { port } = new URL(await test.server.listen(0));
    const protocols = [linkProtocol, bearerProtocol('scripts')];
    const socket = new WebSocket(`ws://127.0.0.1:${port}${streamPath}`, protocols);
    await once(socket, 'open');
    for (const [id, stream] of ['settings', 'access', 'fleet'].entries()) {
      const answer = once(socket, 'message') as Promise<[Buffer]>;
      socket.send(JSON.stringify({ type: 'subscribe', id, stream, cursor: null }));
      const [message] = await answer;
      expect(JSON.parse(message.toString())).toMatchObject({
        type: 'error',
        id,
        error: { code: 'FORBIDDEN' },
      });
    }
    socket.terminate();
  });
});

describe('the one-time token', () => {
  it('gives a bearer once, then says that it was used', async () => {
    const { app, server, host } = start();
    const url = new URL(server.oneTimeUrl());
    expect(url.hash).toMatch(/^#token=pilotlight_once_/);
    expect(url.search).toBe('');
    const token = url.hash.replace('#token=', '');
    const exchange = (value: unknown) =>
      app.inject({ method: 'POST', url: '/api/session', headers: { host }, payload: { token: value } });
    const first = await exchange(token);
    expect(first.statusCode).toBe(200);
    const { bearer } = first.json();
    const call = await app.inject({
      method: 'POST',
      url: '/api/call/settings.get',
      headers: { host, authorization: `Bearer ${bearer}` },
    });
    expect(call.json()).toEqual(defaultSettings);

    expect((await exchange(token)).json().code).toBe('TOKEN_USED');
    expect((await exchange('wrong')).json().code).toBe('UNAUTHORIZED');
    expect((await exchange('')).json().code).toBe('BAD_REQUEST');
    expect((await exchange(7)).json().code).toBe('BAD_REQUEST');
    // The token is not a bearer, and the bearer is not a token.
    expect((await exchange(bearer)).json().code).toBe('UNAUTHORIZED');
  });

  it('is minted anew for who holds the control token', async () => {
    const { app, host, authorization } = start();
    const reply = await app.inject({
      method: 'POST',
      url: '/api/session/token',
      headers: { host, authorization },
    });
    const token = new URL(reply.json().url).hash.replace('#token=', '');
    const exchanged = await app.inject({
      method: 'POST',
      url: '/api/session',
      headers: { host },
      payload: { token },
    });
    expect(exchanged.statusCode).toBe(200);
  });

  it('keeps only the newest few that nobody used', () => {
    const { access, host } = start();
    const request = { headers: { host } };
    const first = access.mintOneTimeToken();
    const later = Array.from({ length: 16 }, () => access.mintOneTimeToken());
    expect(() => access.signIn({ token: first }, request)).toThrow();
    expect(access.signIn({ token: later[0] ?? '' }, request).bearer).toMatch(/^pilotlight_session_\w{43}$/);
  });
});

describe('bad requests', () => {
  const post = (test: ReturnType<typeof start>, payload: string, type = 'application/json') =>
    test.app.inject({
      method: 'POST',
      url: '/api/call/settings.get',
      headers: { host: test.host, authorization: test.authorization, 'content-type': type },
      payload,
    });

  it.each(['{', '[1,', 'x', '"', '{"__proto__":{"a":1}}', '{"constructor":{"prototype":{}}}'])(
    'answers %s with BAD_REQUEST',
    async (payload) => {
      const reply = await post(start(), payload);
      expect([reply.statusCode, reply.json().code]).toEqual([400, 'BAD_REQUEST']);
    },
  );

  it('takes JSON only, so that no form of another page can be one', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const reply = await post(start(), '{}', type);
      expect([reply.statusCode, reply.json().code]).toEqual([415, 'BAD_REQUEST']);
    }
  });

  it('refuses a body over the limit', async () => {
    const reply = await post(start(), JSON.stringify({ text: 'x'.repeat(mostMessageBytes) }));
    expect([reply.statusCode, reply.json().code]).toEqual([413, 'BAD_REQUEST']);
  });

  it('answers unknown paths of the API in JSON', async () => {
    const test = start();
    for (const url of ['/api', '/api/', '/api/nothing', '/index/nothing', '/metrics']) {
      const reply = await test.app.inject({ method: 'GET', url, headers: { host: test.host } });
      expect([url, reply.statusCode, reply.json().code]).toEqual([url, 404, 'NOT_FOUND']);
    }
    const put = await test.app.inject({ method: 'PUT', url: '/', headers: { host: test.host } });
    expect(put.json().code).toBe('NOT_FOUND');
  });

  it('aborts a call whose client went away', async () => {
    const run = untilAborted();
    const test = start({ handlers: { 'optimizer.run': run.handler } });
    const { port } = new URL(await test.server.listen(0));
    const client = request({
      host: '127.0.0.1',
      port,
      path: '/api/call/optimizer.run',
      method: 'POST',
      headers: { authorization: test.authorization },
    });
    client.on('error', () => {});
    client.end();
    await run.begun;
    client.destroy();
    await test.dispatcher.drained();
    expect(run.state.aborted).toBe(true);
  });

  it('says which port is in use', async () => {
    const one = start();
    const url = new URL(await one.server.listen(0));
    const other = start();
    await expect(other.server.listen(Number(url.port))).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      details: { port: Number(url.port) },
    });
  });
});

describe('the panel', () => {
  const get = (test: ReturnType<typeof start>, url: string) =>
    test.app.inject({ method: 'GET', url, headers: { host: test.host } });

  it('comes with its policy, and a new nonce each time', async () => {
    const test = start();
    const replies = [await get(test, '/'), await get(test, '/fleet')];
    const nonces = replies.map((reply) => {
      const policy = String(reply.headers['content-security-policy']);
      const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
      expect(policy).toBe(
        `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; ` +
          `media-src 'self'; font-src 'self'; connect-src 'self' ws://127.0.0.1:${testPort} wss://127.0.0.1:${testPort}; ` +
          `manifest-src 'self'; worker-src 'self'; base-uri 'none'; ` +
          `form-action 'none'; frame-ancestors 'none'`,
      );
      expect(reply.body).toContain(`nonce="${nonce}"`);
      expect(reply.body).not.toContain('__CSP_NONCE__');
      expect(reply.headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'cache-control': 'no-store',
      });
      return nonce;
    });
    expect(new Set(nonces).size).toBe(2);
  });

  it('caches what has a hash in its name', async () => {
    const test = start();
    const asset = await get(test, '/assets/index-abc123.js');
    expect(asset.headers['cache-control']).toContain('immutable');
    expect(asset.headers['content-type']).toContain('text/javascript');
    expect((await get(test, '/icon.svg')).headers['cache-control']).toBe('no-cache');
    expect((await get(test, '/assets/missing.js')).statusCode).toBe(404);
  });

  it.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%5c..%5csecret.txt',
    '/%2e%2e%2f%2e%2e%2fetc/passwd.txt',
    '//secret.txt',
    '/%00.txt',
    '/%',
    '/link.txt',
    '/C:/secret.txt',
    '/etc/passwd.txt',
  ])('keeps everything else in: %s', async (url) => {
    const test = start();
    const reply = await get(test, url);
    expect(reply.body).not.toContain('outside');
    expect([400, 404]).toContain(reply.statusCode);
    // Over a socket too: a client library may have mended the path before it was sent.
    const { port } = new URL(await test.server.listen(0));
    const raw = await rawGet(Number(port), url);
    expect(raw).toMatch(/^HTTP\/1\.1 40[04] /);
    expect(raw).not.toContain('outside');
  });

  it('says so when it was not built', async () => {
    const test = start({ panelRoot: null });
    expect((await get(test, '/')).json()).toMatchObject({
      code: 'NOT_FOUND',
      next: expect.stringContaining('npm start'),
    });
  });
});

describe('the WebSocket', () => {
  async function attempt(options: { path?: string; host?: string; origin?: string; protocols?: string[] }) {
    const test = start();
    const { port } = new URL(await test.server.listen(0));
    const protocols = options.protocols ?? [linkProtocol, bearerProtocol(test.controlToken)];
    const headers = {
      host: options.host ?? `127.0.0.1:${port}`,
      ...(options.origin === undefined ? {} : { origin: options.origin.replace('PORT', port) }),
    };
    const socket = new WebSocket(`ws://127.0.0.1:${port}${options.path ?? streamPath}`, protocols, {
      headers,
    });
    const outcome = await new Promise<string>((resolve) => {
      socket.on('open', () => resolve(`open ${socket.protocol}`));
      socket.on('unexpected-response', (_request, response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const { code } = JSON.parse(Buffer.concat(chunks).toString());
          resolve(`${response.statusCode} ${code}`);
        });
      });
      socket.on('error', () => {});
    });
    socket.terminate();
    return outcome;
  }

  it('opens for the panel and for a program with the token', async () => {
    expect(await attempt({})).toBe(`open ${linkProtocol}`);
    expect(await attempt({ origin: 'http://127.0.0.1:PORT' })).toBe(`open ${linkProtocol}`);
  });

  it('refuses other origins, hosts, tokens and paths', async () => {
    expect(await attempt({ origin: 'http://evil.example' })).toBe('403 FORBIDDEN_ORIGIN');
    expect(await attempt({ origin: 'http://localhost:PORT' })).toBe('403 FORBIDDEN_ORIGIN');
    expect(await attempt({ host: 'evil.example' })).toBe('403 FORBIDDEN_ORIGIN');
    expect(await attempt({ protocols: [linkProtocol] })).toBe('401 UNAUTHORIZED');
    expect(await attempt({ protocols: [linkProtocol, bearerProtocol('wrong')] })).toBe('401 UNAUTHORIZED');
    expect(await attempt({ path: '/api/other' })).toBe('404 NOT_FOUND');
  });
});

/** Sends the path as it is written. */
function rawGet(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`);
    });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });
}
