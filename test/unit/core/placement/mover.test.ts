/** What a mover refuses, records and reports. */
import { describe, expect, it } from 'vitest';
import { LOAD_STALL_MS } from '../../../../electron/core/placement/load-times.ts';
import { createLoadWatch } from '../../../../electron/core/placement/loads.ts';
import { createPlacementMemory } from '../../../../electron/core/placement/memory.ts';
import type { MoveResult } from '../../../../electron/core/placement/move.ts';
import { createMover } from '../../../../electron/core/placement/mover.ts';
import { createMoveHistory } from '../../../../electron/core/placement/moves.ts';
import { createNodeLocks } from '../../../../electron/core/placement/node-lock.ts';
import { createPins } from '../../../../electron/core/placement/pins.ts';
import type { InferenceServer } from '../../../../electron/core/ports/inference.ts';
import { createStreams } from '../../../../electron/core/runtime/streams.ts';
import type { NewActivityEntry } from '../../../../shared/models/activity.ts';
import { type ServerCapability, serverCapabilitySchema } from '../../../../shared/models/fleet.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { MoveRecord } from '../../../../shared/models/placement.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { silentLog } from '../../../fakes/indexing.ts';
import { createFakeInferenceServer, type FakeInferenceServer } from '../../../fakes/inference-server.ts';
import { aLoaded, aNode } from './support.ts';

const model = 'llama3.1:8b';
const task = { model, target: 'gpu', by: 'person' } as const;
const signal = new AbortController().signal;

function createWorld(server: InferenceServer | null, drains = true) {
  /** Which models get no new requests, and which are waited for, in order. */
  const heldBack: string[] = [];
  const clock = createFakeClock();
  const node = aNode({ loaded: [aLoaded()] });
  const entries: Omit<NewActivityEntry, 'kind'>[] = [];
  const records: MoveRecord[] = [];
  const locks = createNodeLocks();
  const loads = createLoadWatch({
    clock,
    log: silentLog,
    isLoaded: () => false,
    limitMs: () => LOAD_STALL_MS,
    onLoaded: () => {},
  });
  const store = {
    moves: { append: (move: Omit<MoveRecord, 'id'>) => ({ ...move, id: 1 }), list: () => [] },
  };
  const mover = createMover({
    clock,
    activity: {
      record({ kind, ...entry }) {
        expect(kind).toBe('placement');
        entries.push(entry);
        return { why: null, nodeId: null, notify: false, kind, ...entry, at: 0, id: 1 };
      },
    },
    fleet: {
      server: () => server,
      probeSoon: () => {},
      markGpu: () => {},
      probeOften: () => ({ [Symbol.dispose]() {} }),
      list: () => [node],
      onChange: () => () => {},
    },
    pins: createPins({ store: { pins: { list: () => [], set: () => {} } } }),
    readGpus: async () => null,
    moves: createMoveHistory({ store, streams: createStreams({ clock, epoch: 'test' }), log: silentLog }),
    memory: createPlacementMemory({ clock, moves: [] }),
    inFlight: {
      count: () => 0,
      busySince: () => null,
      async drain(_nodeId, models) {
        heldBack.push(`drain ${models.join()}`);
        return drains;
      },
    },
    async holdBack(_nodeId, models) {
      heldBack.push(`+ ${models.join()}`);
      return { [Symbol.dispose]: () => void heldBack.push(`- ${models.join()}`) };
    },
    locks,
    loads,
    lifetime: signal,
    restoring: signal,
    isPriority: () => false,
    onRecord: (record) => records.push(record),
  });
  return { clock, node, entries, records, heldBack, locks, loads, mover };
}

function serverWithout(missing: ServerCapability): FakeInferenceServer {
  const capabilities = new Set(serverCapabilitySchema.options.filter((one) => one !== missing));
  return { ...createFakeInferenceServer('http://127.0.0.1:11434'), capabilities };
}

