import { describe, expect, it } from 'vitest';
import { createFallWatch } from '../../../../electron/core/placement/falls.ts';
import { createPlacementMemory } from '../../../../electron/core/placement/memory.ts';
import { createMoveHistory } from '../../../../electron/core/placement/moves.ts';
import { createNodeLocks } from '../../../../electron/core/placement/node-lock.ts';
import { contradicts, evictedBetween } from '../../../../electron/core/placement/verify.ts';
import { createStreams } from '../../../../electron/core/runtime/streams.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { MoveRecord } from '../../../../shared/models/placement.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { aLoaded, aMoveOf, aNode, GB, NOW } from './support.ts';

const never = () => new AbortController().signal;

describe('one move per node', () => {
  it('refuses a second one, or lets it wait', async () => {
    const locks = createNodeLocks();
    const first = locks.take('n', 'a');
    expect(() => locks.take('n', 'b')).toThrow(expect.objectContaining({ code: 'MOVE_IN_PROGRESS' }));
    const second = locks.wait('n', 'b', never());
    expect(locks.holder('n')).toBe('a');
    const controller = new AbortController();
    const third = locks.wait('n', 'c', controller.signal);
    controller.abort(new Error('stop'));
    await expect(third).rejects.toThrow('stop');
    first[Symbol.dispose]();
    const held = await second;
    expect(locks.holder('n')).toBe('b');
    first[Symbol.dispose]();
    expect(locks.holder('n')).toBe('b');
    held[Symbol.dispose]();
    expect(locks.holder('n')).toBeNull();
  });
});

describe('whether tools contradict the server', () => {
  const model = aLoaded({ sizeBytes: 5 * GB, vramBytes: 5 * GB });
  const shown = (usedBytes: number | null) => ({ loaded: [model], usedBytes });
  const earlier = (usedBytes: number | null) => ({ loaded: [], usedBytes });
  it.each([
    ['no tools', null, null, 5 * GB, false],
    ['VRAM rose', 1 * GB, 6 * GB, 5 * GB, false],
    ['nothing in use', 0.2 * GB, 0.2 * GB, null, true],
    ['no rise, and the size is that of the file', 4 * GB, 4 * GB, 5 * GB, true],
    ['no rise, but a size that was measured', 4 * GB, 4 * GB, 4.5 * GB, false],
  ] as const)('%s', (_, was, is, fileBytes, expected) => {
    expect(contradicts({ model, fileBytes, before: earlier(was), after: shown(is) })).toBe(expected);
  });

  it('compares the figures alone if nothing was moved', () => {
    expect(contradicts({ model, fileBytes: null, before: null, after: shown(GB) })).toBe(true);
    expect(contradicts({ model, fileBytes: null, before: null, after: shown(5 * GB) })).toBe(false);
  });

  it('contradict nothing about a model on the CPU', () => {
    const cpu = aLoaded();
    expect(
      contradicts({ model: cpu, fileBytes: null, before: null, after: { loaded: [cpu], usedBytes: 0 } }),
    ).toBe(false);
  });
});

describe('evicted models', () => {
  it('are those that disappeared with time left', () => {
    const before = [
      aLoaded({ name: 'moved' }),
      aLoaded({ name: 'pushed', expiresAt: NOW + 60_000 }),
      aLoaded({ name: 'for-ever', expiresAt: null }),
      aLoaded({ name: 'ended', expiresAt: NOW - 1 }),
      aLoaded({ name: 'stays' }),
    ];
    expect(evictedBetween(before, [aLoaded({ name: 'stays' })], 'moved', NOW)).toEqual([
      'pushed',
      'for-ever',
    ]);
  });
});

