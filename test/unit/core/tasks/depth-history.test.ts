import { expect, it } from 'vitest';
import type { DepthBucket, TaskStore } from '../../../../electron/core/ports/task-state.ts';
import { createDepthHistory } from '../../../../electron/core/tasks/depth-history.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

function createHistory() {
  const buckets = new Map<string, DepthBucket>();
  const written: number[] = [];
  const store: TaskStore['depth'] = {
    read: (seconds, from, last) =>
      [...buckets.values()].filter(
        (bucket) => bucket.seconds === seconds && bucket.start >= from && bucket.start <= last,
      ),
    write(change) {
      written.push(change.buckets.length);
      for (const bucket of change.buckets) buckets.set(`${bucket.seconds} ${bucket.start}`, bucket);
    },
  };
  const clock = createFakeClock();
  const log = { info() {}, warn() {}, debug() {}, error() {} };
  return { clock, written, history: createDepthHistory({ clock, log, store }) };
}

const counts = (waiting: number, active: number) => [
  { queue: 'gpu-tasks' as const, counts: { waiting, active } as never, oldestAt: null },
];

it('has the mean of what waited and was active', async () => {
  const { clock, history } = createHistory();
  await clock.advance(60_000 - (clock.now() % 60_000));
  const start = clock.now();
  history.note(counts(4, 1));
  await clock.advance(30_000);
  history.note(counts(0, 1));
  await clock.advance(30_000);
  expect(history.read({ from: start, to: start + 60_000 }, 60)[0]).toEqual({
    ...{ at: start, seconds: 60, queue: 'gpu-tasks' },
    ...{ waiting: 2, active: 1 },
  });
});

it('writes nothing after it was stopped, though the queue still counts', async () => {
  const { clock, history, written } = createHistory();
  history.note(counts(1, 0));
  await clock.advance(5000);
  history.stop();
  const before = written.length;
  expect(before).toBeGreaterThan(0);
  history.note(counts(2, 0));
  await clock.advance(120_000);
  history.stop();
  expect(written).toHaveLength(before);
});

it('has the lowest and the highest of what is behind a longer bucket', async () => {
  const { clock, history } = createHistory();
  await clock.advance(3_600_000 - (clock.now() % 3_600_000));
  const start = clock.now();
  history.note(counts(0, 0));
  await clock.advance(60_000);
  history.note(counts(8, 1));
  await clock.advance(60_000);
  history.note(counts(1, 1));
  await clock.advance(60_000);
  const span = { from: start, to: start + 180_000 };
  expect(history.read(span, 1)[0]).toMatchObject({ waiting: 3, spread: [0, 9] });
  expect(history.read(span, 60).every((point) => point.spread === undefined)).toBe(true);
});
