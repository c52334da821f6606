/** Streamed responses of the Http port, from servers on loopback. Its limits are driven by a fake `setTimeout`. */
import { getEventListeners, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import type { HttpStreamRequest } from '../../../electron/core/ports/network.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import {
  refusedUrl,
  startEndlessServer,
  startHttpServer,
  startSilentServer,
  startSshServer,
} from '../../fakes/bad-server.ts';

const http = createNodeHttp();
const open = (url: string, rest: Partial<HttpStreamRequest> = {}) =>
  http.open({ method: 'GET', url, headersMs: 5000, idleMs: 15_000, ...rest });

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  http.close();
});

/** Answers the headers and one chunk, then what the test says. */
async function startStream(first = 'first') {
  const answered = Promise.withResolvers<ServerResponse>();
  const closed = Promise.withResolvers<void>();
  const ports: (number | undefined)[] = [];
  const server = await startHttpServer((request, response) => {
    ports.push(request.socket.remotePort);
    response.writeHead(200, { 'content-type': 'text/plain', 'x-kind': ['a', 'b'] });
    response.write(first);
    response.once('close', closed.resolve);
    answered.resolve(response);
  });
  return { ...server, ports, answered: answered.promise, closed: closed.promise };
}

const text = (chunk: IteratorResult<Uint8Array, undefined>) =>
  chunk.done ? null : Buffer.from(chunk.value).toString();

/** Many turns of the event loop, in which a reader without limits would take many megabytes. */
async function turns(count = 2000): Promise<void> {
  for (let index = 0; index < count; index += 1) await turn();
}

