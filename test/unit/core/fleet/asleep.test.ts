import { describe, expect, it } from 'vitest';
import { createFakeFleetWorld } from '../../../fakes/fleet-world.ts';
import { asleep } from '../../../fakes/inference-server.ts';

const url = 'http://192.168.1.20:11434';
const minute = 60_000;

async function sleepingNode({ usualBootMs }: { usualBootMs?: number } = {}) {
  const world = createFakeFleetWorld();
  if (usualBootMs !== undefined) world.bootTimes.set('node_1', [usualBootMs]);
  const node = world.server(url);
  node.answer = asleep();
  const { id } = world.fleet.add({ url, name: 'tower' });
  await world.fleet.start();
  await world.clock.advance(100);
  const looksIn = async (ms: number) => {
    const before = node.calls.length;
    await world.clock.advance(ms);
    return node.calls.length - before;
  };
  return { ...world, node, id, looksIn };
}

describe('asleep is not failing', () => {
  it('a sleeping machine is looked at once a minute at most, and nothing is said of it', async () => {
    const world = await sleepingNode();
    expect(world.node.calls).toHaveLength(1);
    const told = world.entries.length;
    for (let hour = 0; hour < 3; hour += 1) {
      const looks = await world.looksIn(60 * minute);
      expect(looks).toBeLessThanOrEqual(60);
      expect(looks).toBeGreaterThanOrEqual(50);
    }
    expect(world.entries).toHaveLength(told);
    expect(world.logged).toEqual([]);
    expect(world.fleet.get(world.id)).toMatchObject({ state: 'off', trouble: null });
    await world.stop();
  });

  it('one that went off recently is probed sooner, because it may be restarting', async () => {
    const world = await sleepingNode();
    world.node.answer = 'serves';
    await world.fleet.probe(world.id);
    world.node.answer = asleep();
    await world.clock.advance(8000);
    expect(world.fleet.get(world.id)?.state).toBe('off');
    expect(await world.looksIn(minute)).toBeGreaterThanOrEqual(3);
    await world.clock.advance(5 * minute);
    expect(await world.looksIn(10 * minute)).toBeLessThanOrEqual(10);
    expect(world.entries.map((entry) => entry.message.code)).toEqual(['NODE_CAME_BACK', 'NODE_DROPPED_OUT']);
    await world.stop();
  });

  it('while the panel is in use: at once, every 5 seconds, for two minutes', async () => {
    const world = await sleepingNode();
    await world.clock.advance(30_000);
    const before = world.node.calls.length;
    world.fleet.markActive();
    await world.clock.flush();
    expect(world.node.calls.length - before).toBe(1);
    expect(await world.looksIn(2 * minute)).toBeGreaterThanOrEqual(23);
    expect(await world.looksIn(10 * minute)).toBeLessThanOrEqual(10);
    await world.stop();
  });

  it('leaving and returning repeatedly causes no more probes than staying', async () => {
    const world = await sleepingNode();
    world.fleet.markActive();
    await world.clock.flush();
    const before = world.node.calls.length;
    for (let times = 0; times < 60; times += 1) {
      world.fleet.markActive();
      await world.clock.advance(1000);
    }
    expect(world.node.calls.length - before).toBeLessThanOrEqual(13);
    expect(world.node.calls.length - before).toBeGreaterThanOrEqual(11);
    await world.stop();
  });

  it('it comes back when it announces itself', async () => {
    const world = await sleepingNode();
    await world.clock.advance(10 * minute);
    world.node.answer = 'serves';
    world.fleet.probeSoon(world.id);
    await world.clock.advance(10);
    expect(world.fleet.get(world.id)?.state).toBe('serving');
    await world.stop();
  });

  it('the address that is woken and the one that is watched may differ', async () => {
    const world = createFakeFleetWorld({
      interfaces: [{ name: 'eth0', address: '192.168.1.7', netmask: '255.255.255.0', internal: false }],
    });
    const watched = world.server('http://gpu.example:11434');
    watched.answer = asleep();
    const { id } = world.fleet.add({
      url: 'http://gpu.example:11434',
      mac: '00:00:5E:00:53:01',
      wakeDestinations: ['10.9.8.255:4000'],
    });
    await world.fleet.start();
    await world.clock.advance(100);
    await world.power.wake(id);
    expect(world.udp.sent.map((sent) => sent.destination)).toEqual([
      '192.168.1.255:9',
      '192.168.1.255:7',
      '255.255.255.255:9',
      '255.255.255.255:7',
      '10.9.8.255:4000',
    ]);
    watched.answer = 'serves';
    await world.clock.advance(300);
    expect(world.fleet.get(id)).toMatchObject({ state: 'serving', url: 'http://gpu.example:11434' });
    await world.stop();
  });
});

describe('a wake near the learned boot time', () => {
  it.each([20, 47, 61, 90])(
    'sees the first healthy answer within 250 ms, whenever it comes (+%i ms)',
    async (extra) => {
      const world = await sleepingNode({ usualBootMs: 40_000 });
      world.fleet.update(world.id, { mac: '00:00:5E:00:53:01', wakeDestinations: ['127.0.0.1:9'] });
      const frames: number[] = [];
      await world.power.wake(world.id);
      world.streams.fleet.subscribe(null, (frame) => {
        const seen = frame.set.some(([, node]) => (node as { state: string }).state === 'serving');
        if (seen) frames.push(world.clock.now());
        return true;
      });
      await world.clock.advance(38_000 + extra);
      world.node.answer = 'serves';
      const healthyAt = world.clock.now();
      await world.clock.advance(1000);
      expect(frames[0]).toBeDefined();
      expect((frames[0] ?? Number.NaN) - healthyAt).toBeLessThanOrEqual(250);
      await world.stop();
    },
  );
});
