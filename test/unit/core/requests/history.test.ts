import { describe, expect, it } from 'vitest';
import { addDuration, newHistogram } from '../../../../electron/core/gateway/histogram.ts';
import type { RequestTotals } from '../../../../electron/core/ports/request-history.ts';
import { createRequestRecorder } from '../../../../electron/core/requests/request-recorder.ts';
import {
  addRequest,
  MOST_ROWS,
  type RunningBucket,
  toRequestBuckets,
} from '../../../../electron/core/requests/totals.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { aFinishedRequest } from '../../../fakes/gateway.ts';
import { createMemoryHistory } from '../../../fakes/requests.ts';
import { createRememberingLog } from '../../../fakes/transport.ts';

const MINUTE_MS = 60_000;

function createRecorder(history = createMemoryHistory()) {
  const time = createFakeClock();
  const log = createRememberingLog();
  let skew = 0;
  const clock = {
    ...time,
    now: () => time.now() + skew,
    /** As if a person set it. */
    jump(ms: number) {
      skew += ms;
    },
  };
  return { clock, log, history, recorder: createRequestRecorder({ clock, log, store: history }) };
}

/** To the beginning of the next minute. */
const nextMinute = (clock: ReturnType<typeof createRecorder>['clock']) =>
  clock.advance(MINUTE_MS - (clock.now() % MINUTE_MS));

describe('one bucket', () => {
  it('has a row for each model on each node', () => {
    const bucket: RunningBucket = new Map();
    addRequest(bucket, aFinishedRequest({ model: 'm', outputTokens: 40, outputMs: 500 }));
    addRequest(
      bucket,
      aFinishedRequest({ model: 'm:latest', outputTokens: 60, outputMs: 500, outcome: 'failed' }),
    );
    addRequest(bucket, aFinishedRequest({ model: 'm', nodeId: 'node_2', outputTokens: null }));
    addRequest(
      bucket,
      aFinishedRequest({ model: null, nodeId: null, firstByteMs: null, outcome: 'refused' }),
    );
    const rows = [...bucket.values()];
    expect(rows.map(({ nodeId, model, requests, failed }) => [nodeId, model, requests, failed])).toEqual([
      ['node_1', 'm:latest', 2, 1],
      ['node_2', 'm:latest', 1, 0],
      [null, null, 1, 0],
    ]);
    expect(rows[0]).toMatchObject({ outputTokens: 100, outputMs: 1000 });
    expect(rows[1]).toMatchObject({ outputTokens: 0, outputMs: 0 });
  });

  it('counts names together when there are too many, or when they are none', () => {
    const bucket: RunningBucket = new Map();
    for (let name = 0; name < MOST_ROWS + 50; name += 1)
      addRequest(bucket, aFinishedRequest({ model: `m${name}` }));
    addRequest(bucket, aFinishedRequest({ model: 'x'.repeat(150) }));
    expect(bucket.size).toBe(MOST_ROWS + 1);
    const others = [...bucket.values()].find(({ model }) => model === '(others)');
    expect(others?.requests).toBe(51);
  });

  it('joins histograms, because percentiles cannot be averaged', () => {
    const fast = newHistogram();
    const slow = newHistogram();
    for (let count = 0; count < 99; count += 1) addDuration(fast, 10);
    addDuration(slow, 5000);
    const row = { model: 'm', requests: 1, failed: 0, waitingMs: 0, outputTokens: 0, outputMs: 0 };
    const [joined] = toRequestBuckets(
      [
        { seconds: 60, start: 0, rows: [{ ...row, nodeId: 'a', firstByte: fast }] },
        { seconds: 60, start: 60_000, rows: [{ ...row, nodeId: 'b', firstByte: slow }] },
      ],
      120,
      120_000,
    );
    expect(joined?.firstByteMs?.p50).toBeLessThan(12);
    expect(joined?.firstByteMs?.p95).toBeLessThan(12);
    expect(joined?.rows.map(({ firstByteMs }) => Math.round((firstByteMs?.p50 ?? 0) / 1000))).toEqual([0, 5]);
  });

  it('has the lowest and the highest of the minutes behind a bucket, apart from the one under way', () => {
    const minute = (start: number, requests: number, patch: Partial<RequestTotals> = {}) => ({
      ...{ seconds: 60 as const, start },
      rows: [
        {
          ...{ nodeId: 'a', model: 'm', requests, failed: 0, waitingMs: 0 },
          ...{ outputTokens: 0, outputMs: 0, firstByte: newHistogram() },
          ...patch,
        },
      ],
    });
    const buckets = [
      minute(0, 2, { outputTokens: 100, outputMs: 2000 }),
      // The same minute, stored and added to after a restart.
      minute(0, 3),
      minute(60_000, 9, { waitingMs: 30_000, outputTokens: 100, outputMs: 500 }),
      minute(120_000, 1),
      { seconds: 60 as const, start: 180_000, rows: [] },
      minute(240_000, 1000),
    ];
    const [joined] = toRequestBuckets(buckets, 300, 290_000);
    expect(joined?.spread).toEqual({ perMinute: [0, 9], waiting: [0, 0.5], firstByteMs: null });
    expect(joined?.rows[0]?.spread).toEqual({ firstByteMs: null, tokensPerSecond: [50, 200] });
    expect(toRequestBuckets(buckets, 60, 290_000).every(({ spread }) => spread === undefined)).toBe(true);
  });
});

