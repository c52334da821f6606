/** From a sleeping machine to an answer: a whole core, its gateway's process and simulated machines. */
import { expect, it } from 'vitest';
import type { LeaseChange } from '../../../electron/core/leases/lease-ledger.ts';
import { isServing } from '../../../shared/models/serving.ts';
import { openGatewayWorld } from '../../fakes/gateway-world.ts';

const CHAT = 'llama3.1:8b';
const EMBED = 'mxbai-embed-large';

const chat = (model = CHAT) => ({
  model,
  messages: [{ role: 'user', content: 'hi' }],
  options: { num_predict: 3 },
});

it('wakes a machine for fifty requests at once, with one wake and one lease that names the program', async () => {
  await using world = await openGatewayWorld();
  const { host, nodes } = world;
  const { leases, wake } = host.core.services;
  await world.untilNode('tower', ({ installed }) => installed.length > 0);
  await world.sleep('tower');
  const tower = nodes.tower ?? '';
  const changes: LeaseChange[] = [];
  leases.ledger.onChange((nodeId, change) => {
    if (nodeId === tower) changes.push(change);
  });
  let wakes = 0;
  wake.onWoken(() => {
    wakes += 1;
  });
  const answers = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const response = await world.post('/api/chat', chat(), {
        headers: { 'user-agent': 'kitchen-radio/2' },
      });
      return {
        status: response.status,
        node: response.headers.get('x-pilotlight-node'),
        text: await response.text(),
      };
    }),
  );
  expect(new Set(answers.map(({ status, node }) => `${status} ${node}`))).toEqual(new Set(['200 tower']));
  expect(answers.every(({ text }) => text.trimEnd().endsWith('}') && text.includes('"done":true'))).toBe(
    true,
  );
  expect(wakes).toBe(1);
  const begun = changes.flatMap((change) => ('began' in change ? [change.began] : []));
  const named = begun.filter(({ purpose }) => purpose.includes('kitchen-radio'));
  const asked = named.filter(({ purpose }) => purpose.includes(CHAT));
  expect(asked).toHaveLength(1);
  // That of the requests themselves names it, too.
  expect(named.length).toBeGreaterThan(1);
  expect(asked[0]).toMatchObject({ kind: 'request' });
  // From the wake until after the last answer, it was never without a lease.
  let held = 0;
  for (const [index, change] of changes.entries()) {
    held += 'began' in change ? 1 : -1;
    if (index < changes.length - 1) expect(held).toBeGreaterThan(0);
  }
  expect(held).toBe(1);
  expect(leases.ledger.list().map(({ nodeId }) => nodeId)).toEqual([tower]);
}, 30_000);

it('wakes nothing for a listing, and serves a model that is awake elsewhere without a wake', async () => {
  await using world = await openGatewayWorld();
  await world.untilNode('tower', ({ installed }) => installed.length > 0);
  await world.untilNode('nas', ({ installed }) => installed.length > 0);
  await world.sleep('tower');
  const tags = (await (await fetch(`${world.url}/api/tags`)).json()) as { models: { name: string }[] };
  expect(tags.models.map(({ name }) => name)).toContain(CHAT);
  const embedded = await world.post('/api/embed', { model: EMBED, input: 'a' });
  expect(embedded.headers.get('x-pilotlight-node')).toBe('nas');
  const shown = await world.post('/api/show', { model: CHAT });
  expect([shown.status, shown.headers.get('x-pilotlight-error')]).toEqual([503, 'NODE_ASLEEP']);
  expect(world.host.core.services.wake.wakes()).toEqual([]);
}, 30_000);

