/** The written past on a real database: over a pause, a clean end and a crash. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSqliteStore } from '../../../electron/adapters/state/sqlite-store.ts';
import { createPowerHistory } from '../../../electron/core/energy/power-history.ts';
import { defaultPowerPolicy } from '../../../shared/models/power.ts';
import { createFakeFleetWorld } from '../../fakes/fleet-world.ts';
import { asleep } from '../../fakes/inference-server.ts';
import { aNodeBucket } from '../../fakes/node-bucket.ts';
import { createMemorySecrets } from '../../fakes/secrets.ts';

const url = 'http://192.168.1.20:11434';
const minute = 60_000;
let folder: string;
let store: ReturnType<typeof createSqliteStore>['store'];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-history-'));
  store = createSqliteStore({ path: join(folder, 'state.sqlite'), secrets: createMemorySecrets() }).store;
});

afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function setup() {
  const world = createFakeFleetWorld();
  const node = world.server(url);
  node.answer = asleep();
  const { id } = world.fleet.add({ url, name: 'tower' });
  const create = () =>
    createPowerHistory({
      clock: world.clock,
      log: world.log,
      store: store.power,
      fleet: world.fleet,
      policies: { get: () => ({ ...defaultPowerPolicy, watts: 60 }) },
      telemetry: { buckets: () => [] },
    });
  const history = create();
  history.start();
  await world.fleet.start();
  await world.clock.advance(1000);
  const spans = (of = history) =>
    of.timeline(id, 1).states.map(({ from, to, state }) => [state, Math.round((to - from) / minute)]);
  return { ...world, node, id, history, create, spans };
}

describe('the past of a node', () => {
  it('holds real changes only', async () => {
    const { clock, fleet, node, id, history, spans, stop } = await setup();
    await clock.advance(10 * minute);
    node.answer = 'serves';
    await fleet.probe(id);
    await clock.advance(5 * minute);
    fleet.update(id, { name: 'another name' });
    await clock.advance(5 * minute);
    expect(spans()).toEqual([
      ['unknown', 40],
      ['off', 10],
      ['serving', 10],
    ]);
    const after = clock.now() + 1;
    expect(store.power.states(id, 0, after)).toHaveLength(2);
    const [report] = history.energy('day', id).nodes;
    expect(report).toMatchObject({ awakeSeconds: 600, wattHours: 10, savedWattHours: 10, source: 'told' });
    expect(history.energy('week').nodes).toHaveLength(2);
    expect(() => history.timeline('nobody', 1)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
    await stop();
  });

  it('knows nothing of the time in which this computer slept, or Pilotlight did not run', async () => {
    const { clock, fleet, history, create, spans, stop } = await setup();
    await clock.advance(10 * minute);
    history.pause();
    await fleet.pause();
    await clock.advance(10 * minute);
    fleet.resume();
    history.resume();
    await clock.advance(10 * minute);
    history.stop();
    await clock.advance(10 * minute);
    const next = create();
    next.start();
    expect(spans(next)).toEqual([
      ['unknown', 20],
      ['off', 10],
      ['unknown', 10],
      ['off', 10],
      ['unknown', 10],
    ]);
    next.stop();
    await stop();
  });

  it('after a crash believes what was written down last, and no more', async () => {
    const { clock, fleet, node, id, spans, stop } = await setup();
    node.answer = 'serves';
    await fleet.probe(id);
    await clock.advance(30 * minute);
    const crashedAt = clock.now();
    await clock.advance(20 * minute);
    const next = createPowerHistory({
      clock,
      log: { debug() {}, info() {}, warn() {}, error() {} },
      store: store.power,
      fleet,
      policies: { get: () => defaultPowerPolicy },
      telemetry: {
        buckets: () => [aNodeBucket({ at: crashedAt - minute })],
      },
    });
    next.start();
    expect(spans(next)).toEqual([
      ['unknown', 10],
      ['off', 0],
      ['serving', 30],
      ['unknown', 20],
    ]);
    next.stop();
    await stop();
  });

  it('ends with the node', async () => {
    const { clock, fleet, id, stop } = await setup();
    expect(store.power.states(id, 0, clock.now() + 1)).toHaveLength(1);
    fleet.remove(id);
    expect(store.power.states(id, 0, clock.now() + 1)).toEqual([]);
    await stop();
  });
});
