/** What counts as a change of a node: its state and configuration, never a reading. */
import { expect, it } from 'vitest';
import { createTelemetryService } from '../../../../electron/core/telemetry/service.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type { Frame } from '../../../../shared/contract/streams.ts';
import type { NodeView } from '../../../../shared/models/fleet.ts';
import type { WakeProgress } from '../../../../shared/models/wake.ts';
import { anAgentSample } from '../../../fakes/agent-link.ts';
import { aModel, asleep } from '../../../fakes/inference-server.ts';
import { agentUrl, createPowerWorld, towerUrl } from '../../../fakes/power-world.ts';

const minute = 60_000;
const refused = { fails: new PilotlightError('HOST_UNREACHABLE', { details: { reason: 'refused' } }) };
const gone = { fails: new PilotlightError('HOST_UNREACHABLE') };

/** The tower, with an agent that reads its GPU, and everything published about it from now on. */
async function towerWorld() {
  const world = createPowerWorld();
  const { clock, fleet, streams, agents, store, log } = world;
  const telemetry = createTelemetryService({
    clock,
    random: () => 0.5,
    log,
    hardware: {
      readGpus: async () => [],
      readHost: () => ({ cpuPercent: 5, memoryTotalBytes: 16e9, memoryUsedBytes: 8e9 }),
    },
    store,
    streams,
    fleet,
    simulated: () => null,
    agents,
  });
  await world.start();
  telemetry.start();
  const { id } = fleet.add({
    url: towerUrl,
    name: 'tower',
    mac: '00:00:5E:00:53:01',
    agentUrl,
    agentToken: 'right-token',
  });
  await clock.advance(1000);
  return {
    ...world,
    id,
    tower: world.server(towerUrl),
    pushes(count: number, everyMs: number) {
      return (async () => {
        for (let index = 0; index < count; index += 1) {
          const { host, gpus } = anAgentSample();
          world.agent.push(
            anAgentSample({
              host: { ...host, cpuPercent: index % 100 },
              gpus: gpus.map((gpu) => ({
                ...gpu,
                vramUsedBytes: 6e9 + index * 1e6,
                utilisationPercent: index % 100,
                powerWatts: 100 + index,
              })),
            }),
          );
          await clock.advance(everyMs);
        }
      })();
    },
    /** Counts from now on. */
    follow() {
      const views: NodeView[] = [];
      const counts = { fleet: 0, telemetry: 0 };
      const wakes: (WakeProgress | null)[] = [];
      fleet.onChange((node) => {
        if (node?.id === id) views.push(node);
      });
      const entriesOf = ({ kind, set }: Frame) =>
        kind === 'snapshot' ? [] : set.flatMap(([key, value]) => (key === id ? [value] : []));
      streams.fleet.subscribe(null, (frame) => {
        counts.fleet += entriesOf(frame).length;
        return true;
      });
      streams.telemetry.subscribe(null, (frame) => {
        counts.telemetry += entriesOf(frame).length;
        return true;
      });
      streams.wake.subscribe(null, (frame) => {
        wakes.push(...(entriesOf(frame) as WakeProgress[]));
        if (frame.removed.includes(id)) wakes.push(null);
        return true;
      });
      return { views, counts, wakes };
    },
    async stop() {
      await telemetry.stop();
      await world.stop();
    },
  };
}

it('a minute of readings is no change of the node, and all of them are on the telemetry stream', async () => {
  const world = await towerWorld();
  await world.pushes(10, 1000);
  const { views, counts } = world.follow();
  await world.pushes(minute / 500, 500);
  expect(views).toEqual([]);
  expect(counts.fleet).toBe(0);
  expect(counts.telemetry).toBeGreaterThanOrEqual(25);
  expect(world.streams.telemetry.get(world.id)?.gpus[0]?.powerWatts).toBeGreaterThan(200);
  await world.stop();
});

it('a wake is four changes: waking, booting, serving with what it learned, and GPU verified', async () => {
  const world = await towerWorld();
  const { clock, fleet, power, tower, agent, id } = world;
  await world.pushes(10, 1000);
  tower.answer = asleep();
  agent.answer = gone;
  agent.endStreams(new PilotlightError('HOST_UNREACHABLE'));
  await clock.advance(minute);
  expect(fleet.get(id)?.state).toBe('off');
  expect(world.streams.telemetry.get(id)).toBeUndefined();

  const { views, counts, wakes } = world.follow();
  await power.wake(id);
  await clock.advance(10_000);
  tower.answer = refused;
  await clock.advance(5000);
  tower.answer = 'serves';
  agent.answer = 'serves';
  agent.machine = { ...agent.machine, bootId: 'boot-2' };
  await clock.advance(3000);
  await world.pushes(20, 500);
  tower.loadedModels = [aModel()];
  await world.pushes(240, 500);

  expect(views.map(({ state }) => state)).toEqual(['waking', 'booting', 'serving', 'gpu-verified']);
  expect(views[2]).toMatchObject({ boot: { count: 1 }, installed: [{}], gpus: [{ name: 'RTX 4090' }] });
  expect(counts.fleet).toBe(4);
  // Each step is published, and the end.
  expect([...new Set(wakes.map((progress) => progress?.step))]).toEqual([
    'packet-sent',
    'answers',
    'serves',
    'gpu-verified',
    undefined,
  ]);
  expect(wakes.at(-1)).toBeNull();
  await world.stop();
});

it('the first wake of a node that was never seen on is four changes too', async () => {
  const world = await towerWorld();
  const { clock, fleet, power } = world;
  const server = world.server('http://192.168.7.30:11434');
  server.answer = asleep();
  const { id } = fleet.add({ url: 'http://192.168.7.30:11434', name: 'new', mac: '00:00:5E:00:53:02' });
  await clock.advance(minute);
  const views: NodeView[] = [];
  fleet.onChange((node) => {
    if (node?.id === id) views.push(node);
  });
  await power.wake(id);
  await clock.advance(10_000);
  server.answer = refused;
  await clock.advance(5000);
  server.answer = 'serves';
  await clock.advance(10_000);
  server.loadedModels = [aModel()];
  await clock.advance(2 * minute);
  expect(views.map(({ state }) => state)).toEqual(['waking', 'booting', 'serving', 'gpu-verified']);
  expect(views[2]).toMatchObject({ boot: { count: 1 }, server: { version: '0.33.0' } });
  await world.stop();
});
