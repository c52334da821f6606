/** What an earlier version saved and nobody can send: a coded error, not a defect. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAgentLink } from '../../../electron/adapters/agents/agent-link.ts';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import { askShutdownServer } from '../../../electron/core/shutdown/shutdown-client.ts';

const http = createNodeHttp();
const { signal } = new AbortController();
let heard = 0;
const server = createServer((_request, reply) => {
  heard += 1;
  reply.end('{}');
});
let url: string;
beforeAll(async () => {
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  http.close();
  server.close();
});

it.each(['a\nb', 'a\r\nx-injected: 1', 'ключ', 'a\0b'])('the token %j', async (token) => {
  const coded = { code: 'BAD_TOKEN' };
  await expect(askShutdownServer({ http, url, secret: token }, signal)).rejects.toMatchObject(coded);
  await expect(createAgentLink({ http, url, token }).health(signal)).rejects.toMatchObject(coded);
  const open = {
    method: 'GET',
    url,
    headers: { authorization: token },
    headersMs: 1000,
    idleMs: 1000,
  } as const;
  await expect(http.open(open)).rejects.toMatchObject(coded);
  expect(heard).toBe(0);
});

it.each(['http://u%zz:p@127.0.0.1:1/', 'http://', 'nonsense'])('the address %j', async (address) => {
  const request = { method: 'POST', url: address, deadlineMs: 1000 } as const;
  await expect(http.request(request)).rejects.toMatchObject({ code: 'BAD_URL' });
});
