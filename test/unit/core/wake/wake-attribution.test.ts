import { afterEach, describe, expect, test } from 'vitest';
import { createSqliteStore } from '../../../../electron/adapters/state/sqlite-store.ts';
import type { NodeListener } from '../../../../electron/core/fleet/service.ts';
import { createWakeAttribution } from '../../../../electron/core/wake/wake-attribution.ts';
import { createEmitter } from '../../../../shared/emitter.ts';
import type { NodeView } from '../../../../shared/models/fleet.ts';
import { fact } from '../../../../shared/models/message.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { silentLog } from '../../../fakes/indexing.ts';
import { createPowerWorld, towerUrl } from '../../../fakes/power-world.ts';

const minute = 60_000;

describe('who woke it', () => {
  function setUp() {
    const clock = createFakeClock();
    const { store } = createSqliteStore({ path: ':memory:' });
    const woken = createEmitter<[nodeId: string, woken: { wasSilent: boolean }]>({
      name: 'wake',
      log: silentLog,
    });
    const changed = createEmitter<Parameters<NodeListener>>({ name: 'fleet', log: silentLog });
    const open = () =>
      createWakeAttribution({
        clock,
        log: silentLog,
        store: store.power,
        fleet: { onChange: changed.on },
        wakes: { onWoken: woken.on },
      });
    const node = (state: NodeView['state']) => ({ id: 'tower', kind: 'remote', state }) as NodeView;
    return {
      clock,
      open,
      woke: (wasSilent = true) => woken.emit('tower', { wasSilent }),
      becomes: (state: NodeView['state']) => changed.emit(node(state), null),
      removed: () => changed.emit(null, node('off')),
    };
  }

  test('is known while this core has observed the whole boot', async () => {
    const { open, woke, becomes, clock } = setUp();
    const attribution = open();
    expect(attribution.byUs('tower', null)).toBe(false);
    woke();
    expect(attribution.byUs('tower', null)).toBe(true);
    becomes('off');
    await clock.advance(45_001);
    becomes('serving');
    expect(attribution.byUs('tower', null)).toBe(false);
  });

  test('stays known when the network fails for no longer than 45 s', async () => {
    const { open, woke, becomes, clock } = setUp();
    const attribution = open();
    woke();
    becomes('off');
    await clock.advance(45_000);
    becomes('serving');
    expect(attribution.byUs('tower', null)).toBe(true);
  });

  test('is forgotten with its node', () => {
    const { open, woke, removed } = setUp();
    const attribution = open();
    woke();
    removed();
    expect(attribution.byUs('tower', null)).toBe(false);
  });

  test('is not claimed of a machine that was on all along', () => {
    const { open, woke } = setUp();
    const attribution = open();
    woke(false);
    expect(attribution.byUs('tower', null)).toBe(false);
    expect(attribution.isUnreported('tower')).toBe(false);
  });

  test('is unknown to a later core, unless the agent says that the boot is the same', () => {
    const { open, woke } = setUp();
    const first = open();
    woke();
    expect(open().byUs('tower', 'boot-1')).toBeNull();
    first.confirmed('tower', 'boot-1');
    expect(open().byUs('tower', 'boot-1')).toBe(true);
    expect(open().byUs('tower', 'boot-2')).toBe(false);
    expect(open().byUs('tower', null)).toBeNull();
  });

  test('is reported to an agent for a quarter of an hour, once', async () => {
    const { clock, open, woke } = setUp();
    const attribution = open();
    expect(attribution.isUnreported('tower')).toBe(false);
    woke();
    expect(attribution.isUnreported('tower')).toBe(true);
    attribution.confirmed('tower', 'boot-1');
    expect(attribution.isUnreported('tower')).toBe(false);
    woke();
    await clock.advance(15 * minute - 1);
    expect(attribution.isUnreported('tower')).toBe(true);
    await clock.advance(1);
    expect(attribution.isUnreported('tower')).toBe(false);
  });

  test('is doubted after this computer slept for more than five minutes', async () => {
    const { clock, open, woke } = setUp();
    const attribution = open();
    woke();
    attribution.pause();
    await clock.advance(5 * minute);
    attribution.resume();
    expect(attribution.byUs('tower', null)).toBe(true);
    attribution.pause();
    await clock.advance(5 * minute + 1);
    attribution.resume();
    expect(attribution.byUs('tower', null)).toBeNull();
  });
});

describe('a machine that Pilotlight woke', () => {
  const worlds: ReturnType<typeof createPowerWorld>[] = [];
  afterEach(async () => {
    for (const world of worlds.splice(0)) await world.stop();
  });

  async function wokenWorld() {
    const world = createPowerWorld();
    worlds.push(world);
    await world.start();
    world.goOff();
    const id = await world.addServed({ mac: '02:00:00:00:00:01' });
    await world.power.wake(id);
    await world.clock.advance(2000);
    world.server(towerUrl).answer = 'serves';
    await world.clock.advance(5000);
    return { world, id };
  }

  async function away(world: ReturnType<typeof createPowerWorld>, id: string, ms: number) {
    world.goOff();
    await world.clock.advance(10_000);
    expect(world.fleet.get(id)?.state).toBe('off');
    await world.clock.advance(ms - 10_000);
    world.server(towerUrl).answer = 'serves';
    await world.fleet.probe(id);
  }

  test('is still in that run after its network failed for a moment', async () => {
    const { world, id } = await wokenWorld();
    await away(world, id, 20_000);
    expect(world.shutdown.get(id).wokenByUs).toBe(true);
  });

  test('is in another run when it was off for longer', async () => {
    const { world, id } = await wokenWorld();
    await away(world, id, 10 * minute);
    expect(world.shutdown.get(id).wokenByUs).toBe(false);
  });

  test('may be in another run after this computer slept long', async () => {
    const { world, id } = await wokenWorld();
    await world.powerServices.pause();
    await world.clock.advance(10 * minute);
    world.powerServices.resume();
    await world.clock.advance(0);
    const power = world.shutdown.get(id);
    expect(power).toMatchObject({ wokenByUs: null, offAt: null });
    expect(power.whyOn).toEqual([fact('IDLE_WOKEN_UNKNOWN')]);
    await world.clock.advance(60 * minute);
    expect(world.shutdowns()).toEqual([]);
  });
});
