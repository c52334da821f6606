import { afterEach, describe, expect, it } from 'vitest';
import { createInFlight } from '../../../../electron/core/acquire/in-flight.ts';
import { createHealthTracker } from '../../../../electron/core/acquire/node-health.ts';
import { runPool } from '../../../../electron/core/acquire/pool.ts';
import { createAcquireService } from '../../../../electron/core/acquire/service.ts';
import { fact, plainText } from '../../../../shared/models/message.ts';
import { gone } from '../../../fakes/agent-link.ts';
import { silentLog } from '../../../fakes/indexing.ts';
import { agentUrl, createPowerWorld, towerUrl } from '../../../fakes/power-world.ts';

const model = { name: 'llama3.1:8b', digest: null };
const worlds: ReturnType<typeof createPowerWorld>[] = [];

afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop();
});

/** A machine that sleeps, with its agent; the real fleet, wake, ledger and mirror. */
async function sleepingTower() {
  const world = createPowerWorld();
  worlds.push(world);
  await world.start();
  world.goOff();
  world.agent.answer = gone();
  const { id } = world.fleet.add({
    url: towerUrl,
    name: 'tower',
    mac: '02:00:00:00:00:01',
    agentUrl,
    agentToken: 'right-token',
  });
  await world.clock.advance(2000);
  /** How many leases lived after each change. */
  const living: number[] = [];
  world.leases.ledger.onChange(() => void living.push(world.leases.ledger.list(id).length));
  let placement: 'gpu' | 'cpu' = 'gpu';
  const service = createAcquireService({
    clock: world.clock,
    log: silentLog,
    fleet: world.fleet,
    leases: world.leases.ledger,
    wakes: world.power,
    placement: {
      async ensureOnGpu({ signal }) {
        await world.clock.sleep(30_000, signal);
        return { placement, reason: plainText('') };
      },
    },
    inFlight: createInFlight({ clock: world.clock }),
  });
  return {
    ...world,
    id,
    living,
    service,
    sent: (word: string) => world.agent.calls.filter((call) => call.startsWith(`${word} `)),
    refuseGpu: (refused: boolean) => {
      placement = refused ? 'cpu' : 'gpu';
    },
    /** As it does a while after a wake. */
    async comesUp() {
      world.agent.answer = 'serves';
      world.agent.describe({ bootId: 'boot-2' });
      world.server(towerUrl).answer = 'serves';
      await world.fleet.probe(id);
      await world.clock.advance(2000);
    },
  };
}

describe('the lease of an acquisition', () => {
  it('lasts from before the wake until the release, in the ledger and at the agent', async () => {
    const world = await sleepingTower();
    const acquiring = world.service.acquire({
      model,
      purpose: fact('USED_FOR_INDEXING', { folder: 'Notes' }),
      by: 'job',
      gpu: 'needed',
      wake: true,
      signal: new AbortController().signal,
    });
    expect(world.living).toEqual([1]);
    await world.clock.advance(5000);
    await world.comesUp();
    await world.clock.advance(30_000);
    const acquired = await acquiring;
    expect(world.living).toEqual([1]);
    expect(world.agent.leases).toMatchObject([{ purpose: 'indexing "Notes"' }]);
    const [lease] = world.leases.ledger.list(world.id);
    expect(world.shutdown.get(world.id).leases).toMatchObject([
      { id: lease?.id, kind: 'job', mirrored: true },
    ]);
    // It is renewed for as long as it is held.
    await world.clock.advance(10 * 60_000);
    expect(world.agent.leases).toHaveLength(1);
    expect(world.sent('endLease')).toEqual([]);
    await acquired[Symbol.asyncDispose]();
    await world.clock.advance(1000);
    expect(world.living).toEqual([1, 0]);
    expect(world.agent.leases).toEqual([]);
    expect(world.sent('endLease')).toHaveLength(1);
  });

  it('is taken again for the next one if it was ended meanwhile', async () => {
    const world = await sleepingTower();
    await world.comesUp();
    const request = {
      model,
      purpose: plainText('chat'),
      by: 'request' as const,
      signal: new AbortController().signal,
    };
    const one = await world.service.acquire(request);
    world.leases.ledger.end(world.leases.ledger.list(world.id)[0]?.id ?? '');
    const two = await world.service.acquire(request);
    expect(world.living).toEqual([1, 0, 1]);
    await one[Symbol.asyncDispose]();
    const three = await world.service.acquire(request);
    expect(world.living).toEqual([1, 0, 1]);
    await two[Symbol.asyncDispose]();
    expect(world.living).toEqual([1, 0, 1]);
    await three[Symbol.asyncDispose]();
    expect(world.living).toEqual([1, 0, 1, 0]);
  });
});

describe('the lease of a pool', () => {
  it('has no gap when its machine is woken, refuses its GPU, and gets it after all', async () => {
    const world = await sleepingTower();
    world.refuseGpu(true);
    const controller = new AbortController();
    const placements: boolean[] = [];
    const ignore = () => {};
    const running = runPool(
      {
        clock: world.clock,
        fleet: world.fleet,
        acquire: world.service,
        health: createHealthTracker({ clock: world.clock }),
        model,
        purpose: fact('USED_FOR_INDEXING', { folder: 'Notes' }),
        by: 'job',
        gpu: 'needed',
        mayWake: true,
        whenGpuGone: 'use-cpu',
        work: ({ worker, retired }) => {
          placements.push(worker.gpu);
          return new Promise((resolve) => retired.addEventListener('abort', () => resolve(), { once: true }));
        },
        events: {
          waking: ignore,
          woke: ignore,
          placing: ignore,
          placed: ignore,
          gpuRefused: ignore,
          working: ignore,
          dropped: ignore,
          wakeFailed: ignore,
          wakeNotAllowed: ignore,
          waiting: ignore,
          changed: ignore,
        },
      },
      controller.signal,
    ).catch(() => 'over');
    await world.clock.advance(5000);
    await world.comesUp();
    await world.clock.advance(30_000);
    expect(placements).toEqual([false]);
    world.refuseGpu(false);
    await world.clock.advance(100_000);
    expect(placements).toEqual([false, true]);
    expect(world.living).toEqual([1]);
    expect(world.agent.leases).toHaveLength(1);
    expect(world.sent('endLease')).toEqual([]);
    controller.abort();
    expect(await running).toBe('over');
    await world.clock.advance(1000);
    expect(world.living).toEqual([1, 0]);
    expect(world.agent.leases).toEqual([]);
  });
});
