import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTopic, type TopicSubscription } from '../../../../electron/core/runtime/topic.ts';
import type { Cursor, Frame } from '../../../../shared/contract/streams.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

/** What any subscriber does with frames: the map it shows and the cursor it comes back with. */
function createReader() {
  let map = new Map<string, unknown>();
  let cursor: Cursor | null = null;
  return {
    take(frame: Frame) {
      if (frame.kind === 'snapshot') map = new Map();
      for (const [key, value] of frame.set) map.set(key, value);
      for (const key of frame.removed) map.delete(key);
      cursor = frame.cursor;
    },
    get map() {
      return map;
    },
    get cursor() {
      return cursor;
    },
  };
}

const keys = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const command = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('set' as const), key: keys, value: fc.nat(99) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), key: keys }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('time' as const), ms: fc.integer({ min: 0, max: 1200 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('leave' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('return' as const), restarted: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fill' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drain' as const) }) },
);

const property = fc.asyncProperty(
  fc.array(command, { maxLength: 60 }),
  fc.constantFrom(1, 2, 1000),
  async (commands, tombstones) => {
    const clock = createFakeClock();
    const topic = createTopic<number>({ clock, epoch: 'run', coalesceMs: 500, tombstones });
    const reader = createReader();
    let full = false;
    const deliver = (frame: Frame) => {
      reader.take(frame);
      return !full;
    };
    let subscription: TopicSubscription | null = topic.subscribe(null, deliver);
    for (const step of commands) {
      if (step.do === 'set') topic.set(step.key, step.value);
      else if (step.do === 'delete') topic.delete(step.key);
      else if (step.do === 'time') await clock.advance(step.ms);
      else if (step.do === 'fill') full = true;
      else if (step.do === 'drain') {
        full = false;
        subscription?.resume();
      } else if (step.do === 'leave') {
        subscription?.end();
        subscription = null;
      } else if (subscription === null) {
        const cursor = step.restarted && reader.cursor ? { ...reader.cursor, epoch: 'old' } : reader.cursor;
        subscription = topic.subscribe(cursor, deliver);
      }
    }
    full = false;
    subscription ??= topic.subscribe(reader.cursor, deliver);
    subscription.resume();
    await clock.advance(2000);
    expect(Object.fromEntries(reader.map)).toEqual(
      Object.fromEntries(topic.keys().map((key) => [key, topic.get(key)])),
    );
    subscription.end();
    expect(clock.pending()).toBe(0);
  },
);

describe('a topic', () => {
  it('leaves each reader with its own map, whatever happened between', async () => {
    await fc.assert(property, {
      numRuns: 150,
      // Two removals between two frames, of which a topic that remembers one has forgotten the first.
      examples: [
        [
          [
            { do: 'set', key: 'd', value: 0 },
            { do: 'set', key: 'c', value: 0 },
            { do: 'time', ms: 500 },
            { do: 'delete', key: 'c' },
            { do: 'delete', key: 'd' },
          ],
          1,
        ],
      ],
    });
  });

  it('does so in the run that once found a removed key with a live reader', async () => {
    await fc.assert(property, {
      numRuns: 1,
      seed: -607981309,
      path: '144:5:8:8:10:9:12:10:10:11:12:10:12:13',
    });
  });
});