describe('a streamed response', () => {
  it('comes with its status and headers before its body ends, and ends with the body', async () => {
    await using server = await startStream();
    const { status, headers, body } = await open(server.url);
    expect([status, headers['content-type'], headers['x-kind']]).toEqual([200, 'text/plain', 'a, b']);
    expect(text(await body.next())).toBe('first');
    const response = await server.answered;
    const next = body.next();
    response.write('second');
    expect(text(await next)).toBe('second');
    response.end();
    expect(text(await body.next())).toBeNull();
    expect(text(await body.next())).toBeNull();
  });

  it('sends a body of its own, and takes any status', async () => {
    await using server = await startHttpServer((request, response, body) => {
      response.statusCode = 409;
      response.end(`${request.method} ${request.headers['content-type']} ${body}`);
    });
    const { status, body } = await open(server.url, { method: 'POST', body: { a: 1 } });
    expect([status, text(await body.next())]).toEqual([409, 'POST application/json {"a":1}']);
    expect(text(await body.next())).toBeNull();
  });

  it('is read no faster than its reader asks', async () => {
    await using server = await startEndlessServer({ announced: false });
    const { body, close } = await open(server.url);
    const bound = 32 * 1024 ** 2;
    await turns();
    expect(server.written()).toBeLessThan(bound);
    let read = 0;
    while (read < 2 * bound) read += (await body.next()).value?.length ?? 0;
    await turns();
    expect(server.written()).toBeLessThan(read + bound);
    close();
  });

  it('keeps its connection for the next request once it was read to its end', async () => {
    await using server = await startStream('all');
    const { body, close } = await open(server.url);
    (await server.answered).end();
    for await (const chunk of body) expect(String(chunk)).toBeTruthy();
    close();
    const second = await open(server.url);
    second.close();
    expect(new Set(server.ports).size).toBe(1);
  });

  it.each([
    [
      'the reader leaves its loop',
      async ({ body }) => {
        for await (const _chunk of body) break;
      },
    ],
    ['it is closed', async ({ close }) => close()],
    [
      'it is closed after a part was read',
      async ({ body, close }) => {
        await body.next();
        close();
        expect(await body.next()).toEqual({ done: true, value: undefined });
      },
    ],
  ] satisfies [string, (stream: Awaited<ReturnType<typeof open>>) => Promise<void>][])(
    'gives its connection up when %s',
    async (_name, leave) => {
      await using server = await startStream();
      await leave(await open(server.url));
      await server.closed;
    },
  );

  it('gives its connection up when nobody reads it for a minute', async () => {
    await using server = await startStream();
    const { body } = await open(server.url);
    await vi.advanceTimersByTimeAsync(59_999);
    expect((await server.answered).destroyed).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await server.closed;
    await expect(body.next()).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('waits for a slow reader without a limit', async () => {
    await using server = await startStream();
    const { body, close } = await open(server.url);
    await body.next();
    (await server.answered).write('second');
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(text(await body.next())).toBe('second');
    close();
  });
});

describe('an abort', () => {
  it('closes the connection of a body that is read, with its own reason', async () => {
    await using server = await startStream();
    const controller = new AbortController();
    const { body } = await open(server.url, { signal: controller.signal });
    await body.next();
    const next = body.next();
    const reason = new PilotlightError('CANCELLED');
    controller.abort(reason);
    await expect(next).rejects.toBe(reason);
    await expect(body.next()).rejects.toBe(reason);
    await server.closed;
  });

  it('closes the connection of a body that is not read', async () => {
    await using server = await startStream();
    const controller = new AbortController();
    const { body } = await open(server.url, { signal: controller.signal });
    controller.abort(new Error('no more'));
    await server.closed;
    await expect(body.next()).rejects.toThrow('no more');
  });

  it('ends the wait for headers', async () => {
    await using server = await startSilentServer();
    const controller = new AbortController();
    const pending = open(server.url, { signal: controller.signal });
    await server.connected;
    controller.abort(new Error('no more'));
    await expect(pending).rejects.toThrow('no more');
  });

  it('before it begins sends nothing', async () => {
    await using server = await startStream();
    await expect(open(server.url, { signal: AbortSignal.abort(new Error('late')) })).rejects.toThrow('late');
    expect(server.requests()).toBe(0);
  });

  it('is not waited for by a body that was closed', async () => {
    await using server = await startStream();
    const controller = new AbortController();
    const { close } = await open(server.url, { signal: controller.signal });
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    close();
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    await server.closed;
  });

  it('after the end changes nothing', async () => {
    await using server = await startStream();
    const controller = new AbortController();
    const { body } = await open(server.url, { signal: controller.signal });
    (await server.answered).end();
    await body.next();
    expect(text(await body.next())).toBeNull();
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    controller.abort(new Error('no more'));
    expect(text(await body.next())).toBeNull();
  });
});

describe('a server that goes wrong', () => {
  it('in the middle of the body is a lost connection', async () => {
    await using server = await startStream();
    const { body } = await open(server.url);
    await body.next();
    (await server.answered).destroy();
    await expect(body.next()).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
      details: { phase: 'answer', reason: 'reset' },
    });
  });

  it('while nobody reads is a lost connection too, once somebody does', async () => {
    await using server = await startStream();
    const { body } = await open(server.url);
    (await server.answered).destroy();
    await server.closed;
    await turns(10);
    await expect(body.next()).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  });

  it('by broken framing does not speak HTTP', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {}).resume();
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nno size\r\n');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const { body } = await open(`http://127.0.0.1:${port}`);
    await expect(
      (async () => {
        for await (const chunk of body) expect(String(chunk)).toBeTruthy();
      })(),
    ).rejects.toMatchObject({ code: 'NOT_AN_INFERENCE_SERVER' });
    server.close();
    await once(server, 'close');
  });

  it('by silence before the headers ends at the headers’ limit', async () => {
    await using server = await startSilentServer();
    const pending = open(server.url);
    pending.catch(() => {});
    await server.connected;
    await turns(10);
    await vi.advanceTimersByTimeAsync(5000);
    await expect(pending).rejects.toMatchObject({ code: 'HOST_TIMEOUT', details: { phase: 'answer' } });
  });

  it('by silence in the body ends at the idle limit, counted from the last chunk', async () => {
    await using server = await startStream();
    const { body } = await open(server.url);
    await body.next();
    const second = body.next();
    await vi.advanceTimersByTimeAsync(14_000);
    (await server.answered).write('second');
    await second;
    const third = body.next();
    third.catch(() => {});
    await vi.advanceTimersByTimeAsync(14_999);
    expect((await server.answered).destroyed).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await expect(third).rejects.toMatchObject({ code: 'HOST_TIMEOUT', details: { phase: 'answer' } });
    await server.closed;
  });

  it('by refusing, or by another protocol, has the codes of a request', async () => {
    await expect(open(await refusedUrl())).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
      details: { phase: 'connect', reason: 'refused' },
    });
    await using server = await startSshServer();
    await expect(open(server.url)).rejects.toMatchObject({ code: 'NOT_AN_INFERENCE_SERVER' });
  });
});
