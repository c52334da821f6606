/** No machine goes off because a file was damaged. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSqliteStore } from '../../../electron/adapters/state/sqlite-store.ts';
import { defaultPowerPolicy } from '../../../shared/models/power.ts';
import { createPowerWorld } from '../../fakes/power-world.ts';

const hour = 3_600_000;
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-damage-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A core whose state was damaged by this, and a machine without an agent that its policy lets go off. */
async function worldAfter(sql: string | null, nodeId: string) {
  const path = join(folder, 'state.sqlite');
  const first = createSqliteStore({ path }).store;
  first.power.putPolicy(nodeId, { ...defaultPowerPolicy, powerOff: 'always', idleMinutes: 5 });
  if (sql?.includes('leases')) {
    first.power.putLease({
      id: 'lease_1',
      nodeId,
      kind: 'person',
      holder: 'Ann',
      purpose: 'a game',
      createdAt: 1,
      until: null,
      endedAt: null,
    });
  }
  first.close();
  if (sql !== null) {
    const raw = new DatabaseSync(path);
    raw.exec(sql);
    raw.close();
  }
  const world = createPowerWorld({ store: createSqliteStore({ path }).store });
  await world.start();
  const id = await world.addServed();
  expect(id).toBe(nodeId);
  return { world, id };
}

async function nameOfFirstNode(): Promise<string> {
  const world = createPowerWorld();
  await world.start();
  return world.addServed();
}

it('goes off by its policy when nothing is damaged', async () => {
  const { world } = await worldAfter(null, await nameOfFirstNode());
  await world.clock.advance(2 * hour);
  expect(world.shutdowns()).not.toEqual([]);
});

it.each([
  ['policy', 'UPDATE power_policies SET value = substr(value, 1, 30)'],
  ['lease', 'UPDATE leases SET value = substr(value, 1, 30)'],
])('stays on when its %s was damaged, until a person says what it was', async (what, sql) => {
  const { world, id } = await worldAfter(sql, await nameOfFirstNode());
  await world.clock.advance(48 * hour);
  expect(world.shutdowns()).toEqual([]);
  const { leases, whyOn } = world.shutdown.get(id);
  expect(whyOn).toHaveLength(1);
  if (what === 'lease') await world.leases.release(id, leases[0]?.id ?? '', new AbortController().signal);
  else world.shutdown.setPolicy(id, { powerOff: 'always', idleMinutes: 5 });
  await world.clock.advance(2 * hour);
  expect(world.shutdowns()).not.toEqual([]);
});

it('no byte of a policy that keeps a machine on can change so that it goes off', () => {
  const path = join(folder, 'state.sqlite');
  createSqliteStore({ path }).store.close();
  const value = Buffer.from(JSON.stringify({ ...defaultPowerPolicy, powerOff: 'never' }));
  const raw = new DatabaseSync(path);
  const put = raw.prepare('INSERT INTO power_policies (node_id, value) VALUES (?, CAST(? AS TEXT))');
  raw.exec('BEGIN');
  for (let byte = 0; byte < value.length; byte += 1) {
    const bit = byte * 8 + (byte % 8);
    const changed = Buffer.from(value);
    changed[bit >> 3] = Number(changed[bit >> 3]) ^ (1 << (bit & 7));
    put.run(`node_${bit}`, changed);
  }
  raw.exec('COMMIT');
  raw.close();
  const { store } = createSqliteStore({ path });
  const policies = store.power.policies();
  expect(policies).toHaveLength(value.length);
  expect(policies.filter(({ policy }) => policy.powerOff !== 'never')).toEqual([]);
  store.close();
}, 120_000);

it.each([
  ['beside it', "UPDATE power_policies SET node_id = 'node_2'"],
  ['in it', "UPDATE power_policies SET value = replace(value, 'node_1', 'node_2')"],
])('a policy of which the name %s came to be another machine’s lets neither go off', (_, sql) => {
  const path = join(folder, 'state.sqlite');
  const first = createSqliteStore({ path }).store;
  first.power.putPolicy('node_1', { ...defaultPowerPolicy, powerOff: 'always', idleMinutes: 7 });
  first.close();
  const raw = new DatabaseSync(path);
  raw.exec(sql);
  raw.close();
  const damaged: unknown[] = [];
  const { store } = createSqliteStore({ path, onDamagedRow: (row) => damaged.push(row) });
  const policy = { ...defaultPowerPolicy, powerOff: 'never', idleMinutes: 7 };
  expect(store.power.policies()).toEqual([
    { nodeId: 'node_1', policy },
    { nodeId: 'node_2', policy },
  ]);
  expect(damaged).toMatchObject([{ table: 'power_policies' }]);
  store.close();
});

it('a policy without a name in its value is one of an older version, and no damage', () => {
  const path = join(folder, 'state.sqlite');
  createSqliteStore({ path }).store.close();
  const raw = new DatabaseSync(path);
  raw
    .prepare('INSERT INTO power_policies (node_id, value) VALUES (?, ?)')
    .run('node_1', JSON.stringify({ ...defaultPowerPolicy, powerOff: 'always' }));
  raw.close();
  const damaged: unknown[] = [];
  const { store } = createSqliteStore({ path, onDamagedRow: (row) => damaged.push(row) });
  expect(store.power.policies()).toEqual([
    { nodeId: 'node_1', policy: { ...defaultPowerPolicy, powerOff: 'always' } },
  ]);
  expect(damaged).toEqual([]);
  store.close();
});
