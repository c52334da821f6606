import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import { fetchLimits } from '../../../electron/workers/web/fetch-page.ts';
import { readAddress } from '../../../electron/workers/web/read-address.ts';
import { createWebGuard } from '../../../electron/workers/web/web-guard.ts';
import { isPrivateAddress } from '../../../shared/network/private-address.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { makePdf } from '../../fakes/documents.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let base: string;
let port: number;
let pages: Record<string, Answer>;
const asked: string[] = [];

beforeEach(async () => {
  pages = {};
  asked.length = 0;
  server = createServer((request, response) => {
    asked.push(`${request.headers.host} ${request.url}`);
    const answer = pages[request.url ?? ''];
    if (answer) answer(request, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  ({ port } = server.address() as AddressInfo);
  base = `http://public.example:${port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Names lead where a test says; by default to loopback, which counts as public here. Every other own address does not. */
function worldOf({
  names = {},
  limits = {},
}: {
  names?: Record<string, string[]>;
  limits?: Partial<typeof fetchLimits>;
} = {}) {
  const clock = createFakeClock();
  let lookups = 0;
  const lookup: LookupFunction = (hostname, _options, callback) => {
    lookups += 1;
    const addresses = names[hostname] ?? ['127.0.0.1'];
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  const guard = createWebGuard({
    allowedHosts: [],
    isPrivate: (address) => (address === '127.0.0.1' ? false : isPrivateAddress(address)),
  });
  const tools = { http: createNodeHttp({ lookup }), clock, guard, limits: { ...fetchLimits, ...limits } };
  const controller = new AbortController();
  return {
    clock,
    controller,
    lookups: () => lookups,
    read: (address: string) => readAddress(address, tools, { signal: controller.signal, progress: () => {} }),
  };
}

const html =
  (text: string): Answer =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(`<p>${text}</p>`);
  };
const redirect =
  (location: string, status = 302): Answer =>
  (_request, response) => {
    response.writeHead(status, { location }).end();
  };

describe('a page', () => {
  it('is fetched after redirects, and named by where it is', async () => {
    pages = { '/a': redirect('/b', 301), '/b': redirect(`${base}/c#part`, 307), '/c': html('Here') };
    const found = await worldOf().read(`${base.replace('//', '//user:word@')}/a#x`);
    expect(found).toMatchObject({ text: 'Here', url: `${base}/c`, about: { url: `${base}/c` } });
  });

  it('is unpacked, and read by what it is', async () => {
    pages['/zip'] = (_request, response) =>
      response
        .writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' })
        .end(gzipSync('<p>Packed</p>'));
    // A server that lies about the type.
    pages['/pdf'] = (_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end(makePdf([['One'], ['Two']]));
    const world = worldOf();
    expect((await world.read(`${base}/zip`)).text).toBe('Packed');
    expect(await world.read(`${base}/pdf`)).toMatchObject({
      format: 'pdf',
      places: [{ number: 1 }, { number: 2 }],
    });
  });
});

describe('a hostile server', () => {
  it.each([
    ['an own address', 'http://10.0.0.1/', 'WEB_PRIVATE'],
    ['IPv6 that maps one', 'http://[::ffff:10.0.0.1]/', 'WEB_PRIVATE'],
    ['6to4', 'http://[2002:a00:1::]/', 'WEB_PRIVATE'],
    ['NAT64', 'http://[64:ff9b::a00:1]/', 'WEB_PRIVATE'],
    ['one hexadecimal number', 'http://0x0a000001/', 'WEB_ADDRESS_WRONG'],
    ['another scheme', 'file:///etc/passwd', 'WEB_ADDRESS_WRONG'],
    ['a scheme without slashes', 'http:10.0.0.1/', 'WEB_ADDRESS_WRONG'],
    ['an own name', 'http://router.lan/', 'WEB_PRIVATE'],
    ['a relative host', '//10.0.0.1/', 'WEB_PRIVATE'],
    ['nonsense', 'http://[', 'WEB_ADDRESS_WRONG'],
  ])('cannot redirect to %s', async (_what, location, code) => {
    pages['/a'] = redirect(location);
    await expect(worldOf().read(`${base}/a`)).rejects.toMatchObject({ code });
    expect(asked).toHaveLength(1);
  });

  it('cannot redirect to a name that leads to an own address', async () => {
    pages['/a'] = redirect(`http://rebound.example:${port}/b`);
    pages['/b'] = html('secret');
    const world = worldOf({ names: { 'rebound.example': ['93.184.216.34', '10.0.0.1'] } });
    await expect(world.read(`${base}/a`)).rejects.toMatchObject({ code: 'WEB_PRIVATE' });
    expect(asked).toHaveLength(1);
  });

  it('cannot change what a name leads to between the question and the connection', async () => {
    pages['/a'] = html('Here');
    const world = worldOf();
    await world.read(`${base}/a`);
    expect(world.lookups()).toBe(1);
  });

  it('cannot redirect without end', async () => {
    pages['/a'] = redirect('/a');
    await expect(worldOf({ limits: { redirects: 3 } }).read(`${base}/a`)).rejects.toMatchObject({
      code: 'WEB_REDIRECTS',
    });
    expect(asked).toHaveLength(4);
  });

  it('cannot send more than the limit: announced, streamed or packed', async () => {
    const megabyte = Buffer.alloc(1024 * 1024, 'a');
    pages['/announced'] = (_request, response) =>
      response.writeHead(200, { 'content-length': 200 * 1024 * 1024 }).flushHeaders();
    pages['/streamed'] = (_request, response) => {
      response.on('error', () => {});
      const more = () => {
        while (!response.destroyed && response.write(megabyte));
      };
      response.on('drain', more);
      more();
    };
    pages['/packed'] = (_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(20 * 1024 * 1024)));
    const world = worldOf({ limits: { bytes: 5 * 1024 * 1024 } });
    for (const path of Object.keys(pages)) {
      await expect(world.read(`${base}${path}`)).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
    }
  });

  it('cannot hold a task by sending slowly', async () => {
    const world = worldOf({ limits: { timeMs: 10_000 } });
    const begun = Promise.withResolvers<void>();
    pages['/slow'] = (_request, response) => {
      response.writeHead(200).write('a');
      begun.resolve();
    };
    const reading = world.read(`${base}/slow`);
    const failing = expect(reading).rejects.toMatchObject({ code: 'HOST_TIMEOUT' });
    await begun.promise;
    await world.clock.advance(10_001);
    await failing;
  });

  it('cannot keep a task that was cancelled', async () => {
    const world = worldOf();
    pages['/slow'] = () => world.controller.abort(new Error('cancelled'));
    await expect(world.read(`${base}/slow`)).rejects.toThrow('cancelled');
  });

  it.each([
    [404, 'WEB_MISSING'],
    [403, 'WEB_MISSING'],
    [429, 'WEB_FAILED'],
    [503, 'WEB_FAILED'],
  ])('answers with %i', async (status, code) => {
    pages['/a'] = (_request, response) => response.writeHead(status).end('<p>Error page</p>');
    await expect(worldOf().read(`${base}/a`)).rejects.toMatchObject({ code, details: { status } });
  });

  it('answers with damaged, empty or foreign content', async () => {
    pages['/damaged'] = (_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('not gzip');
    pages['/unknown'] = (_request, response) =>
      response.writeHead(200, { 'content-encoding': 'own' }).end('x');
    pages['/empty'] = (_request, response) => response.writeHead(200).end();
    pages['/picture'] = (_request, response) =>
      response.writeHead(200, { 'content-type': 'image/png' }).end('x');
    const world = worldOf();
    const codes = {
      '/damaged': 'WEB_FAILED',
      '/unknown': 'WEB_MISSING',
      '/empty': 'FILE_EMPTY',
      '/picture': 'WEB_NOT_TEXT',
    };
    for (const [path, code] of Object.entries(codes)) {
      await expect(world.read(`${base}${path}`)).rejects.toMatchObject({ code });
    }
  });
});
