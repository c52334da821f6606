/** A relay as people run it, in a few lines with its exact answers, its faults too, driven over real sockets. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import { askRelay } from '../../../electron/core/wake/relay-client.ts';

const mac = '02:11:22:33:44:55';
const http = createNodeHttp();
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

interface Asked {
  method: string | undefined;
  path: string | undefined;
  authorization: string | undefined;
  body: unknown;
}

async function startRelay(answer: (response: ServerResponse, asked: Asked) => void) {
  const asked: Asked[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const one = {
      method: request.method,
      path: request.url,
      authorization: request.headers.authorization,
      body: text === '' ? null : JSON.parse(text),
    };
    asked.push(one);
    answer(response, one);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, asked };
}

const json = (response: ServerResponse, status: number, body: unknown) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

/** The existing one: it answers 200 even when it failed, and knows no token. */
const existing =
  ({ works }: { works: boolean }) =>
  (response: ServerResponse, { path, body }: Asked) => {
    if (path !== '/wake') return json(response, 404, { error: 'Not found' });
    const wanted = (body as { mac?: string } | null)?.mac ?? mac;
    return works
      ? json(response, 200, { success: true, mac: wanted, message: `Magic packet sent to ${wanted}` })
      : json(response, 200, { success: false, mac: wanted, message: '[Errno 101] Network is unreachable' });
  };

const ask = (url: string, changes: Partial<Parameters<typeof askRelay>[0]> = {}) =>
  askRelay({ http, url, mac, token: null, signal: AbortSignal.timeout(20_000), ...changes });

describe('an existing relay', () => {
  it('is asked by POST /wake with the MAC, and with a token where one is set', async () => {
    const relay = await startRelay(existing({ works: true }));
    await ask(relay.url);
    await ask(relay.url, { token: 'sesame' });
    await ask(relay.url, { mac: null });
    expect(relay.asked).toEqual([
      { method: 'POST', path: '/wake', authorization: undefined, body: { mac } },
      { method: 'POST', path: '/wake', authorization: 'Bearer sesame', body: { mac } },
      { method: 'POST', path: '/wake', authorization: undefined, body: {} },
    ]);
  });

  it('that answers 200 and failed is not believed', async () => {
    const relay = await startRelay(existing({ works: false }));
    await expect(ask(relay.url)).rejects.toMatchObject({
      code: 'RELAY_FAILED',
      message: `The relay ${new URL(relay.url).host} did not send the packet: [Errno 101] Network is unreachable.`,
    });
  });

  it.each<[string, (response: ServerResponse) => unknown, RegExp]>([
    ['HTML', (response) => response.end('<html><body>NAS</body></html>'), /a web page/],
    ['nothing', (response) => response.end(), /answered with nothing/],
    [
      'half an answer',
      (response) => response.writeHead(200, { 'content-length': 99 }).end('{"suc', () => response.destroy()),
      /cannot be reached/,
    ],
    ['a broken connection', (response) => response.destroy(), /cannot be reached/],
    ['5xx', (response) => response.writeHead(503).end('overloaded'), /failed with status 503/],
    [
      '401',
      (response) => json(response, 401, { error: 'Unauthorized' }),
      /refused the request \(401\): Unauthorized/,
    ],
    [
      'a redirect elsewhere',
      (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      /http:\/\/127\.0\.0\.1:1/,
    ],
    ['ten megabytes', (response) => response.end(`"${'x'.repeat(10_000_000)}"`), /far too large/],
  ])('%s: RELAY_FAILED, with words', async (_, answer, words) => {
    const relay = await startRelay(answer);
    await expect(ask(relay.url)).rejects.toMatchObject({
      code: 'RELAY_FAILED',
      message: expect.stringMatching(words),
    });
  });

  it('that never answers, or dribbles, is not waited for', async () => {
    const silent = await startRelay(() => {});
    const dribbling = await startRelay((response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    });
    for (const { url } of [silent, dribbling]) {
      await expect(ask(url, { deadlineMs: 300 })).rejects.toMatchObject({
        code: 'RELAY_FAILED',
        message: expect.stringContaining('did not answer in time'),
      });
    }
  });

  it('that is not there, or is nobody’s any more', async () => {
    await expect(ask('http://127.0.0.1:1')).rejects.toMatchObject({
      code: 'RELAY_FAILED',
      message: 'The relay 127.0.0.1:1 cannot be reached.',
    });
    const silent = await startRelay(() => {});
    const controller = new AbortController();
    const asking = ask(silent.url, { signal: controller.signal });
    const reason = new Error('The wake was cancelled.');
    controller.abort(reason);
    await expect(asking).rejects.toBe(reason);
  });
});
