/** What panels report to use on a machine, and how long that is believed. */
import { expect, it } from 'vitest';
import { createPanelTraffic } from '../../../electron/agent/leases/traffic.ts';
import { createFakeClock } from '../../fakes/clock.ts';

function createWorld() {
  const clock = createFakeClock();
  let changes = 0;
  const traffic = createPanelTraffic({ clock, onChange: () => (changes += 1) });
  return { clock, traffic, changes: () => changes };
}

const report = (...models: string[]) => ({ holder: 'laptop', models, ttlSeconds: 120 });

it('keeps the last report of each panel until it expires, and says how old it is', async () => {
  const { clock, traffic, changes } = createWorld();
  traffic.put('a:1', report('m:latest', 'm:latest', 'k:8b'));
  traffic.put('b:1', { ...report('m:latest'), holder: 'nas' });
  expect(changes()).toBe(2);
  await clock.advance(60_000);
  traffic.put('b:1', { ...report('m:latest'), holder: 'nas' });
  expect(changes()).toBe(2);
  expect(traffic.list()).toEqual([
    { panel: 'a:1', holder: 'laptop', models: ['k:8b', 'm:latest'], seenSeconds: 60 },
    { panel: 'b:1', holder: 'nas', models: ['m:latest'], seenSeconds: 0 },
  ]);
  await clock.advance(60_000);
  expect(traffic.list().map(({ panel }) => panel)).toEqual(['b:1']);
  expect(changes()).toBe(3);
  traffic.put('b:1', report());
  expect(traffic.list()).toEqual([]);
  expect([changes(), clock.pending()]).toEqual([4, 0]);
});

it('counts the time in which the machine slept', async () => {
  const { clock, traffic } = createWorld();
  traffic.put('a:1', report('m'));
  traffic.slept(119_000);
  expect(traffic.list()).toMatchObject([{ seenSeconds: 119 }]);
  await clock.advance(1000);
  expect(traffic.list()).toEqual([]);
});

it('takes no endless number of panels', () => {
  const { traffic } = createWorld();
  for (let panel = 0; panel < 100; panel += 1) traffic.put(`p${panel}`, report('m'));
  expect(() => traffic.put('one-more', report('m'))).toThrow(
    expect.objectContaining({ code: 'TOO_MANY_LEASES' }),
  );
  expect(() => traffic.put('p0', report('n'))).not.toThrow();
});
