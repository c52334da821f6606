/** Two cores with their gateways on one machine, whose agent is a process of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Host, startHost } from '../../../electron/host/start-host.ts';
import { CATALOGUE } from '../../../electron/simulator/catalogue.ts';
import { assembleFleet } from '../../../electron/simulator/fleet.ts';
import { resolveLoadOptions } from '../../../electron/simulator/options.ts';
import { towerAndNas } from '../../fakes/gateway-world.ts';
import { createRememberingLog } from '../../fakes/transport.ts';
import { createPlace, startAgent } from '../agent/process.ts';

const gib = 1024 ** 3;
const USED = 'llama3.1:8b';
const WANTED = 'qwen2.5-coder:14b';
const never = new AbortController().signal;

async function openWorld() {
  await using stack = new AsyncDisposableStack();
  const root = mkdtempSync(join(tmpdir(), 'pilotlight-two-panels-'));
  stack.defer(() => rmSync(root, { recursive: true, force: true }));
  const place = stack.use(createPlace({ role: ['power'], dryRun: true, restartOllama: true }));
  const agent = stack.use(await startAgent(place.folder, []));
  const [tower] = towerAndNas();
  if (tower === undefined) throw new Error('There is a tower.');
  const { mac: _mac, wake: _wake, ...always } = tower;
  const fleet = await assembleFleet([
    {
      ...always,
      mac: '00:00:5e:00:53:10',
      wake: null,
      ollama: {
        ...tower.ollama,
        models: [CATALOGUE.llama31, CATALOGUE.qwenCoder],
        gpus: [{ id: 'GPU-0', name: 'GPU', vramBytes: 16 * gib, baselineBytes: gib / 2, boardWatts: 450 }],
      },
    },
  ]);
  stack.defer(fleet.stop);

  async function openPanel(name: string) {
    const host = await startHost({
      dataFolder: join(root, name),
      environment: { OLLAMA_HOST: '127.0.0.1:1' },
      panelRoot: null,
      checkResults: true,
      gateway: { port: 0 },
      log: createRememberingLog(),
    });
    stack.defer(host.stop);
    const { services } = host.core;
    services.settings.update({
      fleet: { lookIntervalMs: 1000 },
      power: { holder: name },
      optimizer: { on: false, priorityModels: [WANTED] },
    });
    const { id } = services.fleet.add({
      name: 'tower',
      url: fleet.machines[0]?.url ?? '',
      vramBytes: 16 * gib,
      agentUrl: agent.url,
      agentToken: agent.token,
    });
    const { url } = await host.openGateway();
    await services.fleet.waitFor(id, ({ installed }) => installed.length > 0, never);
    await services.agents.refresh(id);
    return { host, id, url: url ?? '' };
  }

  const here = await openPanel('here');
  const there = await openPanel('there');
  /** WANTED is on the CPU, because USED takes the VRAM. */
  const { scheduler } = fleet.control.machine('tower').ollama;
  const options = resolveLoadOptions({ num_gpu: 0 }, CATALOGUE.qwenCoder, scheduler.defaultContext());
  scheduler.preload(CATALOGUE.qwenCoder, options, Number.POSITIVE_INFINITY);
  const kept = stack.move();
  return { here, there, agent, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

const knows = (host: Host, id: string) =>
  host.core.services.agents.refresh(id).then(() => host.core.services.leases.usedByOthers(id));

it('leaves alone what the other panel uses, unless a person decides otherwise', async () => {
  await using world = await openWorld();
  const { here, there, agent } = world;
  const { placement, shutdown, fleet } = here.host.core.services;
  expect(await knows(here.host, here.id)).toEqual([]);

  const answer = await fetch(`${there.url}/api/generate`, {
    method: 'POST',
    body: JSON.stringify({ model: USED, prompt: 'hi', options: { num_predict: 2 } }),
  });
  expect([answer.status, (await answer.text()).includes('"done":true')]).toEqual([200, true]);
  await expect.poll(() => knows(here.host, here.id)).toMatchObject([{ holder: 'there', models: [USED] }]);
  expect(await knows(there.host, there.id)).toEqual([]);
  await fleet.waitFor(here.id, ({ loaded }) => loaded.length === 2, never);

  const node = fleet.require(here.id);
  const planned = placement.planInput(node);
  expect(planned.usedByOthers).toMatchObject([{ holder: 'there' }]);
  const place = (by: 'job' | 'person') =>
    placement.place({ model: WANTED, target: 'gpu', nodeId: here.id, by, signal: never });
  expect(await place('job')).toMatchObject([
    { outcome: 'refused', code: 'MODEL_BUSY', reason: { code: 'USED_BY_OTHER_PANEL' } },
  ]);
  await expect(placement.unload({ model: USED, nodeId: here.id, signal: never })).rejects.toMatchObject({
    code: 'IN_USE',
    details: { holder: 'there' },
  });
  await expect(shutdown.restartOllama({ nodeId: here.id }, never)).rejects.toMatchObject({ code: 'IN_USE' });
  await expect(
    shutdown.powerOff({ nodeId: here.id, force: false, countdownSeconds: 0 }, never),
  ).rejects.toMatchObject({ code: 'IN_USE' });

  expect(await place('person')).toMatchObject([{ outcome: 'moved', to: 'gpu', evicted: [USED] }]);
  await shutdown.restartOllama({ nodeId: here.id, force: true }, never);

  // The other panel ends: its report goes with it.
  await there.host.stop();
  expect((await agent.call('GET', '/v1/traffic')).body).toEqual({ traffic: [] });
  expect(await knows(here.host, here.id)).toEqual([]);
}, 60_000);
