import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createAdmissionQueue,
  expectedWaitMs,
  type Priority,
  pickNext,
  priorities,
  serviceTime,
  type Waiting,
} from '../../../../electron/core/acquire/admission.ts';

const MAX_WAIT = 60_000;

interface Arrival {
  model: string;
  at: number;
  priority?: Priority;
}

/** A node with room for one model and one request at a time, in virtual time. */
function simulate(
  arrivals: readonly Arrival[],
  { serviceMs, loadMs }: { serviceMs: number; loadMs: number },
) {
  const queue = createAdmissionQueue<Waiting>();
  const coming = arrivals.map(({ priority = 'interactive', ...arrival }, id) => ({
    ...arrival,
    priority,
    id,
  }));
  let now = 0;
  let next = 0;
  let loads = 0;
  let current = null as { model: string; since: number } | null;
  const waits = new Map<number, number>();
  const order: number[] = [];
  while (next < coming.length || queue.total > 0) {
    for (let one = coming[next]; one !== undefined && one.at <= now; one = coming[next]) {
      queue.add({ id: one.id, model: one.model, priority: one.priority, since: one.at });
      next += 1;
    }
    const entry: Waiting | null = pickNext(
      queue,
      { free: 1, current, serves: () => true, fits: () => false, running: [] },
      { now, maxWaitMs: MAX_WAIT },
    );
    if (entry === null) {
      now = coming[next]?.at ?? now;
      continue;
    }
    queue.remove(entry);
    waits.set(entry.id, now - entry.since);
    order.push(entry.id);
    if (current?.model !== entry.model) {
      loads += 1;
      now += loadMs;
      current = { model: entry.model, since: now };
    }
    now += serviceMs;
  }
  return { loads, waits, order, longest: Math.max(...waits.values()) };
}

const interleaved = (count: number): Arrival[] =>
  Array.from({ length: count * 3 }, (_, index) => ({ model: 'abc'[index % 3] as string, at: 0 }));

describe('a node with room for one model', () => {
  it.each([
    [10, 100],
    [50, 2000],
    [100, 5000],
    [180, 1000],
  ])(
    'serves ABC × 100 with at most five loads within the limit (%i ms each, %i ms a load)',
    (serviceMs, loadMs) => {
      const { loads, longest } = simulate(interleaved(100), { serviceMs, loadMs });
      expect(loads).toBeLessThanOrEqual(5);
      expect(longest).toBeLessThanOrEqual(MAX_WAIT);
    },
  );

  it('lets no model starve behind one whose requests never end', () => {
    const stream = Array.from({ length: 400 }, (_, index) => ({ model: 'a', at: index * 500 }));
    const arrivals = [...stream, { model: 'b', at: 1000 }].toSorted((one, other) => one.at - other.at);
    const { waits, loads } = simulate(arrivals, { serviceMs: 500, loadMs: 3000 });
    const b = arrivals.findIndex(({ model }) => model === 'b');
    expect(waits.get(b)).toBeLessThanOrEqual(MAX_WAIT / 2 + 4000);
    expect(loads).toBe(3);
  });

  it('does not load for every request when more comes than it can do', () => {
    const { loads } = simulate(interleaved(100), { serviceMs: 2000, loadMs: 3000 });
    // 600 s of work, in shares of at least ten seconds.
    expect(loads).toBeLessThan(60);
  });

  it('serves a higher priority first, whatever is loaded', () => {
    const { order } = simulate(
      [
        { model: 'a', at: 0, priority: 'index' },
        { model: 'a', at: 0, priority: 'index' },
        { model: 'b', at: 0, priority: 'batch' },
        { model: 'c', at: 0, priority: 'interactive' },
      ],
      { serviceMs: 10, loadMs: 10 },
    );
    expect(order).toEqual([3, 2, 0, 1]);
  });
});

