/**
 * What the `ollama` program sends with `OLLAMA_HOST` pointed at the gateway, byte for byte as its Go client writes it,
 * and the compressed bodies of other programs.
 */
import { zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hold } from '../../fakes/sockets.ts';
import { CHAT, type ClientWorld, NEW, openClientWorld } from './world.ts';

let world: ClientWorld;

beforeAll(async () => {
  world = await openClientWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const agent = 'ollama/0.33.0 (amd64 linux) Go/go1.26.1';

/** Closes the connection after the answer, so that its end is plain. */
async function send(method: string, path: string, body?: unknown, prefix = '') {
  const text = body === undefined ? null : JSON.stringify(body);
  const lines = [
    `${method} ${prefix}${path} HTTP/1.1`,
    `Host: 127.0.0.1:${world.gateway.port}`,
    `User-Agent: ${agent}`,
    ...(text === null ? [] : [`Content-Length: ${Buffer.byteLength(text)}`]),
    'Accept: application/x-ndjson',
    'Content-Type: application/json',
    'Accept-Encoding: gzip',
    'Connection: close',
  ];
  const held = await hold(world.gateway.port, { bytes: `${lines.join('\r\n')}\r\n\r\n${text ?? ''}` });
  const answer = await held.closed;
  return { status: Number(answer.slice(9, 12)), text: answer.slice(answer.indexOf('\r\n\r\n') + 4) };
}

describe('the ollama program', () => {
  it('finds the server, and asks for its version', async () => {
    expect((await send('HEAD', '/')).status).toBe(200);
    expect(JSON.parse((await send('GET', '/api/version')).text)).toEqual({ version: '0.33.0' });
  });

  it('lists, and lists what runs', async () => {
    expect((await send('GET', '/api/tags')).text).toContain(`"name":"${CHAT}"`);
    expect((await send('GET', '/api/ps')).status).toBe(200);
  });

  it('runs a model: show, a load, and a chat', async () => {
    expect((await send('POST', '/api/show', { model: CHAT })).text).toContain('"capabilities"');
    const load = await send('POST', '/api/generate', {
      model: CHAT,
      prompt: '',
      suffix: '',
      keep_alive: null,
    });
    expect(load.text).toContain('"done_reason":"load"');
    const messages = [{ role: 'user', content: 'Hello' }];
    const asked = { model: CHAT, messages, format: '', keep_alive: null, options: {}, think: null };
    const chat = await send('POST', '/api/chat', asked);
    expect(chat.text).toContain('"done":true,"done_reason":"stop"');
  });

  it('stops a model', async () => {
    const stop = await send('POST', '/api/generate', { model: CHAT, prompt: '', keep_alive: 0 });
    expect(stop.text).toContain('"done_reason":"unload"');
  });

  it('pulls, copies, creates from a file that it uploads, and deletes', async () => {
    expect((await send('POST', '/api/pull', { model: NEW, insecure: false })).text).toContain('"success"');
    expect((await send('POST', '/api/copy', { source: NEW, destination: 'kept' })).status).toBe(200);
    const digest = `sha256:${'0'.repeat(64)}`;
    expect((await send('HEAD', `/api/blobs/${digest}`)).status).toBe(404);
    const made = await send('POST', '/api/create', {
      model: 'made',
      from: NEW,
      parameters: { num_ctx: 512 },
    });
    expect(made.text).toContain('"success"');
    for (const model of [NEW, 'kept', 'made'])
      expect((await send('DELETE', '/api/delete', { model, name: model })).status).toBe(200);
  });

  it('says the name of a model that is missing', async () => {
    expect(await send('POST', '/api/show', { model: 'nope' })).toMatchObject({
      status: 404,
      text: expect.stringContaining(`{"error":"model 'nope:latest' not found"}`),
    });
  });

  it('works with a key in its address', async () => {
    const chat = { model: CHAT, messages: [{ role: 'user', content: 'Hello' }] };
    expect((await send('HEAD', '/', undefined, '/k/any-text')).status).toBe(200);
    expect((await send('POST', '/api/chat', chat, '/k/any-text')).text).toContain('"done":true');
  });
});

describe('a body in zstd', () => {
  it('is read for its model and passed on as it came', async () => {
    const body = zstdCompressSync(JSON.stringify({ model: CHAT, input: 'Hello' }));
    const answer = await fetch(`${world.url}/v1/responses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': 'zstd' },
      body,
    });
    // A server of this version decodes it; what matters here is that it was asked, and with which node.
    expect(answer.headers.get('x-pilotlight-node')).toBe('tower');
    await answer.arrayBuffer();
  });

  it('for a model that does not exist is refused by the gateway', async () => {
    const answer = await fetch(`${world.url}/v1/responses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': 'zstd' },
      body: zstdCompressSync(JSON.stringify({ model: 'nope', input: 'Hello' })),
    });
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ error: { message: "model 'nope' not found" } });
  });
});