describe('a move is refused', () => {
  it.each([
    ['NOT_SUPPORTED', 'a server without the capability', serverWithout('moves'), 'SERVER_CANNOT_MOVE'],
    ['NO_SERVER', 'a node without a server', null, 'NODE_HAS_NO_SERVER'],
  ] as const)('with %s by %s, which is not touched', async (code, _, server, reason) => {
    const world = createWorld(server);
    const record = await world.mover.placeOn(world.node, task, signal);
    expect(record).toMatchObject({
      outcome: 'refused',
      code,
      reason: fact(reason, { node: 'tower' }),
      from: 'cpu',
      to: 'cpu',
      durationMs: 0,
    });
    expect(server?.calls ?? []).toEqual([]);
    expect(world.locks.holder(world.node.id)).toBeNull();
    expect(world.records).toEqual([record]);
    expect(world.entries).toEqual([
      {
        severity: 'info',
        message: fact('MODEL_NOT_MOVED', { model, node: 'tower', target: 'gpu' }),
        why: record.reason,
        nodeId: world.node.id,
      },
    ]);
  });

  it('on a node that does not serve, without a placement', () => {
    const world = createWorld(null);
    const asleep = aNode({ state: 'off', loaded: [aLoaded()] });
    const reason = fact('NODE_ASLEEP_WAKE_FIRST', { node: 'tower' });
    expect(world.mover.refuse(asleep, task, 'NODE_ASLEEP', reason)).toMatchObject({ from: null, to: null });
  });
});

describe('a move', () => {
  it.each([
    ['to its end', true],
    ['until it is refused, because requests do not finish', false],
  ])('keeps new requests away before it waits for those in flight, %s', async (_what, drains) => {
    const server = createFakeInferenceServer('http://127.0.0.1:11434');
    const world = createWorld(server, drains);
    const moved = world.mover.placeOn(world.node, { ...task, target: 'cpu' }, signal);
    await world.clock.advance(60_000);
    await moved;
    expect(world.heldBack.slice(0, 2)).toEqual([`+ ${model}`, `drain ${model}`]);
    expect(world.heldBack.at(-1)).toBe(`- ${model}`);
    expect(world.heldBack.filter((one) => one.startsWith('+'))).toHaveLength(
      world.heldBack.filter((one) => one.startsWith('-')).length,
    );
  });
});

describe('a result', () => {
  const moved: Omit<MoveResult, 'error'> = {
    outcome: 'moved',
    reason: fact('MOVED_TO_CPU'),
    code: null,
    from: 'gpu',
    to: 'cpu',
    evicted: [],
  };
  const reported = (changes: Partial<MoveResult>) => {
    const world = createWorld(null);
    world.mover.record(world.node, task, { ...moved, ...changes }, 1, 2);
    return world.entries.map(({ severity, message, notify }) => ({ severity, message, notify }));
  };
  const named = { model, node: 'tower' };

  it('is reported as a success, unless the model was already there', () => {
    expect(reported({})).toEqual([
      { severity: 'success', message: fact('MODEL_MOVED', { ...named, placement: 'cpu' }) },
    ]);
    expect(reported({ outcome: 'already-right' })).toEqual([]);
  });

  it('is reported as a failure, and models that it cost as an error with a notification', () => {
    const failed = {
      severity: 'warning',
      message: fact('MODEL_MOVE_FAILED', { ...named, target: 'gpu' }),
    };
    expect(reported({ outcome: 'failed', restored: ['a'] })).toEqual([failed]);
    expect(reported({ outcome: 'failed', missing: ['a', 'b'] })).toEqual([
      failed,
      {
        severity: 'error',
        message: fact('MODELS_LOST_BY_MOVE', { models: ['a', 'b'], node: 'tower' }),
        notify: true,
      },
    ]);
  });
});

describe('a load', () => {
  it('is refused while another one is stuck, with that as the reason', async () => {
    const server = createFakeInferenceServer('http://127.0.0.1:11434');
    const world = createWorld(server);
    void world.loads.run(world.node.id, 'other', () => new Promise(() => {}));
    await world.clock.advance(LOAD_STALL_MS);
    await expect(world.mover.load(world.node, server, model, 'auto', signal)).rejects.toMatchObject({
      code: 'SERVER_BUSY',
      said: fact('LOAD_STUCK', { model: 'other', ms: LOAD_STALL_MS }),
    });
    expect(server.calls).toEqual(['loaded']);
  });

  it('fails if the server then does not have the model', async () => {
    const server = createFakeInferenceServer('http://127.0.0.1:11434');
    const world = createWorld(server);
    const loading = world.mover.load(world.node, server, model, 'cpu', signal);
    const failure = expect(loading).rejects.toMatchObject({
      code: 'MOVE_FAILED',
      said: fact('LOADED_BUT_NOT_THERE', { model, node: 'tower' }),
    });
    await world.clock.advance(15_000);
    await failure;
  });
});
