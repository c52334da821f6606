/** Simulated machines run this agent: many in one process, each over a made-up host, on one clock. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { startAgent } from '../../../electron/agent/agent.ts';
import { readConfig } from '../../../electron/agent/config.ts';
import { openToken } from '../../../electron/agent/token.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { createMachine } from './world.ts';

const COUNT = 100;
const content = { role: ['relay', 'power', 'telemetry'], port: 0, bind: '127.0.0.1' };
const lease = { holder: 'panel', purpose: 'a job', ttlSeconds: 60 };

it('a hundred at once are leased, renewed and streamed from, and leave nothing behind', async ({
  annotate,
}) => {
  const clock = createFakeClock();
  const root = mkdtempSync(join(tmpdir(), 'pilotlight-agents-'));
  const before = process.memoryUsage().rss;
  const keepAlive = new http.Agent({ keepAlive: true });
  const sockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length;
  const listeningBefore = sockets();
  try {
    const agents = await Promise.all(
      Array.from({ length: COUNT }, async (_, index) => {
        const folder = join(root, String(index));
        const { machine, host } = createMachine(clock);
        const agent = await startAgent({
          config: readConfig({
            flags: {},
            environment: {},
            file: { path: 'test', content, privately: true },
          }),
          folder,
          clock,
          host,
          udp: { send: async () => {}, magicPacket: () => new Uint8Array(102) },
          interfaces: () => [],
          reachable: async () => false,
          post: async () => 204,
          version: '1.2.3',
          log: () => {},
        });
        return { agent, machine, token: openToken(folder), port: agent.listening[0]?.port ?? 0 };
      }),
    );
    expect(new Set(agents.map(({ agent }) => agent.id)).size).toBe(COUNT);

    const ask = async (one: (typeof agents)[number], method: string, path: string, body?: object) => {
      const request = http.request({
        ...{ agent: keepAlive, host: '127.0.0.1', port: one.port, method, path },
        headers: { authorization: `Bearer ${one.token}` },
      });
      request.end(body === undefined ? '' : JSON.stringify(body));
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      return response;
    };
    const lent = async (status: number) => {
      const answers = await Promise.all(agents.map((one) => ask(one, 'PUT', '/v1/leases/job', lease)));
      for (const answer of answers) answer.resume();
      expect(answers.map(({ statusCode }) => statusCode)).toEqual(agents.map(() => status));
    };
    await lent(201);
    expect(agents.map(({ machine }) => machine.inhibited)).toEqual(agents.map(() => 1));

    const streams = await Promise.all(agents.map((one) => ask(one, 'GET', '/v1/telemetry/stream')));
    const heard = streams.map((stream) => ({
      lines: createInterface({ input: stream })[Symbol.asyncIterator](),
      ended: once(stream, 'close'),
    }));
    const sample = async ({ lines }: (typeof heard)[number]) => {
      for (;;) {
        const { value, done } = await lines.next();
        if (done === true) throw new Error('The stream ended.');
        if (value === 'event: sample')
          return JSON.parse(((await lines.next()).value ?? '').slice(5)) as object;
      }
    };
    expect(await Promise.all(heard.map(sample))).toHaveLength(COUNT);
    const second = Promise.all(heard.map(sample));
    await clock.advance(1_000);
    for (const each of await second) expect(each).toMatchObject({ problems: [] });

    await clock.advance(50_000);
    await lent(200);
    await clock.advance(50_000);
    expect(agents.map(({ machine }) => machine.inhibited)).toEqual(agents.map(() => 1));
    await clock.advance(10_000);
    expect(agents.map(({ machine }) => machine.inhibited)).toEqual(agents.map(() => 0));

    const grown = Math.round((process.memoryUsage().rss - before) / 1e6);
    await annotate(`${COUNT} agents and their ${COUNT} listeners: ${grown} MB more in this process`);
    await Promise.all(agents.map(({ agent }) => agent.stop()));
    await Promise.all(heard.map(({ ended }) => ended));
    keepAlive.destroy();
    expect(sockets()).toBe(listeningBefore);
    expect(clock.pending()).toBe(0);
  } finally {
    keepAlive.destroy();
    rmSync(root, { recursive: true, force: true });
  }
});