it('obeys the policy of the machine, and falls back to the CPU only if the rule lets it', async () => {
  await using world = await openGatewayWorld({
    settings: {
      policies: [
        { model: EMBED, credentialId: null, wake: 'cpu-after', cpuAfterSeconds: 600, priority: null },
      ],
    },
  });
  const { host, nodes } = world;
  await world.untilNode('tower', ({ installed }) => installed.length > 0);
  await world.untilNode('nas', ({ installed }) => installed.length > 0);
  await world.sleep('tower');
  await host.core.handlers['power.setPolicy']({ nodeId: nodes.tower ?? '', policy: { wakeFor: 'never' } }, {
    signal: new AbortController().signal,
  } as never);
  const refused = await world.post('/api/chat', chat());
  expect([refused.status, refused.headers.get('x-pilotlight-error')]).toEqual([503, 'WAKE_NOT_ALLOWED']);
  const embedded = await world.post('/api/embed', { model: EMBED, input: 'a' });
  expect(embedded.headers.get('x-pilotlight-node')).toBe('nas');
  expect(embedded.headers.get('x-pilotlight-placement')).toBe('cpu');
}, 30_000);

it('fails all that wait when the machine does not come up, and says so', async () => {
  await using world = await openGatewayWorld();
  const { host, fleet } = world;
  await world.untilNode('tower', ({ installed }) => installed.length > 0);
  await world.sleep('tower');
  host.core.services.settings.update({ power: { wakeTimeoutMs: 5000 } });
  fleet.setFault('tower', 'does-not-wake', true);
  const answers = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const response = await world.post('/api/chat', chat());
      return `${response.status} ${response.headers.get('x-pilotlight-error')}`;
    }),
  );
  expect(new Set(answers)).toEqual(new Set(['503 WAKE_TIMEOUT']));
  expect(host.core.services.leases.ledger.list()).toEqual([]);
}, 40_000);

it('sends requests on when a person wakes the machine', async () => {
  await using world = await openGatewayWorld({ settings: { mayWake: ['chat'] } });
  const { host, nodes } = world;
  await world.untilNode('tower', ({ installed }) => installed.length > 0);
  await world.sleep('tower');
  const waiting = world.post('/api/chat', chat());
  await host.core.services.wake.wake(nodes.tower ?? '').catch(() => {});
  expect((await waiting).status).toBe(200);
  await world.untilNode('tower', ({ state }) => isServing(state));
}, 30_000);

it('wakes a machine for a recording, whose bytes wait meanwhile, and for one that names its model last', async () => {
  await using world = await openGatewayWorld();
  await world.untilNode('tower', ({ installed }) => installed.length > 0);
  for (const isLast of [false, true]) {
    await world.sleep('tower');
    let wakes = 0;
    const stop = world.host.core.services.wake.onWoken(() => {
      wakes += 1;
    });
    const form = new FormData();
    const add = [
      () => form.append('model', CHAT),
      () => form.append('file', new Blob([new Uint8Array(100_000)]), 'a.wav'),
    ];
    for (const part of isLast ? add.toReversed() : add) part();
    const answer = await fetch(`${world.url}/v1/audio/transcriptions`, { method: 'POST', body: form });
    await answer.text();
    stop();
    // The simulated server has no ears; that it was asked is what counts.
    expect([answer.headers.get('x-pilotlight-node'), wakes]).toEqual(['tower', 1]);
  }
}, 30_000);

it('forgets a recording whose program leaves while a machine wakes', async () => {
  await using world = await openGatewayWorld();
  await world.untilNode('tower', ({ installed }) => installed.length > 0);
  await world.sleep('tower');
  const leaving = new AbortController();
  const form = new FormData();
  form.append('model', CHAT);
  form.append('file', new Blob([new Uint8Array(100_000)]), 'a.wav');
  const answer = fetch(`${world.url}/v1/audio/transcriptions`, {
    ...{ method: 'POST', body: form, signal: leaving.signal },
  });
  await world.untilNode('tower', ({ state }) => state !== 'off');
  leaving.abort();
  await expect(answer).rejects.toThrow();
  await world.untilNode('tower', ({ state }) => isServing(state));
  const next = await world.post('/api/chat', chat());
  expect(next.status).toBe(200);
  await next.text();
  expect(world.host.core.services.requests.waiting()).toEqual([]);
}, 30_000);
