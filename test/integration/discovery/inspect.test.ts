/** One address, by the whole core: the real agent before and after its pairing, and servers that mean no good. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHost, type TestHost } from '../../contract/links.ts';
import { createPlace, startAgent } from '../agent/process.ts';

const { signal } = new AbortController();
let test: TestHost;
const servers: Server[] = [];
beforeAll(async () => {
  test = await startTestHost();
});
afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await test.stop();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
}

describe('inspecting an address', () => {
  it('hears from an agent what its machine is, once it is paired, before it is a node', async () => {
    using place = createPlace();
    await using agent = await startAgent(place.folder, ['--role', 'power,telemetry', '--dry-run']);
    const { discovery, agents, fleet } = test.host.core.services;
    const before = await discovery.inspect(agent.url, signal);
    expect(before).toMatchObject({
      address: '127.0.0.1',
      name: null,
      agent: { url: agent.url, roles: ['power', 'telemetry'], id: expect.any(String) },
      foundBy: ['asked'],
      nodeId: null,
    });

    const { code } = (await agent.call('POST', '/v1/pairing')).body as { code: string };
    await agents.pair({ url: agent.url, code }, signal);
    expect(await discovery.inspect(agent.url, signal)).toMatchObject({ name: hostname(), nodeId: null });

    // The token was not used up by that.
    const { id } = fleet.add({ url: null, agentUrl: agent.url });
    expect(fleet.require(id).hasAgentToken).toBe(true);
    expect(await discovery.inspect(agent.url, signal)).toMatchObject({ name: hostname(), nodeId: id });
  });

  it.each<[string, RequestListener]>([
    [
      'a body without end',
      (_, response) => {
        const more = () => {
          while (!response.destroyed && response.write('x'.repeat(65_536)));
        };
        response.on('drain', more);
        more();
      },
    ],
    ['an answer that never ends', (_, response) => void response.write('{"agent":')],
    ['nothing', () => {}],
    ['an error', (_, response) => response.writeHead(500).end('{"agent":"pilotlight"}')],
    ['a redirect', (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    ['a prototype', (_, response) => response.end('{"__proto__":{"agent":"pilotlight"},"version":null}')],
  ])('takes %s for nothing that it knows, in time', async (_, listener) => {
    const url = await serve(listener);
    const { ollama, agent, relayUrl, shutdownUrl } = await test.host.core.services.discovery.inspect(
      url,
      signal,
    );
    // An Ollama of this very machine may answer at its usual port.
    expect([ollama?.url, agent?.url, relayUrl, shutdownUrl]).not.toContain(url);
  });
});
