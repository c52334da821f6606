/** What the agent of a machine says about its VRAM, over real sockets, decides whether a model is moved there. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { placementOf } from '../../../electron/core/fleet/model-placement.ts';
import { CATALOGUE } from '../../../electron/simulator/catalogue.ts';
import { isServing } from '../../../shared/models/fleet.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import { machineSetups, startRealWorld } from '../../fakes/indexing-world.ts';

const GIB = 1024 ** 3;
const root = mkdtempSync(join(tmpdir(), 'pilotlight-placement-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function worldWithAgent() {
  const [tower] = machineSetups({
    tower: {
      initially: 'on',
      agent: { roles: ['telemetry'], folder: mkdtempSync(join(root, 'agent-')) },
    },
  });
  if (!tower) throw new Error('there is no tower');
  const models = [CATALOGUE.llama31, CATALOGUE.llama32];
  const world = await startRealWorld({}, [{ ...tower, ollama: { ...tower.ollama, models } }]);
  const { fleet, placement, telemetry } = world.host.core.services;
  const machine = world.fleet.control.machine('tower');
  const nodeId = world.nodes.tower ?? '';
  const place = async (model: string) => {
    const [record] = await placement.place({
      model,
      target: 'gpu',
      nodeId,
      by: 'person',
      signal: AbortSignal.timeout(30_000),
    });
    return record;
  };
  const until = (predicate: Parameters<typeof fleet.waitFor>[1]) =>
    fleet.waitFor(nodeId, predicate, AbortSignal.timeout(20_000));
  await until((node) => isServing(node.state) && node.installed.length > 0);
  const ps = async () =>
    ((await fleet.server(nodeId)?.loaded(AbortSignal.timeout(5000))) ?? []).map((model) => [
      model.name,
      placementOf(model),
    ]);
  const untilMeasured = async (predicate: (gpus: readonly GpuReading[]) => boolean) => {
    const measured = Promise.withResolvers<void>();
    const stop = telemetry.onSample((sample) => {
      if (sample.nodeId === nodeId && predicate(sample.gpus)) measured.resolve();
    });
    await measured.promise.finally(stop);
  };
  return { world, fleet, machine, nodeId, place, until, untilMeasured, ps };
}

it('the agent names the program: nothing is touched; without the agent the move is tried and undone', async () => {
  const { world: made, fleet, machine, nodeId, place, until, untilMeasured, ps } = await worldWithAgent();
  await using _ = made;
  expect(await place('llama3.2:3b')).toMatchObject({ outcome: 'moved', to: 'gpu' });
  machine.holdVram(16 * GIB, '/opt/torch/.venv/bin/python3');
  const { agent } = machine;
  fleet.update(nodeId, { agentUrl: agent?.url ?? '', agentToken: agent?.token ?? '' });
  await untilMeasured((gpus) =>
    gpus.some(({ processes }) => processes?.some(({ name }) => name.endsWith('python3'))),
  );

  const before = await ps();
  const refused = await place('llama3.1:8b');
  expect(refused).toMatchObject({ outcome: 'refused', code: 'VRAM_TAKEN', evicted: [] });
  expect(refused?.shortage?.holders[0]).toMatchObject({ name: 'python3', bytes: 16 * GIB });
  expect(machine.ollama.log().filter(({ path }) => path === '/api/generate')).toHaveLength(1);
  expect(await ps()).toEqual(before);

  fleet.update(nodeId, { agentUrl: null });
  await until((node) => node.agentUrl === null && node.gpus.length === 0);
  const tried = await place('llama3.1:8b');
  expect(tried).toMatchObject({ outcome: 'failed', code: 'DOES_NOT_FIT', restored: ['llama3.2:3b'] });
  expect(tried).not.toHaveProperty('shortage');
  expect(await ps()).toEqual(before);
});
