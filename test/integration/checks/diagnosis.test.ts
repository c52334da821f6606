/** Diagnosis by the whole core, against a real agent and servers that are healthy, stuck, or something else. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Check, CheckStep } from '../../../shared/models/checks.ts';
import { fact } from '../../../shared/models/message.ts';
import { startTestHost, type TestHost } from '../../contract/links.ts';
import { createPlace, startAgent } from '../agent/process.ts';

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

const json =
  (body: unknown): RequestListener =>
  (_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body));
  };
const ollama: RequestListener = (request, response) =>
  json(request.url === '/api/version' ? { version: '0.33.0' } : { models: [] })(request, response);

type Input = Parameters<TestHost['host']['core']['services']['fleet']['add']>[0];
async function diagnose(input: Partial<Input> & Pick<Input, 'url'>) {
  const { fleet, checks } = test.host.core.services;
  const node = fleet.add({ mac: '02:00:00:00:00:31', wakeDestinations: ['127.0.0.1:9'], ...input });
  const check: Check = await checks.diagnose(node.id, AbortSignal.timeout(60_000));
  const step = (id: string) => check.steps.find((one) => one.id === id) as CheckStep;
  return { check, step };
}

describe('a diagnosis', () => {
  it('of a machine with the real agent: token, rights, clock', async () => {
    using place = createPlace();
    await using agent = await startAgent(place.folder, ['--role', 'power,telemetry', '--dry-run']);
    const url = await serve(ollama);
    const well = await diagnose({ url, agentUrl: agent.url, agentToken: agent.token });
    for (const id of ['host', 'port', 'server', 'agent', 'token', 'clock'])
      expect([id, well.step(id).state, well.step(id).fix]).toEqual([id, 'pass', null]);
    expect(well.step('agent').seen).toMatchObject({ params: { roles: ['power', 'telemetry'] } });
    // Its real adapters are not the ones of the node, where this machine has any.
    expect(['fail', 'not-applicable']).toContain(well.step('armed').state);

    const wrong = await diagnose({
      url: await serve(ollama),
      agentUrl: agent.url,
      agentToken: 'a-token-that-is-not-the-one',
    });
    expect(wrong.step('token')).toMatchObject({ state: 'fail', fix: fact('PAIR_AGENT') });
    expect(wrong.step('rights').state).toBe('not-applicable');
    expect(wrong.check.outcome).toBe('fail');
  });

  it('of a node on this computer asks for no MAC address', async () => {
    const here = await diagnose({ url: await serve(ollama), mac: null, wakeDestinations: [] });
    expect(here.check.outcome).toBe('pass');
    for (const id of ['ways', 'armed', 'route'])
      expect(here.step(id)).toMatchObject({ state: 'not-applicable', seen: fact('ON_THIS_COMPUTER') });
    expect(here.step('server').state).toBe('pass');
  });

  it('of a server that accepts the connection and is silent reports that', async () => {
    const stuck = await diagnose({ url: await serve(() => {}) });
    expect(stuck.step('host').state).toBe('pass');
    expect(stuck.step('port').state).toBe('pass');
    expect(stuck.step('server')).toMatchObject({
      state: 'fail',
      seen: fact('SERVER_SILENT'),
    });
  });

  it('of a web page in place of Ollama reports that', async () => {
    const page = await diagnose({ url: await serve((_, response) => response.end('<!doctype html>')) });
    expect(page.step('server')).toMatchObject({
      state: 'fail',
      seen: { params: { code: 'NOT_AN_INFERENCE_SERVER' } },
    });
  });

  it('of existing servers: a relay that answers, one that is gone, a shutdown server', async () => {
    const url = await serve(ollama);
    const relay = await serve(json({ status: 'ok', gpu_pc_reachable: false, gpu_pc_ip: '127.0.0.1' }));
    const shutdownUrl = await serve(json({ status: 'ok', service: 'gpu-shutdown' }));
    const good = await diagnose({ url, wakeWays: [{ kind: 'relay', url: relay }], shutdownUrl });
    expect(good.step('route').state).toBe('pass');
    expect(good.step('rights')).toMatchObject({ state: 'pass', seen: fact('SHUTDOWN_SERVER_ANSWERS') });
    const gone = await diagnose({
      url: await serve(ollama),
      wakeWays: [{ kind: 'relay', url: 'http://127.0.0.1:1' }],
    });
    expect(gone.step('route')).toMatchObject({
      state: 'fail',
      seen: { code: 'WAKER_FAILS', params: { method: fact('WAKE_BY_RELAY', { host: '127.0.0.1:1' }) } },
    });
  });
});
