import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { postJson } from '../../../../electron/adapters/agent-host/post.ts';

async function listen(answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}/hello`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const never = () => new AbortController().signal;

describe('a POST whose answer counts by its status', () => {
  it('sends JSON, follows no redirect, and waits for no body', async () => {
    const paths: unknown[] = [];
    await using server = await listen((request, response) => {
      paths.push([request.method, request.url, request.headers['content-type']]);
      response.writeHead(302, { location: '/elsewhere' }).write('it goes on');
    });
    expect(await postJson(server.url, { a: 1 }, never())).toBe(302);
    expect(paths).toEqual([['POST', '/hello', 'application/json']]);
  });

  it('rejects where nobody listens, where it is cut off, and when it is no longer wanted', async () => {
    let port = 0;
    {
      await using gone = await listen(() => {});
      port = gone.port;
    }
    await expect(postJson(`http://127.0.0.1:${port}/`, {}, never())).rejects.toThrow('ECONNREFUSED');
    await using cut = await listen((request) => request.socket.destroy());
    await expect(postJson(cut.url, {}, never())).rejects.toThrow();
    const stop = new AbortController();
    await using silent = await listen(() => stop.abort());
    await expect(postJson(silent.url, {}, stop.signal)).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('speaks TLS to an address that asks for it, and nothing to a server that does not', async () => {
    let asked = 0;
    await using plain = await listen((_, response) => {
      asked += 1;
      response.end();
    });
    await expect(postJson(plain.url.replace('http:', 'https:'), {}, never())).rejects.toThrow();
    expect(asked).toBe(0);
  });
});
