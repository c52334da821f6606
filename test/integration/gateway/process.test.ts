import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createSystemClock } from '../../../electron/adapters/clock.ts';
import { everyCall } from '../../../electron/adapters/gateway/gateway-link.ts';
import { createWorkerClient, type MethodPolicy } from '../../../electron/adapters/processes/worker-client.ts';
import { createForkWorkerHost } from '../../../electron/adapters/processes/worker-host.ts';
import { unpackEvent } from '../../../electron/core/gateway/packed.ts';
import type { GatewayContract, GatewayEvent } from '../../../electron/core/gateway/protocol.ts';
import { answerJson, node, startUpstream } from '../../fakes/data-plane.ts';
import { gatewayTable } from '../../fakes/gateway-table.ts';

const entry = fileURLToPath(new URL('../../../electron/workers/gateway/gateway-worker.ts', import.meta.url));
const policy: MethodPolicy = { deadlineMs: null, lateCode: null, isRepeatable: true };

it('serves in a process of its own, and reports to its core', async () => {
  await using server = await startUpstream((_, response) => answerJson(response, { done: true }));
  const events = new EventTarget();
  const client = createWorkerClient<GatewayContract>({
    name: 'gateway',
    host: createForkWorkerHost({ entry }),
    clock: createSystemClock(),
    log: { debug() {}, info() {}, warn() {}, error() {} },
    config: { core: 'test' },
    methods: everyCall(policy),
    onEvent(sent) {
      const detail = unpackEvent(sent);
      events.dispatchEvent(new CustomEvent(detail.kind, { detail }));
    },
  });
  await using _ = { [Symbol.asyncDispose]: () => client.stop() };
  const digest = new Uint8Array(32).fill(7);
  const credential = {
    id: 'k',
    kind: 'program' as const,
    name: 'k',
    rights: ['infer' as const],
    digest,
    origin: null,
    endsAt: null,
    revoked: false,
    models: null,
    requestsPerMinute: null,
  };
  const table = { ...gatewayTable([node('one', server.url)]), credentials: [credential], version: 3 };
  expect(await client.call('table.set', table)).toEqual({ version: 3 });
  const { port } = await client.call('listen', { host: '127.0.0.1', port: 0 });
  const finished = once(events, 'finished');
  const answer = await fetch(`http://127.0.0.1:${port}/api/generate`, {
    method: 'POST',
    headers: { authorization: 'Bearer nothing' },
    body: JSON.stringify({ model: 'm', stream: false }),
  });
  expect(await answer.json()).toEqual({ done: true });
  const [event] = (await finished) as [CustomEvent<GatewayEvent>];
  expect(event.detail).toMatchObject({
    kind: 'finished',
    requests: [{ nodeId: 'one', outcome: 'completed' }],
  });
  expect(await client.call('resume', null)).toEqual({
    version: 3,
    listening: { host: '127.0.0.1', port },
    traffic: [],
    instance: expect.any(String),
  });
  const other = await client.call('listen', { host: '127.0.0.1', port });
  expect(other).toEqual({ port });
  await expect(client.call('listen', { host: '127.0.0.1', port: server.port })).rejects.toMatchObject({
    code: 'PORT_IN_USE',
  });
  expect((await client.call('resume', null)).listening).toEqual({ host: '127.0.0.1', port });
  await client.call('close', null);
  expect((await client.call('resume', null)).listening).toBeNull();
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
});
