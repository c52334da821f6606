/** Servers that try to hold the core: what is read and parsed of them stays bounded, for each kind of server. */
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { createAgentLink } from '../../../electron/adapters/agents/agent-link.ts';
import { createOllamaServer } from '../../../electron/adapters/inference/ollama.ts';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import { ask } from '../../../electron/core/discovery/ask.ts';
import { askShutdownServer } from '../../../electron/core/shutdown/shutdown-client.ts';
import { askRelay } from '../../../electron/core/wake/relay-client.ts';
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { startHttpServer, startRawServer } from '../../fakes/bad-server.ts';

/** Short, so that a body that drips ends by itself. */
const http = createNodeHttp({ bodyMs: 100 });
const { signal } = new AbortController();
afterAll(() => http.close());
afterEach(() => vi.restoreAllMocks());

const MEGABYTE = 1024 * 1024;
const mac = '02:00:00:00:00:09';

/** Every reader of a server’s answers. */
const readers: Readonly<Record<string, (url: string) => Promise<unknown>>> = {
  'the loaded models': (url) => createOllamaServer({ http, url }).loaded(signal),
  'the installed models': (url) => createOllamaServer({ http, url }).installed(signal),
  'the version': (url) => createOllamaServer({ http, url }).version(signal),
  'a description': (url) => createOllamaServer({ http, url }).describe('m', signal),
  'an unload': (url) => createOllamaServer({ http, url }).unload('m', signal),
  'an embedding': (url) => createOllamaServer({ http, url }).embed('m', ['a'], signal),
  'an agent': (url) => createAgentLink({ http, url, token: 'x' }).health(signal),
  'an agent’s machine': (url) => createAgentLink({ http, url, token: 'x' }).machine(signal),
  'an agent’s leases': (url) => createAgentLink({ http, url, token: 'x' }).leases(signal),
  'an agent’s wake': (url) => createAgentLink({ http, url, token: 'x' }).wake(mac, signal),
  'a relay': (url) => askRelay({ http, url, mac, token: null, signal }),
  'a shutdown server': async (url) => {
    const outcome = await askShutdownServer({ http, url, secret: null }, signal);
    // The connection broke: the machine may be going.
    if (outcome === 'unsure') throw new PilotlightError('HOST_UNREACHABLE');
  },
  'the search for machines': async (url) => {
    const { recognised, failure } = await ask(http, url, { deadlineMs: 20_000, signal });
    if (failure !== null) throw failure;
    expect(recognised).toBeNull();
  },
};

/** The code of its failure, and how many characters of an answer were parsed. */
async function outcome(work: () => Promise<unknown>): Promise<{ code: string | null; parsed: number }> {
  const parse = vi.spyOn(JSON, 'parse');
  let code: string | null = null;
  try {
    await work();
  } catch (error) {
    if (!isPilotlightError(error)) throw error;
    code = error.code;
  }
  const parsed = parse.mock.calls.reduce((sum, [text]) => sum + text.length, 0);
  parse.mockRestore();
  return { code, parsed };
}

