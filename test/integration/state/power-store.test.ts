import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSqliteStore } from '../../../electron/adapters/state/sqlite-store.ts';
import type { PowerStore } from '../../../electron/core/ports/power-state.ts';
import { defaultPowerPolicy, type LeaseRecord } from '../../../shared/models/power.ts';

let folder: string;
let close: () => void;
let power: PowerStore;

function open(): void {
  const { store } = createSqliteStore({ path: join(folder, 'state.sqlite') });
  power = store.power;
  close = () => store.close();
}

function again(): void {
  close();
  open();
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-power-'));
  open();
});

afterEach(() => {
  close();
  rmSync(folder, { recursive: true, force: true });
});

const lease = (id: string, createdAt: number, endedAt: number | null = null): LeaseRecord => ({
  id,
  nodeId: 'tower',
  kind: 'job',
  holder: 'here',
  purpose: 'index "Notes"',
  createdAt,
  until: null,
  endedAt,
});

describe('the power store', () => {
  it('is the same panel for ever', () => {
    const first = power.panelId();
    expect(first).toMatch(/^panel-[\w-]{36}$/);
    again();
    expect(power.panelId()).toBe(first);
  });

  it('keeps policies over a restart, the newest of each node', () => {
    power.putPolicy('tower', defaultPowerPolicy);
    power.putPolicy('tower', { ...defaultPowerPolicy, idleMinutes: 5, quietHours: { from: 1380, to: 420 } });
    power.putPolicy('nas', defaultPowerPolicy);
    again();
    expect(power.policies()).toEqual([
      { nodeId: 'nas', policy: defaultPowerPolicy },
      {
        nodeId: 'tower',
        policy: { ...defaultPowerPolicy, idleMinutes: 5, quietHours: { from: 1380, to: 420 } },
      },
    ]);
  });

  it('knows the open leases, and those that lived at some moment of a span', () => {
    power.putLease(lease('one', 1000));
    power.putLease(lease('two', 2000));
    power.putLease(lease('one', 1000, 1500));
    again();
    expect(power.openLeases().map(({ id }) => id)).toEqual(['two']);
    const ids = (from: number, to: number) => power.leases('tower', from, to).map(({ id }) => id);
    expect(ids(1400, 1600)).toEqual(['one']);
    expect(ids(1500, 2000)).toEqual([]);
    expect(ids(0, 5000)).toEqual(['one', 'two']);
    expect(power.leases('nas', 0, 5000)).toEqual([]);
  });

  it('reads leases of every kind, also those that older versions saved', () => {
    const kinds = ['job', 'person', 'request', 'task', 'panel'] as const;
    for (const [index, kind] of kinds.entries()) power.putLease({ ...lease(kind, index), kind });
    again();
    expect(power.openLeases().map(({ id, kind }) => [id, kind])).toEqual(kinds.map((kind) => [kind, kind]));
  });

  it('forgets leases and states after a month', () => {
    const month = 32 * 24 * 3_600_000;
    power.putLease(lease('old', 1000, 2000));
    power.appendState('tower', 1000, 'serving');
    power.putLease(lease('new', month, month + 1));
    power.appendState('tower', month, 'off');
    expect(power.leases('tower', 0, month * 2).map(({ id }) => id)).toEqual(['new']);
    expect(power.states('tower', 0, month * 2)).toEqual([{ at: month, state: 'off' }]);
  });

  it('says in which state a span began', () => {
    power.appendState('tower', 10, 'off');
    power.appendState('tower', 20, 'waking');
    power.appendState('tower', 20, 'booting');
    power.appendState('tower', 30, 'serving');
    expect(power.states('tower', 25, 30)).toEqual([{ at: 20, state: 'booting' }]);
    expect(power.states('tower', 15, 31).map(({ state }) => state)).toEqual([
      'off',
      'waking',
      'booting',
      'serving',
    ]);
    expect(power.states('nas', 0, 100)).toEqual([]);
  });

  it('keeps the agents that are to be left over a restart, until that is done', () => {
    const withdrawal = {
      id: 'withdrawal_1',
      url: 'http://192.168.7.20:8765',
      agentId: null,
      name: 'tower',
      leases: ['one'],
      since: 5,
    };
    power.putWithdrawal({ ...withdrawal, id: 'withdrawal_2', since: 9 });
    power.putWithdrawal(withdrawal);
    power.putWithdrawal({ ...withdrawal, leases: ['one', 'two'] });
    again();
    expect(power.withdrawals()).toEqual([
      { ...withdrawal, leases: ['one', 'two'] },
      { ...withdrawal, id: 'withdrawal_2', since: 9 },
    ]);
    power.removeWithdrawal('withdrawal_1');
    again();
    expect(power.withdrawals().map(({ id }) => id)).toEqual(['withdrawal_2']);
  });

  it('removes the policy of one node alone', () => {
    power.putPolicy('tower', defaultPowerPolicy);
    power.putPolicy('nas', defaultPowerPolicy);
    power.removePolicy('tower');
    again();
    expect(power.policies().map(({ nodeId }) => nodeId)).toEqual(['nas']);
  });

  it('remembers who woke it, and forgets a node whole', () => {
    power.setWoken('tower', { at: 5, bootId: null });
    power.setWoken('tower', { at: 6, bootId: 'boot' });
    again();
    expect(power.woken('tower')).toEqual({ at: 6, bootId: 'boot' });
    power.setWoken('tower', null);
    expect(power.woken('tower')).toBeNull();
    power.setWoken('tower', { at: 7, bootId: null });
    power.putPolicy('tower', defaultPowerPolicy);
    power.putLease(lease('one', 1000));
    power.appendState('tower', 10, 'off');
    power.remove('tower');
    expect([
      power.woken('tower'),
      power.policies(),
      power.openLeases(),
      power.states('tower', 0, 100),
    ]).toEqual([null, [], [], []]);
  });
});
