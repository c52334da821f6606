/** The whole core and real agents on simulated machines: a GPU is lost and found again by what the agent reports. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { ActivityEntry } from '../../../shared/models/activity.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { machineSetups, startRealWorld } from '../../fakes/indexing-world.ts';

const root = mkdtempSync(join(tmpdir(), 'pilotlight-gpu-lost-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const signal = () => AbortSignal.timeout(50_000);

async function worldWithAgents() {
  const folder = (name: string) => mkdtempSync(join(root, `${name}-`));
  const [tower, nas] = machineSetups({
    tower: { initially: 'on', agent: { roles: ['power', 'telemetry'], folder: folder('tower') } },
  });
  if (!tower || !nas) throw new Error('there are no machines');
  const world = await startRealWorld({}, [
    tower,
    { ...nas, agent: { roles: ['telemetry'], folder: folder('nas') } },
  ]);
  const { fleet, activity, telemetry, shutdown } = world.host.core.services;
  const machine = (id: string) => world.fleet.control.machine(id);
  for (const id of ['tower', 'nas']) {
    const { agent } = machine(id);
    fleet.update(world.nodes[id] ?? '', {
      agentUrl: agent?.url ?? '',
      agentToken: agent?.token ?? '',
      // Nothing but the agent shows whether there is a GPU.
      vramBytes: null,
    });
  }
  const nodeId = world.nodes.tower ?? '';
  const until = (predicate: (node: NodeView) => boolean, id = 'tower') =>
    fleet.waitFor(world.nodes[id] ?? '', predicate, signal());
  await until((node) => node.state === 'gpu-verified' && node.gpus.length > 0);
  return {
    world,
    nodeId,
    until,
    telemetry,
    shutdown,
    tower: machine('tower'),
    said: () =>
      activity
        .list({ limit: 50 })
        .filter((entry: ActivityEntry) => entry.nodeId === nodeId)
        .map(({ message }) => message.code),
  };
}

it('a server that finds no GPU when it starts again is shown as lost until its agent restarts it', async () => {
  const { world, until, tower, shutdown, nodeId, said } = await worldWithAgents();
  await using _ = world;
  tower.faults.set('no-gpu-discovered', true);
  const lost = await until((node) => node.gpuLost !== null);
  expect(lost).toMatchObject({
    state: 'serving',
    hasGpu: true,
    gpuLost: {
      shownBy: 'server',
      reason: { code: 'SERVER_FOUND_NO_GPU' },
      next: { code: 'RESTART_OLLAMA_FOR_GPU' },
    },
  });
  expect(shutdown.get(nodeId).gpuLost).toMatchObject({ code: 'GPU_LOST' });
  await shutdown.restartOllama({ nodeId }, signal());
  await until((node) => node.state === 'gpu-verified' && node.gpuLost === null);
  expect(said().filter((code) => code === 'NODE_LOST_GPU')).toHaveLength(1);
  expect(said()).toContain('NODE_HAS_GPU_AGAIN');
});

it('a GPU that does not come back with the machine is seen by its tools', async () => {
  const { world, until, tower, said } = await worldWithAgents();
  await using _ = world;
  tower.faults.set('gpu-lost-on-resume', true);
  tower.sleep();
  await until((node) => node.state === 'off');
  tower.powerOn();
  const lost = await until((node) => node.gpuLost !== null);
  expect(lost).toMatchObject({ hasGpu: true, gpuLost: { shownBy: 'tools' } });
  expect(said().filter((code) => code === 'NODE_LOST_GPU')).toHaveLength(1);
  tower.faults.set('gpu-lost-on-resume', false);
  await until((node) => node.state === 'gpu-verified');
});

it('a runner that its Ollama left behind is known by its parent', async () => {
  const { world, nodeId, telemetry, tower } = await worldWithAgents();
  await using _ = world;
  const server = world.host.core.services.fleet.server(nodeId);
  await server?.load('mxbai-embed-large:latest', { layers: 'auto', keepAliveSeconds: -1 }, signal());
  const left = Promise.withResolvers<number>();
  const stop = telemetry.onSample((sample) => {
    const processes = sample.nodeId === nodeId ? sample.gpus.flatMap((gpu) => gpu.processes ?? []) : [];
    const found = processes.find(({ leftBehind }) => leftBehind);
    if (found?.pid !== undefined) left.resolve(found.pid);
  });
  tower.killOllama();
  const pid = await left.promise.finally(stop);
  expect([...telemetry.leftBehind(nodeId)]).toEqual([pid]);
  const check = await world.host.core.services.checks.diagnose(nodeId, signal());
  const settled = Promise.withResolvers<void>();
  const { end } = world.host.core.streams.checks.subscribe(null, ({ set }) => {
    if (set.some(([key, value]) => key === check.id && (value as typeof check).outcome !== 'running'))
      settled.resolve();
    return true;
  });
  await settled.promise;
  end();
  const step = world.host.core.streams.checks.get(check.id)?.steps.find(({ id }) => id === 'left-behind');
  expect(step).toMatchObject({ state: 'fail' });
});

it('an agent that sees no GPU settles that there is none', async () => {
  const { world, until } = await worldWithAgents();
  await using _ = world;
  const nas = await until((node) => node.hasGpu === false, 'nas');
  expect(nas).toMatchObject({ state: 'serving', gpuLost: null, gpus: [] });
});