describe.each(Object.entries(readers))('%s', (name, read) => {
  const fails = name !== 'the search for machines';
  const expectBounded = async (url: string) => {
    const { code, parsed } = await outcome(() => read(url));
    if (fails) expect(code).not.toBeNull();
    expect(code).not.toBe('INTERNAL');
    expect(parsed).toBeLessThan(2 * MEGABYTE);
  };

  it.each([15 * MEGABYTE, MEGABYTE, 60_000])('%i brackets', async (count) => {
    await using server = await startHttpServer((_, response) => response.end('['.repeat(count)));
    await expectBounded(server.url);
  });

  it('60 kB of empty objects, and 15 MB', async () => {
    for (const size of [60_000, 15 * MEGABYTE]) {
      await using server = await startHttpServer((_, response) =>
        response.end(`[${'{},'.repeat(size / 3)}{}]`),
      );
      await expectBounded(server.url);
    }
  });

  it('a body that never ends, in pieces of one byte', async () => {
    await using server = await startRawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n');
      const pieces = '1\r\n[\r\n'.repeat(10_000);
      const more = () => {
        while (!socket.destroyed && socket.write(pieces));
        if (!socket.destroyed) socket.once('drain', more);
      };
      more();
    });
    await expectBounded(server.url);
  });

  it('a compressed bomb is not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(50 * MEGABYTE, '['));
    await using server = await startHttpServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.end(bomb);
    });
    await expectBounded(server.url);
  });

  it('a thousand headers, and headers without an end', async () => {
    await using many = await startRawServer((socket) => {
      const headers = Array.from({ length: 1000 }, (_, index) => `X-${index}: ${'x'.repeat(100)}\r\n`).join(
        '',
      );
      socket.end(`HTTP/1.1 200 OK\r\n${headers}\r\n{}`);
    });
    await expectBounded(many.url);
    await using endless = await startRawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const more = () => {
        while (!socket.destroyed && socket.write('X-A: b\r\n'.repeat(1000)));
        if (!socket.destroyed) socket.once('drain', more);
      };
      more();
    });
    await expectBounded(endless.url);
  });

  it('a switch to another protocol', async () => {
    await using server = await startRawServer((socket) =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n'),
    );
    await expectBounded(server.url);
  });

  it.each([
    ['longer than its length', 'Content-Length: 2\r\n\r\n{}{"models":[]}'],
    ['shorter than its length', 'Content-Length: 500\r\n\r\n{"models":['],
    ['with two lengths', 'Content-Length: 2\r\nContent-Length: 5\r\n\r\n{}'],
    ['with a negative length', 'Content-Length: -1\r\n\r\n{}'],
    ['with a huge length', 'Content-Length: 99999999999999999999\r\n\r\n{}'],
    ['with a broken chunk', 'Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n'],
  ])('a body %s', async (_, rest) => {
    await using server = await startRawServer((socket) => socket.end(`HTTP/1.1 200 OK\r\n${rest}`));
    await expectBounded(server.url);
  });
});

describe('a body that drips', () => {
  it('ends although a load has no deadline', async () => {
    await using server = await startHttpServer((request, response) => {
      if (request.url === '/api/show') {
        response.end('{}');
        return;
      }
      response.writeHead(200, { 'content-length': '100000' });
      const timer = setInterval(() => response.write(' '), 10);
      response.once('close', () => clearInterval(timer));
    });
    const { embed, load } = createOllamaServer({ http, url: server.url });
    await expect(embed('m', ['a'], signal)).rejects.toMatchObject({ code: 'HOST_TIMEOUT' });
    await expect(load('m', { layers: 'auto', keepAliveSeconds: null }, signal)).rejects.toMatchObject({
      code: 'HOST_TIMEOUT',
    });
  });
});

describe('a list of models', () => {
  const listing = (count: number) =>
    startHttpServer((_, response) =>
      response.end(
        JSON.stringify({ models: Array.from({ length: count }, (_, index) => ({ name: `m${index}` })) }),
      ),
    );

  it('of 5,000 is read, and a longer one is refused', async () => {
    await using right = await listing(5000);
    const { installed, loaded } = createOllamaServer({ http, url: right.url });
    expect(await installed(signal)).toHaveLength(5000);
    expect(await loaded(signal)).toHaveLength(5000);
    await using long = await listing(5001);
    for (const read of ['installed', 'loaded'] as const) {
      await expect(createOllamaServer({ http, url: long.url })[read](signal)).rejects.toMatchObject({
        code: 'RESPONSE_TOO_LARGE',
        details: { entries: 5001, limitEntries: 5000 },
      });
    }
  });
});

describe('the stream of an agent', () => {
  const watch = (url: string, onSample = () => {}) =>
    createAgentLink({ http, url, token: 'x' }).watch({ sample: onSample, machine: () => {} }, signal);

  it('that floods is ended', async () => {
    const host = { cpuPercent: 1, memoryTotalBytes: 1, memoryUsedBytes: 1 };
    const event = `event: sample\ndata: ${JSON.stringify({ at: 1, host, gpus: [] })}\n\n`.repeat(500);
    await using server = await startHttpServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const more = () => {
        while (!response.destroyed && response.write(event));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    let samples = 0;
    await expect(watch(server.url, () => (samples += 1))).rejects.toMatchObject({ code: 'NOT_AN_AGENT' });
    expect(samples).toBeGreaterThan(1000);
    expect(samples * (event.length / 500)).toBeLessThan(5 * MEGABYTE);
  });

  it('whose line never ends is ended', async () => {
    await using server = await startHttpServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const more = () => {
        while (!response.destroyed && response.write('data: ['.repeat(1000)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    await expect(watch(server.url)).rejects.toMatchObject({ code: 'NOT_AN_AGENT' });
  });
});