describe('falls to the CPU', () => {
  const on = (vramBytes: number, hasGpu: boolean | null = true) =>
    aNode({ loaded: [aLoaded({ vramBytes })], hasGpu });

  it('are reported from the GPU and from part of it, once each', () => {
    const falls = createFallWatch();
    expect(falls.observe(on(6 * GB), null)).toEqual([]);
    expect(falls.observe(on(0), null)).toMatchObject([
      { model: 'llama3.1:8b', reason: fact('RELOADED_WITHOUT_GPU', { before: 'gpu' }) },
    ]);
    expect(falls.observe(on(0), null)).toEqual([]);
    // A model that expires and is loaded on the CPU again is still in the same fall.
    expect(falls.observe(aNode(), null)).toEqual([]);
    expect(falls.observe(on(0), null)).toEqual([]);
    expect(falls.observe(on(2 * GB), null)).toEqual([]);
    expect(falls.observe(on(0), null)).toMatchObject([
      { reason: fact('RELOADED_WITHOUT_GPU', { before: 'partial' }) },
    ]);
  });

  it('are not reported during a move, without a GPU, or for pinned and ordinary models', () => {
    const falls = createFallWatch();
    expect(falls.observe(on(0), 'llama3.1:8b')).toEqual([]);
    expect(falls.observe(on(0, false), null)).toEqual([]);
    const pinned = aNode({ loaded: [aLoaded()], pinned: new Set(['llama3.1:8b']) });
    expect(falls.observe(pinned, null)).toEqual([]);
    expect(falls.observe(aNode({ loaded: [aLoaded({ name: 'phi:3b' })] }), null)).toEqual([]);
    expect(falls.observe(on(0, null), null)).toEqual([]);
  });

  it('are reported again after a move that no probe showed, and during the move of another model', () => {
    const falls = createFallWatch();
    expect(falls.observe(on(0), 'other:1')).toMatchObject([
      { reason: fact('LOADED_WITHOUT_GPU', { node: 'tower' }) },
    ]);
    expect(falls.observe(on(6 * GB), 'llama3.1:8b')).toEqual([]);
    falls.moved(aMoveOf());
    expect(falls.observe(on(0), null)).toHaveLength(1);
  });

  it('are not reported if a person asked for it', () => {
    const falls = createFallWatch();
    falls.observe(on(6 * GB), null);
    falls.moved(aMoveOf({ by: 'person', wanted: 'cpu', to: 'cpu' }));
    expect(falls.observe(on(0), null)).toEqual([]);
  });
});

describe('what is known about placements', () => {
  it('includes since when, the size and the last load, and is reset by a restart', async () => {
    const clock = createFakeClock(NOW);
    const failed = aMoveOf({ at: NOW - 1000, outcome: 'failed', code: 'GPU_NOT_USED', to: 'cpu' });
    const memory = createPlacementMemory({ clock, moves: [failed] });
    expect(memory.history('node_1', 'LLAMA3.1:8b')?.gpuNotUsedAt).toBe(NOW - 1000);
    const cpu = aNode({ loaded: [aLoaded()] });
    expect(memory.observe(cpu, null)).toEqual({ restarted: false, appeared: true });
    await clock.advance(5000);
    expect(memory.observe(cpu, cpu)).toEqual({ restarted: false, appeared: false });
    expect(memory.placedSince('node_1', 'llama3.1:8b')).toBe(NOW);
    expect(memory.lastSizeBytes('node_1', 'llama3.1:8b')).toBe(6 * GB);
    await clock.advance(5000);
    memory.observe(aNode(), cpu);
    expect(memory.placedSince('node_1', 'llama3.1:8b')).toBeNull();
    expect(memory.lastLoadedAt('node_1', 'llama3.1:8b')).toBe(NOW + 10_000);
    const off = aNode({ state: 'off' });
    expect(memory.observe(aNode(), off).restarted).toBe(true);
    expect(memory.history('node_1', 'llama3.1:8b')).toMatchObject({ gpuNotUsedAt: null, failures: 0 });
    memory.forget('node_1');
    expect(memory.history('node_1', 'llama3.1:8b')).toBeUndefined();
  });

  it('shows that a GPU with a model works', () => {
    const memory = createPlacementMemory({
      clock: createFakeClock(NOW),
      moves: [aMoveOf({ outcome: 'failed', code: 'GPU_NOT_USED', to: 'cpu' })],
    });
    memory.observe(aNode({ loaded: [aLoaded({ name: 'other', vramBytes: GB })] }), null);
    expect(memory.history('node_1', 'llama3.1:8b')?.gpuNotUsedAt).toBeNull();
  });
});

describe('the stream of moves', () => {
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

  it('starts with the saved ones and keeps the newest 200', () => {
    const saved = Array.from({ length: 150 }, (_, index) => aMoveOf({ id: index + 1 }));
    const store = {
      moves: {
        append: (move: Omit<MoveRecord, 'id'>) => {
          const record = { ...move, id: saved.length + 1 };
          saved.push(record);
          return record;
        },
        list: (limit: number) => saved.slice(-limit).reverse(),
      },
    };
    const streams = createStreams({ clock: createFakeClock(), epoch: 'e' });
    const moves = createMoveHistory({ store, streams, log: quiet });
    expect(streams.moves.keys()).toHaveLength(150);
    const { id: _id, ...move } = aMoveOf();
    for (let count = 0; count < 60; count += 1) moves.append(move);
    expect(streams.moves.keys()).toHaveLength(200);
    expect(streams.moves.keys()[0]).toBe('11');
    expect(streams.moves.keys().at(-1)).toBe('210');
  });

  it('a full disk does not undo a move that is done', () => {
    const store = {
      moves: {
        append: () => {
          throw new Error('disk full');
        },
        list: () => [],
      },
    };
    const streams = createStreams({ clock: createFakeClock(), epoch: 'e' });
    const moves = createMoveHistory({ store, streams, log: quiet });
    expect(moves.append(aMoveOf()).outcome).toBe('moved');
  });
});
