/** No request is sent to a machine between the last check of its use and its end. */
import { afterEach, expect, it } from 'vitest';
import { createPowerWorld, shutdownUrl, towerUrl } from '../../../fakes/power-world.ts';

const signal = new AbortController().signal;
const worlds: ReturnType<typeof createPowerWorld>[] = [];

afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop();
});

async function startedWorld({ answer = { status: 200, text: '{"success":true}' }, inFlight = 0 } = {}) {
  const log: string[] = [];
  let requests = 0;
  const world = createPowerWorld({
    inFlight: () => requests,
    answer: async ({ url }) => {
      if (url === `${shutdownUrl}/shutdown`) log.push('order');
      return answer;
    },
    async holdBack(_nodeId, models) {
      log.push(`hold ${models.join()}`);
      requests = inFlight;
      return { [Symbol.dispose]: () => void log.push('release') };
    },
  });
  worlds.push(world);
  await world.start();
  const id = await world.addServed();
  return { ...world, id, log };
}

const off = (world: Awaited<ReturnType<typeof startedWorld>>, force = false) =>
  world.shutdown.powerOff({ nodeId: world.id, force, countdownSeconds: 0 }, signal);

it('holds requests back from before the order until the machine is off', async () => {
  const world = await startedWorld();
  await off(world);
  expect(world.log).toEqual([expect.stringMatching(/^hold/), 'order']);
  world.goOff();
  await world.clock.advance(10_000);
  expect(world.fleet.get(world.id)?.state).toBe('off');
  expect(world.log.at(-1)).toBe('release');
});

it('lets them go on when the machine stays on after all', async () => {
  const world = await startedWorld();
  await off(world);
  await world.clock.advance(300_000);
  expect(world.log.filter((entry) => entry === 'release')).toHaveLength(1);
});

it('lets them go on when the order fails', async () => {
  const world = await startedWorld({ answer: { status: 500, text: 'no' } });
  await expect(off(world)).rejects.toThrow();
  expect(world.log.at(-1)).toBe('release');
});

it('gives no order if a request came before it was held back', async () => {
  const world = await startedWorld({ inFlight: 1 });
  await expect(off(world)).rejects.toMatchObject({ code: 'IN_USE' });
  expect(world.log).toEqual([expect.stringMatching(/^hold/), 'release']);
  expect(world.server(towerUrl).calls.length).toBeGreaterThan(0);
});
