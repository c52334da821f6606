import { describe, expect, it } from 'vitest';
import type { QueueTotalsBucket } from '../../../../electron/core/ports/history.ts';
import type { Store } from '../../../../electron/core/ports/state.ts';
import { createQueueHistory } from '../../../../electron/core/telemetry/queue-history.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

function createStore() {
  const buckets = new Map<string, QueueTotalsBucket>();
  const faults = { isFull: false };
  const store: Store['queueHistory'] = {
    read: (seconds, from, last) =>
      [...buckets.values()].filter(
        (bucket) => bucket.seconds === seconds && bucket.start >= from && bucket.start <= last,
      ),
    write(change) {
      if (faults.isFull) throw new Error('disk full');
      for (const bucket of change.buckets) buckets.set(`${bucket.seconds} ${bucket.start}`, bucket);
    },
  };
  return { store, buckets, faults };
}

function createHistory({ store } = createStore()) {
  const clock = createFakeClock();
  const complaints: string[] = [];
  const log = { info() {}, warn() {}, debug() {}, error: (text: string) => void complaints.push(text) };
  const history = createQueueHistory({ clock, log, store, kinds: ['requests', 'tasks'] });
  const latest = () => history.buckets('fifteen-minutes', 60).at(-1)?.waiting;
  return { clock, complaints, history, latest };
}

describe('the history of what waited', () => {
  it('has the mean over the time and the most, however short', async () => {
    const { clock, history } = createHistory();
    history.start();
    await clock.advance(60_000 - (clock.now() % 60_000));
    const start = clock.now();
    history.set('requests', 4);
    await clock.advance(30_000);
    history.set('requests', 9);
    history.set('requests', 0);
    await clock.advance(30_000);
    expect(history.buckets({ from: start, to: start + 60_000 }, 60)).toEqual([
      { at: start, seconds: 60, waiting: { requests: { mean: 2, most: 9 }, tasks: { mean: 0, most: 0 } } },
    ]);
  });

  it('records an idle minute, and not one in which it did not run', async () => {
    const { clock, history, latest } = createHistory();
    expect(latest()).toBeUndefined();
    history.start();
    await clock.advance(120_000);
    history.stop();
    const known = history.buckets('hour', 60).length;
    await clock.advance(600_000);
    expect(history.buckets('hour', 60)).toHaveLength(known);
    history.start();
    await clock.advance(1000);
    expect(latest()).toEqual({ requests: { mean: 0, most: 0 }, tasks: { mean: 0, most: 0 } });
  });

  it('a minute that a restart split is like any other', async () => {
    const world = createStore();
    const one = createHistory(world);
    one.history.start();
    await one.clock.advance(60_000 - (one.clock.now() % 60_000));
    const start = one.clock.now();
    one.history.set('tasks', 6);
    await one.clock.advance(20_000);
    one.history.stop();
    const other = createHistory(world);
    await other.clock.advance(start + 40_000 - other.clock.now());
    other.history.start();
    await other.clock.advance(20_000);
    expect(other.history.buckets({ from: start, to: start + 60_000 }, 60)[0]?.waiting.tasks).toEqual({
      mean: 3,
      most: 6,
    });
  });

  it('loses nothing while the disk is full, and complains once', async () => {
    const world = createStore();
    const { clock, history, complaints } = createHistory(world);
    world.faults.isFull = true;
    history.start();
    history.set('requests', 3);
    await clock.advance(300_000);
    expect(world.buckets.size).toBe(0);
    expect(complaints).toHaveLength(1);
    world.faults.isFull = false;
    await clock.advance(60_000);
    expect([...world.buckets.values()].filter(({ seconds }) => seconds === 60).length).toBeGreaterThan(4);
    expect(history.buckets('hour', 60).every(({ waiting }) => waiting.requests?.most === 3)).toBe(true);
  });
});
