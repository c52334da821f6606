import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTopic } from '../../../../electron/core/runtime/topic.ts';
import type { Cursor, Frame } from '../../../../shared/contract/streams.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { createRememberingLog } from '../../../fakes/transport.ts';

function setup(options: { tombstones?: number } = {}) {
  const clock = createFakeClock();
  const topic = createTopic<number>({ clock, epoch: 'one', coalesceMs: 500, ...options });
  return { clock, topic };
}

/** What a panel holds after these frames. */
function replay(frames: Frame[], start = new Map<string, unknown>()): Map<string, unknown> {
  let map = start;
  for (const frame of frames) {
    if (frame.kind === 'snapshot') map = new Map();
    for (const [key, value] of frame.set) map.set(key, value);
    for (const key of frame.removed) map.delete(key);
  }
  return map;
}

describe('a topic', () => {
  it('gives a snapshot first, then only what changed, at most once in the coalescing time', async () => {
    const { clock, topic } = setup();
    topic.set('a', 1);
    const frames: Frame[] = [];
    topic.subscribe(null, (frame) => frames.push(frame) > 0);
    expect(frames).toEqual([
      { kind: 'snapshot', cursor: { epoch: 'one', sequence: 1 }, set: [['a', 1]], removed: [] },
    ]);

    for (let value = 2; value <= 50; value++) topic.set('b', value);
    topic.delete('a');
    await clock.advance(499);
    expect(frames).toHaveLength(1);
    await clock.advance(1);
    expect(frames).toHaveLength(2);
    expect(frames[1]).toMatchObject({ kind: 'delta', set: [['b', 50]], removed: ['a'] });
  });

  it('sends the first change after a pause at once', async () => {
    const { clock, topic } = setup();
    const frames: Frame[] = [];
    topic.subscribe(null, (frame) => frames.push(frame) > 0);
    await clock.advance(10_000);
    topic.set('a', 1);
    await clock.advance(0);
    expect(frames).toHaveLength(2);
  });

  it('what is waited for does not wait for the next regular frame', async () => {
    const { clock, topic } = setup();
    const frames: Frame[] = [];
    topic.subscribe(null, (frame) => frames.push(frame) > 0);
    topic.set('a', 1);
    await clock.advance(20);
    topic.set('b', 1, { soon: true });
    await clock.advance(29);
    expect(frames).toHaveLength(1);
    await clock.advance(1);
    expect(frames).toHaveLength(2);
    expect(replay(frames)).toEqual(
      new Map([
        ['a', 1],
        ['b', 1],
      ]),
    );
    // Nothing is left over, and the regular pace goes on.
    topic.set('a', 2);
    await clock.advance(499);
    expect(frames).toHaveLength(2);
    await clock.advance(1);
    expect(frames).toHaveLength(3);
    expect(clock.pending()).toBe(0);
  });

  it('resumes from a cursor with what was missed, removals included', async () => {
    const { clock, topic } = setup();
    topic.set('a', 1);
    topic.set('b', 1);
    const first: Frame[] = [];
    const subscription = topic.subscribe(null, (frame) => first.push(frame) > 0);
    subscription.end();
    topic.delete('a');
    topic.set('b', 2);
    topic.set('c', 3);
    const second: Frame[] = [];
    topic.subscribe(first[0]?.cursor ?? null, (frame) => second.push(frame) > 0);
    await clock.advance(0);
    expect(second).toHaveLength(1);
    expect(second[0]).toMatchObject({
      kind: 'delta',
      set: [
        ['b', 2],
        ['c', 3],
      ],
      removed: ['a'],
    });
  });

  it.each([
    ['another epoch', { epoch: 'two', sequence: 1 }],
    ['a sequence from the future', { epoch: 'one', sequence: 99 }],
  ])('answers a cursor of %s with a snapshot', (_name, cursor) => {
    const { topic } = setup();
    topic.set('a', 1);
    const frames: Frame[] = [];
    topic.subscribe(cursor, (frame) => frames.push(frame) > 0);
    expect(frames[0]?.kind).toBe('snapshot');
  });

  it('answers a cursor older than the removals it remembers with a snapshot', () => {
    const { topic } = setup({ tombstones: 2 });
    for (const key of ['a', 'b', 'c', 'd']) topic.set(key, 1);
    const cursor: Cursor = { epoch: 'one', sequence: 4 };
    for (const key of ['a', 'b', 'c']) topic.delete(key);
    const frames: Frame[] = [];
    topic.subscribe(cursor, (frame) => frames.push(frame) > 0);
    expect(frames[0]?.kind).toBe('snapshot');
    expect([...replay(frames)]).toEqual([['d', 1]]);
  });

  it('holds back for a full link and then sends only the newest', async () => {
    const { clock, topic } = setup();
    const frames: Frame[] = [];
    let room = false;
    const subscription = topic.subscribe(null, (frame) => {
      frames.push(frame);
      return room;
    });
    topic.set('a', 1);
    await clock.advance(5000);
    topic.set('a', 2);
    await clock.advance(5000);
    expect(frames).toHaveLength(1);
    room = true;
    subscription.resume();
    await clock.advance(5000);
    expect(frames).toHaveLength(2);
    expect(frames[1]?.set).toEqual([['a', 2]]);
  });

  it('keeps no timer while nobody listens, and tells when somebody does', async () => {
    const { clock, topic } = setup();
    const told: boolean[] = [];
    topic.onActive((active) => told.push(active));
    topic.set('a', 1);
    expect(topic.active).toBe(false);
    expect(clock.pending()).toBe(0);
    const subscription = topic.subscribe(null, () => true);
    topic.set('a', 2);
    expect(clock.pending()).toBe(1);
    subscription.end();
    expect(clock.pending()).toBe(0);
    expect(told).toEqual([true, false]);
  });

  it('a live subscriber that missed more removals than are remembered gets a snapshot', async () => {
    const { clock, topic } = setup();
    for (let index = 0; index < 1500; index++) topic.set(`key-${index}`, index);
    const frames: Frame[] = [];
    topic.subscribe(null, (frame) => frames.push(frame) > 0);
    await clock.advance(1000);
    for (let index = 0; index < 1200; index++) topic.delete(`key-${index}`);
    await clock.advance(1000);
    expect(frames.map((frame) => frame.kind)).toEqual(['snapshot', 'snapshot']);
    expect([...replay(frames).keys()]).toEqual(topic.keys());
    expect(replay(frames).size).toBe(300);
    // It is a live one as before: the next frame holds the change alone.
    topic.delete('key-1400');
    await clock.advance(1000);
    expect(frames[2]).toMatchObject({ kind: 'delta', set: [], removed: ['key-1400'] });
  });

  it('a live subscriber that missed as many removals as are remembered gets a delta', async () => {
    const { clock, topic } = setup({ tombstones: 3 });
    for (const key of ['a', 'b', 'c', 'd']) topic.set(key, 1);
    const frames: Frame[] = [];
    topic.subscribe(null, (frame) => frames.push(frame) > 0);
    for (const key of ['a', 'b', 'c']) topic.delete(key);
    await clock.advance(1000);
    expect(frames[1]).toMatchObject({ kind: 'delta', removed: ['a', 'b', 'c'] });
    expect([...replay(frames).keys()]).toEqual(['d']);
  });

  it('a full link that missed more removals than are remembered gets a snapshot when it has room', async () => {
    const { clock, topic } = setup({ tombstones: 2 });
    for (const key of ['a', 'b', 'c', 'd']) topic.set(key, 1);
    const frames: Frame[] = [];
    let room = false;
    const subscription = topic.subscribe(null, (frame) => frames.push(frame) > 0 && room);
    for (const key of ['a', 'b', 'c']) topic.delete(key);
    await clock.advance(5000);
    expect(frames).toHaveLength(1);
    room = true;
    subscription.resume();
    await clock.advance(5000);
    expect(frames.map((frame) => frame.kind)).toEqual(['snapshot', 'snapshot']);
    expect([...replay(frames).keys()]).toEqual(['d']);
  });

  it('a subscriber that throws stops no other, is reported, and gets a snapshot with the next change', async () => {
    const clock = createFakeClock();
    const log = createRememberingLog();
    const topic = createTopic<number>({ clock, epoch: 'one', coalesceMs: 500, log });
    const first: Frame[] = [];
    const second: Frame[] = [];
    let broken = false;
    topic.subscribe(null, (frame) => {
      if (broken) throw new Error('defect');
      return first.push(frame) > 0;
    });
    topic.subscribe(null, (frame) => second.push(frame) > 0);
    broken = true;
    topic.set('a', 1);
    topic.delete('a');
    topic.set('b', 2);
    await clock.advance(1000);
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    expect([...replay(second)]).toEqual([['b', 2]]);
    broken = false;
    topic.set('c', 3);
    await clock.advance(1000);
    expect(first.at(-1)?.kind).toBe('snapshot');
    expect(second.at(-1)?.kind).toBe('delta');
    expect(replay(first)).toEqual(replay(second));
  });

  it('a producer that throws for a new subscriber stops neither the others nor the subscriber', () => {
    const log = createRememberingLog();
    const topic = createTopic<number>({ clock: createFakeClock(), epoch: 'one', coalesceMs: 500, log });
    topic.onActive(() => {
      throw new Error('defect');
    });
    topic.onActive((active) => active && topic.set('a', 1));
    const frames: Frame[] = [];
    const subscription = topic.subscribe(null, (frame) => frames.push(frame) > 0);
    expect([...replay(frames)]).toEqual([['a', 1]]);
    subscription.end();
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(2);
  });

  it('leaves a client equal to itself after any interleaving', async () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant('set' as const),
          key: fc.constantFrom('a', 'b', 'c', 'd'),
          value: fc.integer(),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('delete' as const),
          key: fc.constantFrom('a', 'b', 'c', 'd'),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 900 }) }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('reconnect' as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('full' as const), full: fc.boolean() }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { clock, topic } = setup({ tombstones: 2 });
        let map = new Map<string, unknown>();
        let cursor: Cursor | null = null;
        let full = false;
        const deliver = (frame: Frame): boolean => {
          map = replay([frame], map);
          cursor = frame.cursor;
          return !full;
        };
        let subscription = topic.subscribe(null, deliver);
        for (const next of steps) {
          if (next.do === 'set') topic.set(next.key, next.value);
          if (next.do === 'delete') topic.delete(next.key);
          if (next.do === 'advance') await clock.advance(next.ms);
          if (next.do === 'full') {
            full = next.full;
            if (!full) subscription.resume();
          }
          if (next.do === 'reconnect') {
            subscription.end();
            subscription = topic.subscribe(cursor, deliver);
          }
        }
        full = false;
        subscription.resume();
        await clock.advance(2000);
        expect(new Map([...map].sort())).toEqual(
          new Map(
            topic
              .keys()
              .map((key) => [key, topic.get(key)] as const)
              .sort(),
          ),
        );
      }),
      { numRuns: 60 },
    );
  });
});
