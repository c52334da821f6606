import { afterEach, describe, expect, test } from 'vitest';
import { createSqliteStore } from '../../../../electron/adapters/state/sqlite-store.ts';
import { createWokenBook } from '../../../../electron/core/wake/wake-attribution.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { silentLog } from '../../../fakes/indexing.ts';
import { createKeepingWorld, towerUrl } from '../../../fakes/power-world.ts';

const minute = 60_000;

describe('who woke it', () => {
  function books() {
    const clock = createFakeClock();
    const { store } = createSqliteStore({ path: ':memory:' });
    return { clock, open: () => createWokenBook({ clock, log: silentLog, store: store.power }) };
  }

  test('is known while this core has seen the whole run, and over with it', () => {
    const book = books().open();
    expect(book.byUs('tower', null)).toBe(false);
    book.woke('tower');
    expect(book.byUs('tower', null)).toBe(true);
    book.over('tower');
    expect(book.byUs('tower', null)).toBe(false);
  });

  test('is not known to a core that comes later, unless the agent says that the run is the same', () => {
    const { open } = books();
    const first = open();
    first.woke('tower');
    expect(open().byUs('tower', 'boot-1')).toBeNull();
    first.confirmed('tower', 'boot-1');
    expect(open().byUs('tower', 'boot-1')).toBe(true);
    expect(open().byUs('tower', 'boot-2')).toBe(false);
    expect(open().byUs('tower', null)).toBeNull();
  });

  test('is worth telling an agent for a quarter of an hour, once', async () => {
    const { clock, open } = books();
    const book = open();
    expect(book.untold('tower')).toBe(false);
    book.woke('tower');
    expect(book.untold('tower')).toBe(true);
    book.confirmed('tower', 'boot-1');
    expect(book.untold('tower')).toBe(false);
    book.woke('tower');
    await clock.advance(16 * minute);
    expect(book.untold('tower')).toBe(false);
  });

  test('is doubted after a sleep of this computer', () => {
    const book = books().open();
    book.woke('tower');
    book.doubt();
    expect(book.byUs('tower', null)).toBeNull();
  });
});

describe('a machine that Pilotlight woke', () => {
  const worlds: ReturnType<typeof createKeepingWorld>[] = [];
  afterEach(async () => {
    for (const world of worlds.splice(0)) await world.stop();
  });

  async function wokenWorld() {
    const world = createKeepingWorld();
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

  async function away(world: ReturnType<typeof createKeepingWorld>, id: string, ms: number) {
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
    expect(world.keeping.get(id).wokenByUs).toBe(true);
  });

  test('is in another run when it was off for longer', async () => {
    const { world, id } = await wokenWorld();
    await away(world, id, 10 * minute);
    expect(world.keeping.get(id).wokenByUs).toBe(false);
  });

  test('may be in another run after this computer slept long', async () => {
    const { world, id } = await wokenWorld();
    await world.keeping.pause();
    await world.clock.advance(10 * minute);
    world.keeping.resume();
    const power = world.keeping.get(id);
    expect(power).toMatchObject({ wokenByUs: null, offAt: null });
    expect(power.whyOn[0]).toContain('not known any more');
    await world.clock.advance(60 * minute);
    expect(world.shutdowns()).toEqual([]);
  });
});
