import { afterAll, describe, expect, it } from 'vitest';
import { createOllamaServer } from '../../../electron/adapters/inference/ollama.ts';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import {
  refusedUrl,
  startCutOffServer,
  startEndlessServer,
  startFailingServer,
  startHalfJsonServer,
  startHtmlServer,
  startHttpServer,
  startSilentServer,
  startSshServer,
} from '../../fakes/bad-server.ts';

const http = createNodeHttp();
const signal = AbortSignal.timeout(50_000);
afterAll(() => http.close());

const look = (url: string, used = http) => createOllamaServer({ http: used, url }).loaded(signal);

describe('servers that answer wrongly', () => {
  it('HTML is not an inference server', async () => {
    await using server = await startHtmlServer();
    await expect(look(server.url)).rejects.toMatchObject({ code: 'NOT_AN_INFERENCE_SERVER' });
  });

  it('half a JSON is not an inference server', async () => {
    await using server = await startHalfJsonServer();
    await expect(look(server.url)).rejects.toMatchObject({ code: 'NOT_AN_INFERENCE_SERVER' });
  });

  it('JSON of another shape is not an inference server', async () => {
    await using server = await startHttpServer((_, response) => response.end('{"models":"none"}'));
    await expect(look(server.url)).rejects.toMatchObject({ code: 'NOT_AN_INFERENCE_SERVER' });
  });

  it('an answer that is cut off is a lost connection', async () => {
    await using server = await startCutOffServer();
    await expect(look(server.url)).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
      details: { phase: 'answer', reason: 'reset' },
    });
  });

  it('500 keeps the words of the server', async () => {
    await using server = await startFailingServer();
    await expect(look(server.url)).rejects.toMatchObject({
      code: 'SERVER_ERROR',
      details: { server: 'something broke', status: 500 },
    });
  });

  for (const announced of [true, false]) {
    it(`10 GB ${announced ? 'announced' : 'without an end'} are not read`, async () => {
      await using server = await startEndlessServer({ announced });
      await expect(look(server.url)).rejects.toMatchObject({ code: 'RESPONSE_TOO_LARGE' });
      // What the sockets buffer comes on top of the limit of 2 MiB.
      expect(server.written()).toBeLessThan(64 * 1024 * 1024);
    });
  }

  it('silence ends at the deadline, and says that the host is on', async () => {
    await using server = await startSilentServer();
    const request = { method: 'GET' as const, url: server.url, deadlineMs: 50 };
    await expect(http.request(request)).rejects.toMatchObject({
      code: 'HOST_TIMEOUT',
      details: { phase: 'answer' },
    });
  });

  it('a refused connection is told from silence', async () => {
    await expect(look(await refusedUrl())).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
      details: { phase: 'connect', reason: 'refused' },
    });
  });

  it('a name that does not resolve has its own code', async () => {
    const asked: string[] = [];
    const nameless = createNodeHttp({
      lookup: (hostname, _options, callback) => {
        asked.push(hostname);
        callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), '', 4);
      },
    });
    await expect(look('http://gpu-box.invalid:11434', nameless)).rejects.toMatchObject({
      code: 'NAME_NOT_RESOLVED',
    });
    expect(asked).toEqual(['gpu-box.invalid']);
  });

  it('another protocol is not an inference server', async () => {
    await using server = await startSshServer();
    await expect(look(server.url)).rejects.toMatchObject({ code: 'NOT_AN_INFERENCE_SERVER' });
  });

  it('a redirect is not followed', async () => {
    await using elsewhere = await startHttpServer((_, response) => response.end('{"models":[]}'));
    await using server = await startHttpServer((_, response) => {
      response.writeHead(302, { location: `${elsewhere.url}/api/ps` });
      response.end();
    });
    await expect(look(server.url)).rejects.toMatchObject({ code: 'SERVER_REDIRECTS' });
    expect(elsewhere.requests()).toBe(0);
  });

  it('an abort ends the exchange with its own reason', async () => {
    await using server = await startSilentServer();
    const controller = new AbortController();
    const reason = new PilotlightError('CANCELLED');
    const pending = createOllamaServer({ http, url: server.url }).loaded(controller.signal);
    controller.abort(reason);
    await expect(pending).rejects.toBe(reason);
  });

  it('a caller’s deadline keeps what is known of the host', async () => {
    await using server = await startSilentServer();
    const controller = new AbortController();
    const pending = createOllamaServer({ http, url: server.url }).loaded(controller.signal);
    await server.connected;
    // The client's end hears of it within the same turns of the event loop.
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    controller.abort(new PilotlightError('HOST_TIMEOUT'));
    await expect(pending).rejects.toMatchObject({ code: 'HOST_TIMEOUT', details: { phase: 'answer' } });
  });

  it('a bare 403 is asked again as localhost, once', async () => {
    const hosts: (string | undefined)[] = [];
    await using server = await startHttpServer((request, response) => {
      hosts.push(request.headers.host);
      if (request.headers.host !== 'localhost:11434') response.statusCode = 403;
      response.end(response.statusCode === 403 ? '' : '{"models":[]}');
    });
    const ollama = createOllamaServer({ http, url: server.url });
    await expect(ollama.loaded(signal)).resolves.toEqual([]);
    await expect(ollama.loaded(signal)).resolves.toEqual([]);
    expect(hosts).toEqual([server.url.slice(7), 'localhost:11434', 'localhost:11434']);
  });

  it('a server that closes kept connections is asked again over a fresh one', async () => {
    await using server = await startHttpServer((_, response) => {
      response.end('{"models":[]}');
      const { socket } = response;
      // Closed only once the client has put the connection into its pool.
      response.on('finish', () => setImmediate(() => socket?.resetAndDestroy()));
    });
    const ollama = createOllamaServer({ http, url: server.url });
    for (let index = 0; index < 20; index += 1) {
      await expect(ollama.installed(signal)).resolves.toEqual([]);
    }
  });

  it('a look has a connection of its own, and batches share one', async () => {
    const ports = new Set<number | undefined>();
    await using server = await startHttpServer((request, response) => {
      ports.add(request.socket.remotePort);
      response.end(request.url === '/api/ps' ? '{"models":[]}' : '{"embeddings":[[1]]}');
    });
    const ollama = createOllamaServer({ http, url: server.url });
    for (let index = 0; index < 3; index += 1) await ollama.embed('m', ['x'], signal);
    expect(ports.size).toBe(1);
    for (let index = 0; index < 3; index += 1) await ollama.loaded(signal);
    expect(ports.size).toBe(4);
  });
});