const entry = (id: number, own: Partial<Waiting> = {}): Waiting => ({
  id,
  model: 'a',
  priority: 'interactive',
  since: 0,
  ...own,
});

const at = { now: 0, maxWaitMs: MAX_WAIT };
const idle = { free: 1, current: null, serves: () => true, fits: () => true, running: [] };

describe('who begins', () => {
  it('nobody without a free slot, or at a node that does not serve the model', () => {
    const queue = createAdmissionQueue<Waiting>();
    queue.add(entry(1));
    expect(pickNext(queue, { ...idle, free: 0 }, at)).toBeNull();
    expect(pickNext(queue, { ...idle, serves: () => false }, at)).toBeNull();
    expect(pickNext(queue, idle, at)?.id).toBe(1);
  });

  it('no other model while one runs that would have to be unloaded', () => {
    const queue = createAdmissionQueue<Waiting>();
    queue.add(entry(1, { model: 'b' }));
    const busy = { ...idle, free: 3, current: { model: 'a', since: 0 }, fits: () => false, running: ['a'] };
    expect(pickNext(queue, busy, at)).toBeNull();
    expect(pickNext(queue, { ...busy, running: [] }, at)?.id).toBe(1);
    expect(pickNext(queue, { ...busy, fits: () => true }, at)?.id).toBe(1);
  });

  it('the model that finds room before one that does not, then the oldest', () => {
    const queue = createAdmissionQueue<Waiting>();
    queue.add(entry(1, { model: 'b' }));
    queue.add(entry(2, { model: 'c', since: 5 }));
    expect(pickNext(queue, { ...idle, fits: (model) => model === 'c' }, at)?.id).toBe(2);
    expect(pickNext(queue, { ...idle, fits: () => false }, at)?.id).toBe(1);
  });

  it('one that has waited for half of the limit before a higher priority that is new', () => {
    const queue = createAdmissionQueue<Waiting>();
    queue.add(entry(1, { priority: 'index', since: 0 }));
    queue.add(entry(2, { priority: 'interactive', since: 29_000 }));
    expect(pickNext(queue, idle, { now: 29_999, maxWaitMs: MAX_WAIT })?.id).toBe(2);
    expect(pickNext(queue, idle, { now: 30_000, maxWaitMs: MAX_WAIT })?.id).toBe(1);
  });
});

it('the queue keeps its counts and places whatever is added and removed', () => {
  const step = fc.record({
    model: fc.constantFrom('a', 'b'),
    priority: fc.constantFrom(...priorities),
    removes: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = createAdmissionQueue<Waiting>();
      const present: Waiting[] = [];
      for (const [id, { model, priority, removes }] of steps.entries()) {
        const victim = removes ? present.shift() : undefined;
        if (victim !== undefined) {
          expect(queue.remove(victim)).toBe(true);
          expect(queue.remove(victim)).toBe(false);
          continue;
        }
        const added = entry(id, { model, priority });
        queue.add(added);
        present.push(added);
      }
      expect(queue.total).toBe(present.length);
      for (const model of ['a', 'b']) {
        const ordered = priorities.flatMap((priority) =>
          present.filter((one) => one.model === model && one.priority === priority),
        );
        expect(queue.size(model)).toBe(ordered.length);
        expect(ordered.map(queue.place)).toEqual(ordered.map((_, index) => index + 1));
      }
      expect(new Set(queue.entries())).toEqual(new Set(present));
    }),
  );
});

it('expects to wait for those ahead, by the recent time of service', () => {
  expect(expectedWaitMs({ ahead: 3, slots: 2, serviceMs: null })).toBeNull();
  expect(expectedWaitMs({ ahead: 3, slots: 2, serviceMs: 1000 })).toBe(2000);
  expect(expectedWaitMs({ ahead: 0, slots: 0, serviceMs: 1000 })).toBe(1000);
  expect(serviceTime(null, 500)).toBe(500);
  expect(serviceTime(1000, 500)).toBe(900);
});
