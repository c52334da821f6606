import { expect, it } from 'vitest';
import { requestViewSchema } from '../../../../shared/models/requests.ts';
import { aFinishedRequest, newStart } from '../../../fakes/gateway.ts';
import { aLiveRequest, createRequestsWorld } from '../../../fakes/requests.ts';

const finished = (requests: readonly ReturnType<typeof aFinishedRequest>[]) =>
  ({ kind: 'finished', requests, dropped: 0 }) as const;

it('shows a request in progress, and how it ended', () => {
  const { fake, all } = createRequestsWorld();
  fake.begin();
  const steps = [
    { afterMs: 1, kind: 'waking', nodeId: null, code: null },
    { afterMs: 4000, kind: 'sent', nodeId: 'node_1', code: null },
  ] as const;
  const own = { id: 7, credentialId: 'key_1', heldMs: 3999 };
  fake.report({
    kind: 'live',
    requests: [
      aLiveRequest({ ...own, state: 'waking', nodeId: null, position: 2, expectedMs: 900, steps: [] }),
    ],
  });
  const [waking] = all();
  expect(requestViewSchema.parse(waking)).toMatchObject({
    id: 'first-7',
    state: 'waking',
    position: 2,
    expectedMs: 900,
    credential: 'n8n',
    durationMs: null,
    steps: [{ kind: 'arrived', afterMs: 0 }],
  });
  fake.report(
    finished([
      aFinishedRequest({
        ...own,
        steps,
        loadMs: 1500,
        firstByteMs: 6000,
        durationMs: 8000,
        outputTokens: 100,
        outputMs: 2000,
        why: { code: 'ROUTE_LOADED', params: { node: 'gpu' } } as never,
      }),
    ]),
  );
  expect(all()).toHaveLength(1);
  expect(requestViewSchema.parse(all()[0])).toMatchObject({
    id: 'first-7',
    state: 'completed',
    position: null,
    loadMs: 1500,
    firstByteMs: 6000,
    durationMs: 8000,
    tokensPerSecond: 50,
    why: { code: 'ROUTE_LOADED' },
    problem: null,
  });
  expect(all()[0]?.steps.map(({ kind, afterMs }) => [kind, afterMs])).toEqual([
    ['arrived', 0],
    ['waking', 1],
    ['sent', 4000],
    ['loaded', 5500],
    ['first-byte', 6000],
    ['ended', 8000],
  ]);
});

it('does not list what the gateway answers from memory', () => {
  const { fake, all, service } = createRequestsWorld();
  fake.begin();
  fake.report(finished([aFinishedRequest({ path: '/api/tags', model: null, nodeId: null })]));
  expect(all()).toEqual([]);
  expect(service.history('hour', 60)).toEqual([]);
});

it('says why a request failed, in the words of the gateway or of the code', () => {
  const { fake, all } = createRequestsWorld();
  fake.begin();
  const message = { code: 'GATEWAY_NODE_CUT_OFF', params: { node: 'gpu' } } as never;
  fake.report(
    finished([
      aFinishedRequest({ id: 1, at: 1, outcome: 'failed', code: 'HOST_UNREACHABLE', message }),
      aFinishedRequest({ id: 2, at: 2, outcome: 'refused', code: 'QUEUE_FULL' }),
    ]),
  );
  expect(all().map(({ problem }) => [problem?.code, problem?.message.code])).toEqual([
    ['QUEUE_FULL', 'TEXT'],
    ['HOST_UNREACHABLE', 'GATEWAY_NODE_CUT_OFF'],
  ]);
});

it('keeps a thousand in progress and the newest five hundred that ended', () => {
  const { fake, all, streams } = createRequestsWorld();
  fake.begin();
  const ids = Array.from({ length: 1200 }, (_, index) => index + 1);
  fake.report({ kind: 'live', requests: ids.map((id) => aLiveRequest({ id, at: id })) });
  expect(all()).toHaveLength(1000);
  fake.report(finished(ids.map((id) => aFinishedRequest({ id, at: id }))));
  expect(all().map(({ id }) => id)).toEqual(
    ids
      .slice(-500)
      .reverse()
      .map((id) => `first-${id}`),
  );
  const flood = Array.from({ length: 1500 }, (_, index) =>
    aFinishedRequest({ id: 2000 + index, at: 2000 + index }),
  );
  fake.report(finished(flood));
  expect(streams.requests.keys()).toHaveLength(500);
  expect(all()[0]?.id).toBe('first-3499');
});

it('selects by state, model, node, program and key', () => {
  const { fake, service } = createRequestsWorld();
  fake.begin();
  fake.report(
    finished([
      aFinishedRequest({ id: 1, at: 1, model: 'llama3.2', program: 'zed' }),
      aFinishedRequest({ id: 2, at: 2, model: 'llama3.2:latest', outcome: 'failed', nodeId: 'node_2' }),
      aFinishedRequest({ id: 3, at: 3, model: 'qwen3', credentialId: 'key_1' }),
    ]),
  );
  const ids = (filter: object) => service.list({ limit: 10, ...filter }).map(({ id }) => id.slice(6));
  expect(ids({ model: 'llama3.2' })).toEqual(['2', '1']);
  expect(ids({ states: ['failed'] })).toEqual(['2']);
  expect(ids({ nodeId: 'node_1' })).toEqual(['3', '1']);
  expect(ids({ program: 'zed' })).toEqual(['1']);
  expect(ids({ credentialId: 'key_1' })).toEqual(['3']);
  expect(ids({ limit: 1 })).toEqual(['3']);
});

