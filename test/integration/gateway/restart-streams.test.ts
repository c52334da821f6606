/** Streams that run while the programs around them are killed. */
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createCoreClient } from '../../../electron/host/core-client.ts';
import { readEndpoint } from '../../../electron/host/endpoint.ts';
import type { RequestState, RequestView } from '../../../shared/models/requests.ts';
import { answerJson, answerLines, startUpstream, type Upstream } from '../../fakes/data-plane.ts';
import { createPrograms, type Program } from '../host/program.ts';

const model = {
  name: 'm:latest',
  model: 'm:latest',
  modified_at: '2026-11-01T12:00:00Z',
  size: 1e6,
  digest: 'a'.repeat(64),
  details: {
    parent_model: '',
    format: 'gguf',
    family: 'llama',
    families: ['llama'],
    parameter_size: '1B',
    quantization_level: 'Q4_0',
  },
  capabilities: ['completion'],
};

let folder: string;
let data: string;
let server: Upstream;
let streaming: PromiseWithResolvers<ServerResponse>;
const programs = createPrograms(
  () => data,
  () => `127.0.0.1:${server.port}`,
);

const gatewayPid = () =>
  (JSON.parse(readFileSync(join(data, 'gateway.json'), 'utf8')) as { pid: number }).pid;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-gateway-'));
  data = join(folder, 'data');
  streaming = Promise.withResolvers();
  server = await startUpstream((request, response) => {
    if (request.url === '/api/version') answerJson(response, { version: '0.33.0' });
    else if (request.url === '/api/tags') answerJson(response, { models: [model] });
    else if (request.url === '/api/ps') answerJson(response, { models: [] });
    else if (request.url === '/api/chat') {
      answerLines(response, { message: { content: 'a' }, done: false });
      streaming.resolve(response);
    } else answerJson(response, { error: 'not here' }, 404);
  });
});
afterEach(async () => {
  await programs.stop();
  if (existsSync(join(data, 'gateway.json'))) {
    try {
      process.kill(gatewayPid(), 'SIGKILL');
    } catch {
      // It has ended with its core.
    }
  }
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const address = ({ until, output }: Program) =>
  until(() => /^Point your programs here: (http:\S+)$/m.exec(output.out)?.[1] ?? null);

/** A chat that has begun, at the client and at the server. */
async function beginChat(url: string) {
  for (;;) {
    const tags = await fetch(`${url}/api/tags`).then((answer) => answer.text());
    if (tags.includes(model.name)) break;
  }
  const request = httpRequest(`${url}/api/chat`, { method: 'POST', agent: false });
  request.on('error', () => {});
  request.end(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }] }));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => {});
  // It fails first, if it is cut off.
  const closed = new Promise<void>((resolve) => response.once('close', resolve));
  let text = '';
  const heard = new Set<() => void>();
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    for (const wake of [...heard]) wake();
  });
  const has = (wanted: string) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!text.includes(wanted)) return;
        heard.delete(check);
        resolve();
      };
      heard.add(check);
      check();
    });
  await has('"a"');
  return { has, closed, response, upstream: await streaming.promise };
}

/** Resolves when the running core lists exactly one request, and it is in this state. */
async function listed(state: RequestState): Promise<RequestView> {
  for (;;) {
    const endpoint = readEndpoint(data);
    const list =
      endpoint &&
      (await createCoreClient(endpoint)
        .call('requests.list', {})
        .catch(() => null));
    const [only, ...others] = list ?? [];
    if (only?.state === state && others.length === 0) return only;
  }
}

it('a stream goes on while its core is killed and another one starts', async () => {
  const first = programs.launch('--gateway-port', '0');
  const url = await address(first);
  const chat = await beginChat(url);
  const before = await listed('answering');
  first.child.kill('SIGKILL');
  await first.exit;
  answerLines(chat.upstream, { message: { content: 'b' }, done: false });
  await chat.has('"b"');

  const second = programs.launch('--gateway-port', '0');
  expect(await address(second)).toBe(url);
  // The new core is told of it, under the same name.
  expect((await listed('answering')).id).toBe(before.id);
  answerLines(chat.upstream, { message: { content: 'c' }, done: true });
  chat.upstream.end();
  await chat.closed;
  await chat.has('"c"');
  expect(chat.response.complete).toBe(true);
  expect(await listed('completed')).toMatchObject({ id: before.id, at: before.at, nodeId: before.nodeId });
});

it('the client of a killed gateway sees a closed connection, and so does the server', async () => {
  const core = programs.launch('--gateway-port', '0');
  const url = await address(core);
  const chat = await beginChat(url);
  await listed('answering');
  process.kill(gatewayPid(), 'SIGKILL');
  await chat.closed;
  expect(chat.response.complete).toBe(false);
  await server.untilClosed(1);
  // It is back at the same address.
  for (;;) {
    const answer = await fetch(`${url}/`).catch(() => null);
    if (answer?.status === 200) break;
  }
  expect((await listed('failed')).problem?.code).toBe('GATEWAY_ENDED');
});

it('a request is cancelled by the core that found its gateway', async () => {
  const first = programs.launch('--gateway-port', '0');
  const chat = await beginChat(await address(first));
  first.child.kill('SIGKILL');
  await first.exit;
  await address(programs.launch('--gateway-port', '0'));
  const { id } = await listed('answering');
  const endpoint = readEndpoint(data);
  if (endpoint === null) throw new Error('The core wrote no endpoint file.');
  await createCoreClient(endpoint).call('requests.cancel', { id });
  await chat.has('"error"');
  await server.untilClosed(1);
  expect((await listed('cancelled')).problem?.code).toBe('REQUEST_CANCELLED');
});
