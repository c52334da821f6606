import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Client, TypedFrame } from '../../../../renderer/client/client.ts';
import {
  applyFrame,
  createStreamStore,
  emptyKeyed,
  type KeyedState,
} from '../../../../renderer/stores/keyed.ts';
import type { Cursor } from '../../../../shared/contract/streams.ts';

const none: KeyedState<number> = emptyKeyed;

describe('applying frames', () => {
  test('a key is any text, and no other text finds an entry', () => {
    const odd = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', ''];
    const frames: Parameters<typeof applyFrame<number>>[1][] = [
      { kind: 'snapshot', set: [['a', 1]], removed: [] },
      { kind: 'delta', set: [['b', 2]], removed: [] },
    ];
    let state = none;
    for (const frame of [null, ...frames]) {
      if (frame !== null) state = applyFrame(state, frame);
      for (const key of odd) expect([key, state.entries[key]]).toEqual([key, undefined]);
    }
    const set = odd.map((key, at): [string, number] => [key, at]);
    for (const kind of ['snapshot', 'delta'] as const) {
      const filled = applyFrame(state, { kind, set, removed: [] });
      for (const [key, value] of set) expect([key, filled.entries[key]]).toEqual([key, value]);
      expect(filled.keys).toEqual(expect.arrayContaining(odd));
      const emptied = applyFrame(filled, { kind: 'delta', set: [], removed: odd });
      for (const key of odd) expect([key, emptied.entries[key]]).toEqual([key, undefined]);
    }
  });

  test('a snapshot replaces all; what was known keeps its place', () => {
    const first = applyFrame(none, {
      kind: 'snapshot',
      set: [
        ['a', 1],
        ['b', 2],
        ['c', 3],
      ],
      removed: [],
    });
    const second = applyFrame(first, {
      kind: 'snapshot',
      set: [
        ['d', 4],
        ['c', 3],
        ['a', 9],
      ],
      removed: [],
    });
    expect(second.keys).toEqual(['a', 'c', 'd']);
    expect(second.entries).toEqual({ a: 9, c: 3, d: 4 });
  });

  test('a delta changes what it names and keeps the identity of the rest', () => {
    const value = { name: 'same' };
    const before = applyFrame({ ...emptyKeyed } as KeyedState<{ name: string }>, {
      kind: 'snapshot',
      set: [
        ['a', value],
        ['b', { name: 'old' }],
      ],
      removed: [],
    });
    const after = applyFrame(before, { kind: 'delta', set: [['b', { name: 'new' }]], removed: [] });
    expect(after.entries.a).toBe(value);
    expect(after.entries.b).toEqual({ name: 'new' });
    expect(after.keys).toBe(before.keys);
  });

  test('deltas end where a snapshot of the end would', () => {
    const step = fc.record({
      set: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer())),
      removed: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd')),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const truth = new Map<string, number>();
        let state = none;
        for (const { set, removed } of steps) {
          for (const [key, value] of set) truth.set(key, value);
          for (const key of removed) truth.delete(key);
          state = applyFrame(state, { kind: 'delta', set, removed });
        }
        expect(state.entries).toEqual(Object.fromEntries(truth));
        expect([...state.keys].toSorted()).toEqual([...truth.keys()].toSorted());
      }),
    );
  });
});

describe('a store over a stream', () => {
  function fakeClient() {
    const opened: { cursor: Cursor | null; frame: (frame: TypedFrame<'fleet'>) => void; ended: boolean }[] =
      [];
    const client = {
      subscribe(
        _stream: string,
        frame: (frame: TypedFrame<'fleet'>) => void,
        options: { cursor: Cursor | null },
      ) {
        const one = { cursor: options.cursor, frame, ended: false };
        opened.push(one);
        return () => {
          one.ended = true;
        };
      },
    } as unknown as Client;
    return { client, opened };
  }

  test('is open while in use, once, and continues from its cursor', () => {
    const { client, opened } = fakeClient();
    const store = createStreamStore('fleet');
    const first = store.keep(client);
    const second = store.keep(client);
    expect(opened).toHaveLength(1);
    opened[0]?.frame({ kind: 'snapshot', cursor: { epoch: 'e', sequence: 7 }, set: [], removed: [] });
    first();
    first();
    expect(opened[0]?.ended).toBe(false);
    second();
    expect(opened[0]?.ended).toBe(true);
    store.keep(client);
    expect(opened[1]?.cursor).toEqual({ epoch: 'e', sequence: 7 });
    expect(store.use.getState().ready).toBe(true);
  });

  test('tells its listeners once a frame, after the frame was applied', () => {
    const { client, opened } = fakeClient();
    const store = createStreamStore('fleet');
    const ready: boolean[] = [];
    store.onFrame(() => ready.push(store.use.getState().ready));
    store.keep(client);
    opened[0]?.frame({ kind: 'snapshot', cursor: { epoch: 'e', sequence: 1 }, set: [], removed: [] });
    expect(ready).toEqual([true]);
  });
});
