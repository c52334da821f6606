import { beforeEach, describe, expect, it } from 'vitest';
import { createSqliteStore } from '../../../../electron/adapters/state/sqlite-store.ts';
import { THIS_COMPUTER_ID, thisComputerRecord } from '../../../../electron/core/fleet/records.ts';
import type { Store } from '../../../../electron/core/ports/state.ts';
import { createKeptStore, type KeptStore } from '../../../../electron/core/state/kept-store.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { type CredentialRecord, damagedCredential } from '../../../../shared/models/access.ts';
import { plainText } from '../../../../shared/models/message.ts';
import type { LeaseRecord } from '../../../../shared/models/power.ts';
import { textOf } from '../../../../shared/text/index.ts';
import { createFakeClock, type FakeClock } from '../../../fakes/clock.ts';
import { silentLog } from '../../../fakes/indexing.ts';
import { aJob, aMove } from '../../../fakes/records.ts';
import { createMemorySecrets } from '../../../fakes/secrets.ts';

/** A real store whose every transaction fails while the disk is full. */
function open() {
  const clock = createFakeClock();
  const { store: real } = createSqliteStore({ path: ':memory:', secrets: createMemorySecrets() });
  const disk = { isFull: false, attempts: 0 };
  const store: Store = {
    ...real,
    transaction(work) {
      disk.attempts += 1;
      if (disk.isFull) throw new PilotlightError('DISK_FULL');
      return real.transaction(work);
    },
  };
  const troubles: unknown[] = [];
  const kept = createKeptStore({
    store,
    clock,
    log: silentLog,
    onTrouble: (error) => troubles.push(error),
    onSaved: () => troubles.splice(0),
  });
  return { clock, real, disk, troubles, kept };
}

const lease = (own: Partial<LeaseRecord>): LeaseRecord => ({
  id: 'lease_1',
  nodeId: 'node_1',
  kind: 'job',
  holder: 'panel',
  purpose: 'index',
  createdAt: 100,
  until: null,
  endedAt: null,
  ...own,
});
const entry = (message: string) => ({
  at: 1,
  kind: 'index' as const,
  severity: 'info' as const,
  message: plainText(message),
});