describe('over time', () => {
  it('stores each minute once, and in its quarter of an hour', async () => {
    const { clock, history, recorder } = createRecorder();
    recorder.add([aFinishedRequest()]);
    await nextMinute(clock);
    expect(history.size()).toBe(2);
    recorder.add([aFinishedRequest(), aFinishedRequest()]);
    await nextMinute(clock);
    await clock.advance(20 * MINUTE_MS);
    const counts = (range: 'hour' | 'month') =>
      recorder.buckets(range, 2880).map(({ seconds, rows }) => [seconds, rows[0]?.requests]);
    expect(counts('hour')).toEqual([
      [60, 1],
      [60, 2],
    ]);
    expect(counts('month').reduce((sum, [, requests]) => sum + (requests ?? 0), 0)).toBe(3);
  });

  it('shows the minute under way, and leaves out those without requests', async () => {
    const { clock, recorder } = createRecorder();
    recorder.add([aFinishedRequest()]);
    await clock.advance(10 * MINUTE_MS);
    recorder.add([aFinishedRequest()]);
    const [first, last, ...more] = recorder.buckets('hour', 60);
    expect(more).toEqual([]);
    expect((last?.at ?? 0) - (first?.at ?? 0)).toBe(10 * MINUTE_MS);
  });

  it('records each minute while it watches, and none while it is off or the computer sleeps', async () => {
    const history = createMemoryHistory();
    const first = createRecorder(history);
    const known = ({ recorder, clock }: ReturnType<typeof createRecorder>) =>
      recorder.buckets('hour', 60).map(({ at, rows }) => [(clock.now() - at) / MINUTE_MS, rows.length]);
    await nextMinute(first.clock);
    first.recorder.start();
    await first.clock.advance(2 * MINUTE_MS);
    first.recorder.add([aFinishedRequest()]);
    // Timers do not fire while a computer sleeps.
    first.clock.jump(10 * MINUTE_MS);
    await first.clock.advance(MINUTE_MS);
    expect(known(first)).toEqual([
      [13, 0],
      [12, 0],
      [11, 1],
      [0, 0],
    ]);
    first.recorder.flush();
    await first.clock.advance(3 * MINUTE_MS);
    expect(known(first).at(-1)).toEqual([3, 0]);

    const second = createRecorder(history);
    second.clock.jump(first.clock.now() + 5 * MINUTE_MS - second.clock.now());
    second.recorder.start();
    expect(known(second).map(([minutes]) => minutes)).toEqual([21, 20, 19, 8, 0]);
  });

  it('continues a minute after a restart, and loses no more than one when it is killed', async () => {
    const history = createMemoryHistory();
    const first = createRecorder(history);
    first.recorder.add([aFinishedRequest()]);
    first.recorder.flush();
    const second = createRecorder(history);
    second.recorder.add([aFinishedRequest()]);
    await nextMinute(second.clock);
    second.recorder.add([aFinishedRequest()]);
    const third = createRecorder(history);
    await third.clock.advance(5 * MINUTE_MS);
    expect(third.recorder.buckets('hour', 60).map(({ rows }) => rows[0]?.requests)).toEqual([2]);
    expect(third.recorder.buckets('month', 1).map(({ rows }) => rows[0]?.requests)).toEqual([2]);
  });

  it('keeps what a full disk does not take, says so once, and saves it later', async () => {
    const { clock, history, log, recorder } = createRecorder();
    history.fails = true;
    recorder.add([aFinishedRequest()]);
    await clock.advance(3 * MINUTE_MS);
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    history.fails = false;
    await clock.advance(2 * MINUTE_MS);
    expect(history.size()).toBe(2);
    expect(recorder.buckets('hour', 60)).toHaveLength(1);
  });

  it('deletes what is too old, and nothing while the clock jumps', async () => {
    const { clock, history, recorder } = createRecorder();
    recorder.add([aFinishedRequest()]);
    await nextMinute(clock);
    clock.jump(40 * 24 * 3_600_000);
    recorder.add([aFinishedRequest()]);
    await nextMinute(clock);
    expect(history.size()).toBe(4);
    await clock.advance(6 * MINUTE_MS);
    recorder.add([aFinishedRequest()]);
    await nextMinute(clock);
    const starts = new Set(recorder.buckets('month', 2880).map(({ at }) => at));
    expect(starts.size).toBe(1);
    expect(history.size()).toBe(3);
  });
});
