import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import {
  refusedUrl,
  startEndlessServer,
  startFailingServer,
  startHalfJsonServer,
  startHtmlServer,
  startSilentServer,
} from '../../fakes/bad-server.ts';
import { createLoopbackFleet } from '../../fakes/loopback-fleet.ts';

type World = Awaited<ReturnType<typeof createLoopbackFleet>>;

const soon = () => AbortSignal.timeout(50_000);

describe('bad neighbours in the fleet, over real sockets', () => {
  let world: World;

  beforeEach(async () => {
    world = await createLoopbackFleet({ speed: 20 });
    world.settings.update({ fleet: { lookIntervalMs: 1000, lookTimeoutMs: 300 } });
    await world.fleet.start();
  });
  afterEach(() => world.stop());

  const settled = (id: string, fits: (node: NodeView) => boolean) => world.fleet.waitFor(id, fits, soon());

  it('each is told apart, with a next step, and a good node among them serves', async () => {
    await using html = await startHtmlServer();
    await using half = await startHalfJsonServer();
    await using failing = await startFailingServer();
    await using endless = await startEndlessServer({ announced: true });
    await using silent = await startSilentServer();
    const { fleet } = world;
    const add = (url: string) => fleet.add({ url }).id;
    const wrong = [
      [add(html.url), 'NOT_AN_INFERENCE_SERVER'],
      [add(half.url), 'NOT_AN_INFERENCE_SERVER'],
      [add(failing.url), 'SERVER_ERROR'],
      [add(endless.url), 'RESPONSE_TOO_LARGE'],
      [add(silent.url), 'HOST_TIMEOUT'],
    ] as const;
    const off = add(await refusedUrl());
    const good = world.simulator.machines.find(({ id }) => id === 'nas');
    const served = await settled(add(good?.url ?? ''), (node) => isServing(node.state));
    expect(served.server?.version).toMatch(/^0\.33/);
    for (const [id, code] of wrong) {
      const node = await settled(id, ({ state }) => state === 'trouble');
      expect(node.trouble).toMatchObject({
        code,
        message: expect.stringMatching(/\w/),
        next: expect.stringMatching(/\.$/),
      });
    }
    expect((await settled(off, ({ state }) => state === 'off')).trouble).toBeNull();
    expect(world.logged.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
    expect(world.udp.destinations).toEqual([]);
  });

  it('the simulated fleet comes and goes, and is never saved', async () => {
    const { fleet, saved } = world;
    const nodes = await fleet.simulate(true);
    expect(nodes.filter(({ kind }) => kind === 'simulated').map(({ id }) => id)).toEqual([
      'gpu-tower',
      'nas',
      'lab-2',
    ]);
    expect([...saved.keys()]).toEqual(['this-computer']);
    expect(world.settings.current().fleet.simulated).toBe(true);
    const nas = await settled('nas', (node) => isServing(node.state));
    expect(nas).toMatchObject({ hasGpu: false, vram: { totalBytes: 0, source: 'simulator' } });
    const tower = await settled('gpu-tower', ({ state }) => state === 'off');
    expect(tower).toMatchObject({ hasGpu: true, canWake: true, vram: { totalBytes: 24 * 1024 ** 3 } });
    expect(() => fleet.simulation.setFault('nas', 'no-such-fault', true)).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    );
    expect(() => fleet.simulation.faults('this-computer')).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    );
    expect((await fleet.simulate(false)).map(({ id }) => id)).toEqual(['this-computer']);
    expect(() => fleet.simulation.faults('nas')).toThrow(expect.objectContaining({ code: 'SIMULATOR_OFF' }));
  });
});
