/** What a removed node leaves at the real agent of its machine, a process of its own: nothing. */

import { afterEach, expect, it } from 'vitest';
import { textOf } from '../../../shared/text/index.ts';
import { createPlace, startAgent } from '../agent/process.ts';
import { createFlyingClock, startOllama, startPanel } from './power-machine.ts';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Twice on the command line, the last port counts. */
async function start(folder: string, port: number) {
  const agent = await startAgent(folder, ['--role', 'power,telemetry', '--dry-run', '--port', String(port)]);
  ends.push(() => agent[Symbol.asyncDispose]());
  return agent;
}

type Agent = Awaited<ReturnType<typeof start>>;

async function holds({ call }: Agent) {
  const { policies } = (await call('GET', '/v1/policy')).body as { policies: { panel: string }[] };
  const { leases } = (await call('GET', '/v1/leases')).body as { leases: { id: string }[] };
  return { panels: policies.map(({ panel }) => panel), leases: leases.map(({ id }) => id) };
}

async function governed() {
  const place = createPlace({ commands: { inhibit: ['cat'] } });
  ends.push(() => place[Symbol.dispose]());
  const agent = await start(place.folder, 0);
  const ollama = await startOllama();
  ends.push(() => ollama[Symbol.asyncDispose]());
  const panel = await startPanel({ clock: createFlyingClock(20) });
  ends.push(panel.stop);
  const own = panel.store.power.panelId();
  const { id } = panel.fleet.add({
    name: 'tower',
    url: ollama.url,
    agentUrl: agent.url,
    agentToken: agent.token,
  });
  panel.shutdown.setPolicy(id, { powerOff: 'when-woken', idleMinutes: 30 });
  const lease = panel.leases.keepAwake({ nodeId: id, until: null, purpose: 'a film' });
  await panel.until(id, ({ leases }) => leases[0]?.mirrored === true, 'the agent holds the lease');
  await agent.call('PUT', '/v1/leases/script', { holder: 'Ben', purpose: 'a render', ttlSeconds: 3600 });
  expect(await holds(agent)).toEqual({ panels: [own], leases: [lease.id, 'script'] });
  return { place, agent, panel, id };
}

it('a removed node leaves neither a policy nor a lease at its agent', async () => {
  const { agent, panel, id } = await governed();
  panel.shutdown.setPolicy(id, { idleMinutes: 31 });
  panel.fleet.remove(id);
  await expect.poll(() => panel.store.power.withdrawals(), { timeout: 20_000 }).toEqual([]);
  expect(await holds(agent)).toEqual({ panels: [], leases: ['script'] });
}, 60_000);

it('an agent that was away is cleared when it is back', async () => {
  const { place, agent, panel, id } = await governed();
  await agent.stop('SIGKILL');
  panel.fleet.remove(id);
  await expect
    .poll(() => panel.entries.filter(({ message }) => textOf(message).includes('may still follow')).length, {
      timeout: 20_000,
    })
    .toBe(1);
  expect(panel.store.power.withdrawals()).toHaveLength(1);
  const back = await start(place.folder, agent.port);
  await expect.poll(() => panel.store.power.withdrawals(), { timeout: 30_000 }).toEqual([]);
  expect(await holds(back)).toEqual({ panels: [], leases: ['script'] });
}, 90_000);
