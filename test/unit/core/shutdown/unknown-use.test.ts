/** What is not known of a machine's use keeps it on. */

import { afterEach, describe, expect, test } from 'vitest';
import type { AgentSample } from '../../../../electron/core/ports/agents.ts';
import { textOf } from '../../../../shared/text/index.ts';
import { anAgentSample } from '../../../fakes/agent-link.ts';
import { agentUrl, createPowerWorld, type PowerWorldOptions } from '../../../fakes/power-world.ts';

const minute = 60_000;
const always = { powerOff: 'always', action: 'shutdown', idleMinutes: 2, countdownSeconds: 60 } as const;
const worlds: ReturnType<typeof createPowerWorld>[] = [];

async function startedWorld(options: PowerWorldOptions = {}) {
  const world = createPowerWorld(options);
  worlds.push(world);
  await world.start();
  return world;
}

afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop();
});

const [card] = anAgentSample().gpus;
const idle = (changes: object = {}) => (card ? [{ ...card, utilisationPercent: 0, ...changes }] : []);

describe('a shutdown server beside an agent that only measures', () => {
  async function measuredWorld() {
    const world = await startedWorld();
    world.agent.health = { ...world.agent.health, roles: ['telemetry'] };
    const id = await world.addServed({ agentUrl, agentToken: 'right-token' });
    world.shutdown.setPolicy(id, always);
    return {
      ...world,
      id,
      /** Each second, as agents do. */
      async measure(ms: number, sample: Partial<AgentSample>) {
        for (let passed = 0; passed < ms; passed += 1000) {
          world.agent.push(sample);
          await world.clock.advance(1000);
        }
      },
    };
  }

  test('goes off when its GPU is read and idle', async () => {
    const world = await measuredWorld();
    await world.measure(5 * minute, { gpus: idle() });
    expect(world.shutdowns()).toHaveLength(1);
  });

  test.each<[string, Partial<AgentSample>, string]>([
    ['a tool fails', { gpus: [], gpusRead: 'failed', problems: ['nvidia-smi hangs.'] }, 'nvidia-smi hangs.'],
    ['one of two tools fails', { gpus: idle(), gpusRead: 'failed', problems: ['It fails.'] }, 'It fails.'],
    [
      'a tool has not printed yet',
      { gpus: [], gpusRead: 'not-yet', problems: ['nvidia-smi has not printed anything yet.'] },
      'has not printed anything yet',
    ],
    [
      'its driver does not report its load',
      { gpus: idle({ utilisationPercent: null }) },
      'does not report its load',
    ],
  ])('stays on where %s', async (_, sample, why) => {
    const world = await measuredWorld();
    await world.measure(6 * minute, sample);
    expect(world.shutdowns()).toEqual([]);
    expect(world.shutdown.get(world.id).whyOn.map(textOf).join(' ')).toContain(why);
    expect(world.shutdown.get(world.id)).toMatchObject({ offAt: null, idleSince: null });
  });

  test('stays on where the agent says nothing, and goes off when it says that nothing is busy', async () => {
    const world = await measuredWorld();
    await world.clock.advance(10 * minute);
    expect(world.shutdowns()).toEqual([]);
    expect(world.shutdown.get(world.id).whyOn).toMatchObject([
      { code: 'GPU_LOAD_UNKNOWN', params: { reason: { code: 'NO_RECENT_READING' } } },
    ]);
    await world.measure(6 * minute, { gpus: idle() });
    expect(world.shutdowns()).toHaveLength(1);
  });
});

describe('an agent whose tools have not said what they see', () => {
  async function knownWorld() {
    const world = await startedWorld();
    const id = await world.addWithAgent();
    world.agent.push();
    await world.clock.advance(6000);
    world.agent.push();
    await world.clock.advance(6000);
    expect(world.fleet.require(id).hasGpu).toBe(true);
    return { ...world, id };
  }

  test('is no GPU lost; one whose tools see none is', async () => {
    const world = await knownWorld();
    world.agent.push({ gpus: [], gpusRead: 'not-yet', problems: ['It has not printed anything yet.'] });
    expect(world.shutdown.get(world.id).gpuLost).toBeNull();
    async function seeing(sample: Partial<AgentSample>) {
      for (let second = 0; second < 4; second += 1) {
        world.agent.push(sample);
        await world.clock.advance(1000);
      }
    }
    await seeing({ gpus: [], gpusRead: 'failed', problems: ['It hangs.'] });
    expect(world.shutdown.get(world.id).gpuLost).toMatchObject({
      code: 'GPU_LOST',
      message: expect.stringContaining('cannot read its GPU. It hangs.'),
    });
    await seeing({ gpus: [] });
    expect(world.shutdown.get(world.id).gpuLost).toMatchObject({
      code: 'GPU_LOST',
      message: expect.stringContaining('see no GPU'),
    });
  });

  test.each<[string, Partial<AgentSample>, boolean | null, boolean | null]>([
    ['not read yet', { gpus: [], gpusRead: 'not-yet' }, null, null],
    ['that cannot be read', { gpus: [], gpusRead: 'failed' }, null, null],
    ['that are none', { gpus: [], gpusRead: 'all' }, false, false],
    ['that are integrated graphics', { gpus: idle({ integrated: true }) }, false, null],
    ['that are a card', { gpus: idle() }, true, true],
  ])('GPUs %s, whose server found none or does not say', async (_, sample, ifNoneFound, ifUnsaid) => {
    for (const [gpuFound, hasGpu] of [
      [false, ifNoneFound],
      [null, ifUnsaid],
    ] as const) {
      const world = await startedWorld();
      const id = await world.addWithAgent();
      world.agent.describe({ ollama: { answers: true, version: null, startedAt: null, gpuFound } });
      for (let second = 0; second < 12; second += 1) {
        world.agent.push(sample);
        await world.clock.advance(1000);
      }
      expect([gpuFound, world.fleet.require(id).hasGpu]).toEqual([gpuFound, hasGpu]);
      const lost = gpuFound === false && hasGpu === true;
      expect([gpuFound, world.shutdown.get(id).gpuLost !== null]).toEqual([gpuFound, lost]);
    }
  });
});
