/** Where agents say that they are awake: against the real agent, and against whatever else the network sends. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { postJson } from '../../../electron/adapters/agent-host/post.ts';
import { createAgentLink } from '../../../electron/adapters/agents/agent-link.ts';
import {
  type Announcement,
  createAnnouncementListener,
} from '../../../electron/adapters/agents/announcement-listener.ts';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import { identifySender } from '../../../electron/core/agents/announcements.ts';
import { startTestAgent } from '../../fakes/agent-host.ts';

const listener = createAnnouncementListener({ host: '127.0.0.1' });
const heard: Announcement[] = [];
let arrived = Promise.withResolvers<Announcement>();
let url = '';
let port = 0;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: found } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return found;
}

beforeEach(async () => {
  heard.length = 0;
  arrived = Promise.withResolvers<Announcement>();
  port = await freePort();
  url = `http://127.0.0.1:${port}/hello`;
  await listener.open(port, (hello) => {
    heard.push(hello);
    arrived.resolve(hello);
  });
});
afterEach(() => listener.close());

const right = { agent: 'a1', bootId: 'b1', nonce: '0123456789', proof: 'f'.repeat(64) };
const post = (body: unknown, headers: Record<string, string> = {}, to = url) =>
  fetch(to, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) });

it('hears the real agent at its start, and knows it by its token', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-hello-'));
  const http = createNodeHttp();
  try {
    const first = await startTestAgent({ folder, config: { role: ['power'] } });
    const policy = {
      finishAlone: false,
      onlyIfWoken: true,
      idleMinutes: 15,
      action: 'sleep',
      respectUsers: true,
      countdownSeconds: 60,
      helloUrl: url,
    } as const;
    const signal = AbortSignal.timeout(50_000);
    await createAgentLink({ http, url: first.url, token: first.token }).putPolicy('panel-1', policy, signal);
    await first.stop();
    expect(heard).toEqual([]);
    await using again = await startTestAgent({ folder, config: { role: ['power'] }, post: postJson });
    const hello = await arrived.promise;
    const sender = { nodeId: 'n', agentId: null, token: again.token };
    expect(identifySender(hello, [{ ...sender, token: 'another' }, sender])).toBe(sender);
    expect(identifySender({ ...hello, bootId: 'boot-7' }, [sender])).toBeNull();
  } finally {
    http.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

describe('what else the network sends', () => {
  it('is answered in a number, and told to nobody', async () => {
    const statuses = [
      await post('not JSON'),
      await post({ ...right, nonce: 7 }),
      await post({ ...right, proof: undefined }),
      await post([]),
      await post('null'),
      await post({ ...right, agent: 'x'.repeat(300) }),
      await post('x'.repeat(100_000)),
      await post(right, { origin: 'http://evil.example' }),
      await post(right, {}, `http://127.0.0.1:${port}/v1/power`),
      await fetch(url),
    ].map(({ status }) => status);
    expect(statuses).toEqual([400, 400, 400, 400, 400, 400, 413, 403, 404, 405]);
    expect(heard).toEqual([]);
  });

  it('is not looked at when there is too much of it', async () => {
    const statuses = new Set<number>();
    for (let index = 0; index < 30; index += 1) statuses.add((await post(right)).status);
    expect(statuses).toEqual(new Set([204, 429]));
    expect(heard.length).toBeLessThan(15);
  });

  it('ends with its headers, when they do not end', async () => {
    const socket = connect(port, '127.0.0.1').resume();
    socket.on('error', () => {});
    socket.write(`POST /hello HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}`);
    await once(socket, 'close');
    expect((await post(right)).status).toBe(204);
  });
});

describe('the port', () => {
  it('is let go when it is closed, and moves', async () => {
    const other = await freePort();
    await listener.open(other, () => {});
    await expect(post(right)).rejects.toThrow();
    expect((await post(right, {}, `http://127.0.0.1:${other}/hello`)).status).toBe(204);
    await listener.close();
    await listener.close();
    await expect(post(right, {}, `http://127.0.0.1:${other}/hello`)).rejects.toThrow();
  });

  it('that is taken is said so', async () => {
    const second = createAnnouncementListener({ host: '127.0.0.1' });
    await expect(second.open(port, () => {})).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      details: { port },
    });
    await second.close();
    expect((await post(right)).status).toBe(204);
  });
});
