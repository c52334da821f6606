import { describe, expect, it } from 'vitest';
import { createSqliteStore } from '../../../../electron/adapters/state/sqlite-store.ts';
import type { Store } from '../../../../electron/core/ports/state.ts';
import type { Clock } from '../../../../electron/core/ports/time.ts';
import { createHistoryRecorder } from '../../../../electron/core/telemetry/recorder.ts';
import { type NodeReading, readingOf } from '../../../../electron/core/telemetry/rollup.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { aLoaded, aNode, GB, NOW } from '../placement/support.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const reading: NodeReading = {
  ...readingOf(aNode({ loaded: [aLoaded({ vramBytes: 6 * GB })] }), []),
  powerWatts: 90,
};

/** A clock whose wall time can be set while its monotonic time goes on. */
function jumpingClock(): Clock & { advance(ms: number): Promise<void>; jump(ms: number): void } {
  const clock = createFakeClock(NOW);
  let offset = 0;
  return { ...clock, now: () => clock.now() + offset, jump: (ms) => (offset += ms) };
}

function world() {
  const clock = jumpingClock();
  const { store } = createSqliteStore({ path: ':memory:' });
  const logged: string[] = [];
  let failure: Error | null = null;
  const writes: number[] = [];
  const history: Store['history'] = {
    ...store.history,
    write: (change) => {
      if (failure) throw failure;
      writes.push(change.rows.length);
      store.history.write(change);
    },
  };
  const say = (level: string) => (message: string) => void logged.push(`${level}: ${message}`);
  const log = { debug: () => {}, info: say('info'), warn: say('warn'), error: say('error') };
  const start = () => createHistoryRecorder({ clock, log, history });
  return { clock, store, logged, writes, start, fail: (error: Error | null) => (failure = error) };
}

type World = ReturnType<typeof world>;

/** Looks each two seconds for so long, as the service does. */
async function run(
  { clock }: World,
  recorder: ReturnType<World['start']>,
  ms: number,
  nodes: readonly string[] = ['n'],
) {
  const serving = new Map(nodes.map((nodeId) => [nodeId, reading]));
  for (let passed = 0; passed < ms; passed += 2000) {
    recorder.observe(serving);
    await clock.advance(2000);
  }
  recorder.observe(serving);
}

const served = (recorder: ReturnType<World['start']>, range: 'hour' | 'day' | 'month' = 'day') =>
  recorder.buckets('n', range, 2880).map(({ at, servingSeconds }) => [at - NOW, servingSeconds]);

