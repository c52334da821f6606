import { describe, expect, it } from 'vitest';
import { createAgentLink } from '../../../electron/adapters/agents/agent-link.ts';
import type { HttpReply, HttpRequest } from '../../../electron/core/ports/network.ts';
import { noStreams } from '../../fakes/http.ts';

const signal = new AbortController().signal;
const mac = '02:00:00:00:00:09';
const woke = { success: true, mac, message: 'Wake packet sent.' };
const notFound = { error: 'Not found' };

/** Answers by the address that was asked, and remembers what was asked. */
function setup(answers: Record<string, [status: number, body: unknown]>) {
  const asked: HttpRequest[] = [];
  const link = createAgentLink({
    url: 'http://192.0.2.7:8765/',
    token: 'secret',
    http: {
      ...noStreams,
      async request(request): Promise<HttpReply> {
        asked.push(request);
        const [status, body] = answers[request.url] ?? [404, notFound];
        return { status, headers: {}, text: typeof body === 'string' ? body : JSON.stringify(body) };
      },
    },
  });
  return { link, asked, urls: () => asked.map(({ url }) => url) };
}

describe('waking by an agent', () => {
  it('goes to the relay’s own port where the agent’s has no relay', async () => {
    const { link, asked, urls } = setup({ 'http://192.0.2.7:9753/wake': [200, woke] });
    await link.wake(mac, signal);
    expect(urls()).toEqual(['http://192.0.2.7:8765/wake', 'http://192.0.2.7:9753/wake']);
    expect(asked[1]).toMatchObject({
      method: 'POST',
      body: { mac },
      headers: { authorization: 'Bearer secret' },
    });
  });

  it('goes nowhere else where the agent answers, whatever it says', async () => {
    const { link, urls } = setup({ 'http://192.0.2.7:8765/wake': [403, { ...notFound, success: false }] });
    await expect(link.wake(mac, signal)).rejects.toMatchObject({ code: 'RELAY_FAILED' });
    expect(urls()).toHaveLength(1);
  });

  it.each([
    [200, { success: false, message: 'Network is unreachable' }, 'RELAY_FAILED'],
    [200, '<html>', 'NOT_AN_AGENT'],
    [200, '', 'NOT_AN_AGENT'],
    [401, { success: false, message: 'x', error: 'Unauthorized' }, 'AGENT_REFUSED'],
    [502, { success: false, message: 'No wake packet could be sent.', error: 'x' }, 'RELAY_FAILED'],
  ])('%j %j means %s', async (status, body, code) => {
    const { link } = setup({ 'http://192.0.2.7:8765/wake': [status, body] });
    await expect(link.wake(mac, signal)).rejects.toMatchObject({ code });
  });

  it('says that nobody there relays', async () => {
    const { link } = setup({});
    await expect(link.wake(mac, signal)).rejects.toMatchObject({
      code: 'AGENT_ERROR',
      details: { code: 'NO_SUCH_PATH' },
    });
  });
});

describe('answers of an agent', () => {
  it('of an older one are filled in', async () => {
    const { link } = setup({
      'http://192.0.2.7:8765/health': [200, { status: 'ok', agent: 'pilotlight', version: '0.1.0' }],
      'http://192.0.2.7:8765/v1/power': [200, { phase: 'idle', current: null, last: null }],
    });
    expect(await link.health(signal)).toEqual({
      ...{ id: null, version: '0.1.0', roles: [] },
      protocol: { oldest: 1, newest: 1 },
    });
    expect(await link.power(signal)).toMatchObject({
      actions: ['shutdown', 'sleep', 'hibernate', 'restart'],
      mayRestartOllama: false,
    });
  });

  it('of an existing shutdown server are those of no agent', async () => {
    const { link } = setup({
      'http://192.0.2.7:8765/health': [200, { status: 'ok', service: 'gpu-shutdown' }],
    });
    await expect(link.health(signal)).rejects.toMatchObject({ code: 'NOT_AN_AGENT' });
  });

  it('carry no more of its words than a person reads', async () => {
    const message = 'x'.repeat(100_000);
    const { link } = setup({
      'http://192.0.2.7:8765/v1/power': [500, { error: { code: 'INTERNAL', message } }],
    });
    const error = await link.power(signal).catch((thrown: Error) => thrown);
    expect((error as Error).message.length).toBeLessThan(600);
  });
});

describe('what is in front of an agent', () => {
  const front = (status: number, text: string, headers: Record<string, string> = {}) =>
    createAgentLink({
      url: 'http://192.0.2.7:8765',
      token: 'secret',
      http: { ...noStreams, request: async () => ({ status, headers, text }) },
    });

  it.each([
    [401, '{"detail":"Not authenticated"}', 'SERVER_LOCKED'],
    [403, '<html>Forbidden</html>', 'SERVER_LOCKED'],
    [401, '{"error":"Unauthorized"}', 'AGENT_REFUSED'],
    [404, '<html>', 'NOT_AN_AGENT'],
  ])('%i %s is %s', async (status, text, code) => {
    await expect(front(status, text).power(signal)).rejects.toMatchObject({ code });
  });

  it('sends elsewhere, and is not followed', async () => {
    const link = front(302, '', { location: 'https://login.example/?next=x' });
    await expect(link.health(signal)).rejects.toMatchObject({
      code: 'SERVER_REDIRECTS',
      details: { to: 'https://login.example/' },
    });
  });
});