describe('the store on a full disk', () => {
  let clock: FakeClock;
  let real: Store;
  let disk: { isFull: boolean; attempts: number };
  let troubles: unknown[];
  let kept: KeptStore;
  beforeEach(() => {
    ({ clock, real, disk, troubles, kept } = open());
  });

  it('a new key is saved or fails, while a revocation and a session are held and saved later', async () => {
    const key: CredentialRecord = { ...damagedCredential('key_1', 1), name: 'backup' };
    kept.credentials.put(key);
    disk.isFull = true;
    expect(() => kept.credentials.put({ ...key, id: 'key_2' })).toThrow(
      expect.objectContaining({ code: 'DISK_FULL' }),
    );
    const revoked = { ...key, revokedAt: 5 };
    const session: CredentialRecord = { ...key, id: 'session_1', kind: 'session' };
    kept.credentials.put(revoked);
    kept.credentials.put(session);
    expect(kept.credentials.list()).toEqual([revoked, session]);
    expect(real.credentials.list()).toEqual([key]);
    expect(troubles).toHaveLength(1);
    disk.isFull = false;
    await clock.advance(60_000);
    expect(real.credentials.list()).toEqual([revoked, session]);
    expect(kept.credentials.list()).toEqual([revoked, session]);
  });

  it('a job that ended has ended, in lists, alone and among the unfinished, and is saved later', async () => {
    kept.jobs.put(aJob({ id: 'job_1', createdAt: 1 }));
    kept.jobs.put(aJob({ id: 'job_2', createdAt: 2 }));
    disk.isFull = true;
    kept.jobs.put(aJob({ id: 'job_1', createdAt: 1, status: 'completed', phase: 'done', endedAt: 9 }));
    expect(kept.jobs.get('job_1')).toMatchObject({ status: 'completed', endedAt: 9 });
    expect(kept.jobs.list(5).map((job) => [job.id, job.status])).toEqual([
      ['job_2', 'running'],
      ['job_1', 'completed'],
    ]);
    expect(kept.jobs.list(1).map((job) => job.id)).toEqual(['job_2']);
    expect(kept.jobs.unfinished().map((job) => job.id)).toEqual(['job_2']);
    expect(real.jobs.get('job_1')?.status).toBe('running');
    expect(troubles).toMatchObject([{ code: 'DISK_FULL' }]);

    disk.isFull = false;
    await clock.advance(1000);
    expect(real.jobs.get('job_1')?.status).toBe('completed');
    expect(kept.unsaved.size).toBe(0);
    expect(troubles).toEqual([]);
    expect(clock.pending()).toBe(0);
  });

  it('a job that begins fails, and nothing is held', () => {
    disk.isFull = true;
    expect(() => kept.jobs.put(aJob())).toThrowError(expect.objectContaining({ code: 'DISK_FULL' }));
    expect(kept.jobs.list(5)).toEqual([]);
    expect(kept.unsaved.size).toBe(0);
  });

  it('entries and moves keep their order and get the numbers that they were shown with', async () => {
    kept.activity.append(entry('first'));
    disk.isFull = true;
    const second = kept.activity.append(entry('second'));
    const third = kept.activity.append(entry('third'));
    const { id: _, ...move } = aMove();
    const moved = kept.moves.append(move);
    expect(kept.activity.list({ limit: 10 }).map((one) => textOf(one.message))).toEqual([
      'third',
      'second',
      'first',
    ]);
    expect(kept.activity.list({ limit: 10, before: third.id }).map((one) => textOf(one.message))).toEqual([
      'second',
      'first',
    ]);
    expect(kept.activity.list({ limit: 10, kinds: ['power'] })).toEqual([]);
    expect(kept.moves.list(5)).toEqual([moved]);
    disk.isFull = false;
    // A new entry does not overtake those that wait.
    const fourth = kept.activity.append(entry('fourth'));
    await clock.advance(1000);
    expect(real.activity.list({ limit: 10 }).map(({ id, message }) => [id, textOf(message)])).toEqual([
      [fourth.id, 'fourth'],
      [third.id, 'third'],
      [second.id, 'second'],
      [second.id - 1, 'first'],
    ]);
    expect(real.moves.list(5)).toEqual([moved]);
    expect(kept.activity.list({ limit: 10 })).toHaveLength(4);
  });

  it('a lease that a person begins fails; its end, and what a job holds, is held', async () => {
    kept.power.putLease(lease({ id: 'lease_2', kind: 'person' }));
    disk.isFull = true;
    expect(() => kept.power.putLease(lease({ kind: 'person' }))).toThrowError(
      expect.objectContaining({ code: 'DISK_FULL' }),
    );
    kept.power.putLease(lease({ id: 'lease_2', kind: 'person', endedAt: 200 }));
    kept.power.putLease(lease({ id: 'lease_3', createdAt: 150 }));
    expect(kept.power.openLeases().map((one) => one.id)).toEqual(['lease_3']);
    expect(kept.power.leases('node_1', 0, 1000).map((one) => [one.id, one.endedAt])).toEqual([
      ['lease_2', 200],
      ['lease_3', null],
    ]);
    expect(kept.power.leases('node_1', 300, 1000).map((one) => one.id)).toEqual(['lease_3']);
    expect(kept.power.leases('node_2', 0, 1000)).toEqual([]);
    kept.power.putLease(lease({ id: 'lease_3', createdAt: 150, endedAt: 400 }));
    disk.isFull = false;
    await clock.advance(1000);
    expect(real.power.openLeases()).toEqual([]);
    expect(real.power.leases('node_1', 0, 1000).map((one) => one.endedAt)).toEqual([200, 400]);
  });

  it('states, boot times, who woke a machine, and removals', async () => {
    kept.power.appendState('node_1', 10, 'serving');
    kept.bootTimes.add('node_1', 1, 1000);
    kept.power.setWoken('node_1', { at: 1, bootId: null });
    disk.isFull = true;
    kept.power.appendState('node_1', 20, 'off');
    kept.power.appendState('node_1', 30, 'serving');
    kept.bootTimes.add('node_1', 2, 2000);
    kept.power.setWoken('node_1', null);
    expect(kept.power.states('node_1', 25, 40)).toEqual([
      { at: 20, state: 'off' },
      { at: 30, state: 'serving' },
    ]);
    expect(kept.bootTimes.recent('node_1', 5)).toEqual([2000, 1000]);
    expect(kept.power.woken('node_1')).toBeNull();
    expect(real.power.woken('node_1')).not.toBeNull();
    disk.isFull = false;
    await clock.advance(1000);
    expect(real.power.states('node_1', 0, 40)).toHaveLength(3);
    expect(kept.power.states('node_1', 25, 40)).toHaveLength(2);
    expect(real.bootTimes.recent('node_1', 5)).toEqual([2000, 1000]);
    expect(kept.bootTimes.recent('node_1', 5)).toEqual([2000, 1000]);
    expect(real.power.woken('node_1')).toBeNull();

    disk.isFull = true;
    kept.power.remove('node_1');
    kept.history.remove('node_1');
    disk.isFull = false;
    await clock.advance(1000);
    expect(real.power.states('node_1', 0, 40)).toEqual([]);
  });

  it('a removed node is removed whole or not at all', () => {
    real.nodes.put(thisComputerRecord(1));
    real.pins.set(THIS_COMPUTER_ID, 'm', true);
    disk.isFull = true;
    expect(() => kept.nodes.remove(THIS_COMPUTER_ID)).toThrowError(
      expect.objectContaining({ code: 'DISK_FULL' }),
    );
    expect(real.nodes.list()).toHaveLength(1);
    expect(real.pins.list()).toHaveLength(1);
  });

  it('is tried again ever more rarely, at most each minute, and reported once', async () => {
    disk.isFull = true;
    kept.power.setWoken('node_1', { at: 1, bootId: null });
    disk.attempts = 0;
    await clock.advance(1000 + 2000 + 4000 + 8000 + 16_000 + 32_000);
    expect(disk.attempts).toBe(6);
    await clock.advance(600_000);
    expect(disk.attempts).toBe(16);
    expect(troubles).toHaveLength(1);
  });

  it('is tried a last time when the store is closed', () => {
    disk.isFull = true;
    kept.jobs.put(aJob({ status: 'failed', phase: 'done', endedAt: 9 }));
    disk.isFull = false;
    let closed = false;
    const saved: string[] = [];
    const store: Store = {
      ...real,
      jobs: { ...real.jobs, put: (job) => void saved.push(job.status) },
      transaction(work) {
        if (saved.length === 0 && disk.isFull) throw new PilotlightError('DISK_FULL');
        return work();
      },
      close() {
        closed = true;
      },
    };
    disk.isFull = true;
    const other = createKeptStore({ store, clock, log: silentLog, onTrouble: () => {}, onSaved: () => {} });
    other.jobs.put(aJob({ status: 'failed', phase: 'done', endedAt: 9 }));
    expect(saved).toEqual([]);
    disk.isFull = false;
    other.close();
    expect([saved, closed]).toEqual([['failed'], true]);
  });

  it('keeps a limited number of past records, and every job', () => {
    disk.isFull = true;
    kept.jobs.put(aJob({ status: 'failed', phase: 'done', endedAt: 9 }));
    for (let count = 0; count < 6000; count += 1) kept.activity.append(entry(`number ${count}`));
    expect(kept.unsaved.size).toBe(5000);
    expect(kept.jobs.list(1)).toHaveLength(1);
    expect(kept.activity.list({ limit: 1 })[0]?.message).toEqual(plainText('number 5999'));
  });
});