describe('the recorder', () => {
  it('writes all nodes once a minute, and nothing of nodes that did not serve', async () => {
    const w = world();
    const recorder = w.start();
    await run(w, recorder, 5 * MINUTE_MS, ['n', 'm']);
    // Two nodes and all of them together, each with its minute and its quarter of an hour.
    expect(w.writes).toEqual([6, 6, 6, 6, 6]);
    expect(served(recorder)).toEqual([0, 1, 2, 3, 4].map((minute) => [minute * MINUTE_MS, 60]));
    expect(recorder.buckets('m', 'month', 2880)).toMatchObject([
      { at: NOW, seconds: 900, servingSeconds: 300 },
    ]);
    expect(recorder.buckets('asleep', 'day', 2880)).toEqual([]);
    await run(w, recorder, 2 * MINUTE_MS, []);
    // All together are recorded: that no node serves is known, too.
    expect(w.writes.slice(5).every((rows) => rows === 2)).toBe(true);
  });

  it('shows the minute under way before it is written', async () => {
    const w = world();
    const recorder = w.start();
    await run(w, recorder, 20_000);
    recorder.addVectors('n', 5);
    expect(w.writes).toEqual([]);
    expect(recorder.buckets('n', 'month', 2880)).toMatchObject([
      { servingSeconds: 20, vectors: 5, powerWatts: 90 },
    ]);
    expect(recorder.work('day', 2880)).toEqual([{ at: NOW, seconds: 60, vectorsByNode: { n: 5 } }]);
  });

  it('joins both halves of a minute around a restart, and counts nothing twice', async () => {
    const w = world();
    const first = w.start();
    await run(w, first, 80_000);
    first.addVectors('n', 10);
    first.flush();
    first.flush();
    await w.clock.advance(10_000);
    const second = w.start();
    await run(w, second, 20_000);
    second.addVectors('n', 4);
    await run(w, second, 20_000);
    expect(served(second)).toEqual([
      [0, 60],
      [MINUTE_MS, 50],
      [2 * MINUTE_MS, 10],
    ]);
    expect(served(second, 'month')).toEqual([[0, 120]]);
    expect(second.work('month', 2880)).toEqual([{ at: NOW, seconds: 900, vectorsByNode: { n: 14 } }]);
    expect(second.buckets('n', 'day', 2880)[1]).toMatchObject({
      powerWatts: 90,
      vramByModel: { 'llama3.1:8b': expect.closeTo(6 * GB, -7) },
    });
  });

  it('joins neighbours into as many buckets as a chart has room for', async () => {
    const w = world();
    const recorder = w.start();
    await run(w, recorder, 4 * MINUTE_MS);
    // 120 buckets of 12 minutes.
    expect(recorder.buckets('n', 'day', 120)).toMatchObject([{ at: NOW, seconds: 720, servingSeconds: 240 }]);
  });

  it('logs a full disk once, goes on, and writes what waited when there is room', async () => {
    const w = world();
    const recorder = w.start();
    await run(w, recorder, MINUTE_MS);
    w.fail(new PilotlightError('DISK_FULL'));
    await run(w, recorder, 3 * MINUTE_MS);
    expect(w.logged.filter((line) => line.startsWith('error'))).toHaveLength(1);
    expect(served(recorder)).toHaveLength(4);
    w.fail(null);
    await run(w, recorder, MINUTE_MS);
    expect(w.logged).toHaveLength(2);
    // Read by another recorder: from the store alone.
    expect(served(w.start())).toEqual([0, 1, 2, 3, 4].map((minute) => [minute * MINUTE_MS, 60]));
    expect(served(w.start(), 'month')).toEqual([[0, 300]]);
  });

  it('gives up the oldest when a full disk lasts, and keeps the newest', async () => {
    const w = world();
    const recorder = w.start();
    w.fail(new PilotlightError('DISK_FULL'));
    const nodes = Array.from({ length: 2000 }, (_, index) => (index === 0 ? 'n' : `n${index}`));
    await run(w, recorder, 4 * MINUTE_MS, nodes);
    w.fail(null);
    recorder.flush();
    expect(served(w.start())).toEqual([
      [2 * MINUTE_MS, 60],
      [3 * MINUTE_MS, 60],
    ]);
  });

  it('lives through a clock that is set back: the time is added where it belongs', async () => {
    const w = world();
    const recorder = w.start();
    await run(w, recorder, 3 * MINUTE_MS);
    w.clock.jump(-2 * MINUTE_MS);
    recorder.addVectors('n', 8);
    await run(w, recorder, 2 * MINUTE_MS);
    recorder.flush();
    for (const bucket of recorder.buckets('n', 'day', 2880)) {
      expect(bucket.servingSeconds).toBeGreaterThanOrEqual(0);
      expect(bucket.servingSeconds).toBeLessThanOrEqual(60);
      expect(bucket.powerWatts).toBe(90);
    }
    expect(recorder.buckets('n', 'month', 2880)).toMatchObject([
      { at: NOW, servingSeconds: 300, vectors: 8, powerWatts: 90 },
    ]);
  });

  it('counts no sleep of this computer as served, whether its clocks run on or not', async () => {
    const w = world();
    const recorder = w.start();
    await run(w, recorder, 30_000);
    w.clock.jump(3_600_000);
    await run(w, recorder, 10_000);
    await w.clock.advance(3_600_000);
    await run(w, recorder, 10_000);
    const total = served(recorder).reduce((sum, [, seconds]) => sum + (seconds ?? 0), 0);
    expect(total).toBeLessThanOrEqual(60);
    expect(total).toBeGreaterThanOrEqual(50);
  });

  it('drops minutes after a day and quarters after 30, but not for a clock that jumped ahead for a moment', async () => {
    const w = world();
    const recorder = w.start();
    await run(w, recorder, MINUTE_MS);
    const kept = () => [
      w.store.history.read('n', 60, NOW, NOW).length,
      w.store.history.read('n', 900, NOW, NOW).length,
    ];
    w.clock.jump(40 * DAY_MS);
    await run(w, recorder, 2 * MINUTE_MS);
    w.clock.jump(-40 * DAY_MS);
    await run(w, recorder, MINUTE_MS);
    expect(kept()).toEqual([1, 1]);
    w.clock.jump(DAY_MS + 30 * MINUTE_MS);
    await run(w, recorder, 8 * MINUTE_MS);
    expect(kept()).toEqual([0, 1]);
    w.clock.jump(30 * DAY_MS);
    await run(w, recorder, 8 * MINUTE_MS);
    expect(kept()).toEqual([0, 0]);
  });

  it('forgets a node that was removed, in the store and in the minute under way', async () => {
    const w = world();
    const recorder = w.start();
    await run(w, recorder, 90_000, ['n', 'm']);
    recorder.forget('n');
    expect(served(recorder)).toEqual([]);
    recorder.flush();
    expect(served(w.start())).toEqual([]);
    expect(w.start().buckets('m', 'day', 2880)).toHaveLength(2);
  });
});