it('cancels what is in progress, and nothing else', async () => {
  const { fake, service } = createRequestsWorld();
  await expect(service.cancel('first-3')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  fake.begin();
  fake.inProgress.add(3);
  await service.cancel('first-3');
  fake.inProgress.delete(3);
  await expect(service.cancel('first-3')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  for (const id of ['second-3', '3', 'first-', 'first-3x']) {
    await expect(service.cancel(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  }
  expect(fake.calls).toEqual(['cancel 3', 'cancel 3']);
});

it('ends what a gateway had that ended itself', () => {
  const { clock, fake, all, service } = createRequestsWorld();
  fake.begin();
  const at = clock.now() - 5000;
  fake.report({
    kind: 'live',
    requests: [aLiveRequest({ id: 1, at }), aLiveRequest({ id: 2, at, nodeId: null })],
  });
  fake.end();
  expect(all().map(({ state, problem, durationMs }) => [state, problem?.code, durationMs])).toEqual([
    ['failed', 'GATEWAY_ENDED', 5000],
    ['failed', 'GATEWAY_ENDED', 5000],
  ]);
  expect(service.history('hour', 60)[0]?.rows).toMatchObject([
    { nodeId: 'node_1', failed: 1, requests: 1 },
    { nodeId: null, failed: 1, requests: 1 },
  ]);
  fake.begin({ ...newStart, instance: 'second' });
  fake.report({ kind: 'live', requests: [aLiveRequest({ id: 1, at: at + 1 })] });
  expect(all().map(({ id, state }) => [id, state])).toEqual([
    ['second-1', 'sent'],
    ['first-1', 'failed'],
    ['first-2', 'failed'],
  ]);
});

it('continues with a gateway that it finds again, and replaces one of another process', () => {
  const { fake, all } = createRequestsWorld();
  fake.begin();
  fake.report({ kind: 'live', requests: [aLiveRequest({ id: 1 })] });
  fake.begin();
  expect(all()[0]?.state).toBe('sent');
  fake.begin({ ...newStart, instance: 'second' });
  expect(all()[0]?.state).toBe('failed');
});

it('keeps prompts only where there is a gateway, and forgets that it had them', async () => {
  const { fake, service, all } = createRequestsWorld();
  await expect(service.keepPrompts(true)).rejects.toMatchObject({ code: 'GATEWAY_OFF' });
  expect(await service.keepPrompts(false)).toEqual({ until: null, count: 0 });
  fake.begin();
  expect((await service.keepPrompts(true)).until).toBe(3_600_000);
  fake.prompts.set(1, { text: '{"model":"m"}', bytes: 13, truncated: false });
  fake.report(finished([aFinishedRequest({ id: 1, hasPrompt: true }), aFinishedRequest({ id: 2 })]));
  expect(await service.prompt('first-1')).toEqual({ text: '{"model":"m"}', bytes: 13, truncated: false });
  await expect(service.prompt('first-2')).rejects.toMatchObject({
    code: 'NOT_FOUND',
    said: { code: 'PROMPT_NOT_KEPT' },
  });
  await expect(service.prompt('first-9')).rejects.toMatchObject({ said: { code: 'REQUEST_UNKNOWN' } });
  expect(all().filter(({ hasPrompt }) => hasPrompt)).toHaveLength(1);
  fake.report({ kind: 'prompts-dropped' });
  expect(all().filter(({ hasPrompt }) => hasPrompt)).toEqual([]);
});

it('reports what waits, and counts how long', async () => {
  const { clock, fake, service, waiting } = createRequestsWorld();
  fake.begin();
  fake.report({
    kind: 'waiting',
    models: [
      ['a:latest', 3],
      ['b:latest', 1],
    ],
  });
  await clock.advance(1000);
  fake.report({ kind: 'waiting', models: [['a:latest', 1]] });
  await clock.advance(1000);
  fake.report({ kind: 'waiting', models: [] });
  expect(waiting).toEqual([4, 1, 0]);
  // Three for a second and one for another, of the sixty of a minute.
  expect(service.history('hour', 60)[0]?.rows).toMatchObject([
    { model: 'a:latest', waiting: 0.07, requests: 0 },
    { model: 'b:latest', waiting: 0.02, requests: 0 },
  ]);
});

it('is there without a gateway', async () => {
  const { service, all } = createRequestsWorld({ hasLink: false });
  expect([all(), service.history('day', 10), await service.promptKeeping()]).toEqual([
    [],
    [],
    { until: null, count: 0 },
  ]);
  service.stop();
});
