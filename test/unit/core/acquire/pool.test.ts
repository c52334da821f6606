import { describe, expect, it } from 'vitest';
import { createHealthTracker } from '../../../../electron/core/acquire/node-health.ts';
import { type PoolOptions, type PoolTask, runPool } from '../../../../electron/core/acquire/pool.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type { NodeView } from '../../../../shared/models/fleet.ts';
import { plainText } from '../../../../shared/models/message.ts';
import { createAcquireWorld } from '../../../fakes/acquire.ts';
import { digest, embeddingModel, modelName, nodeView } from '../../../fakes/indexing.ts';

const tower = nodeView({ id: 'tower', hasGpu: true, canWake: true, state: 'gpu-verified' });
const asleep = { ...tower, state: 'off' as const };
const nas = nodeView({ id: 'nas', hasGpu: false });

/** A pool whose work lasts until it is stopped or retired; what happens is written down in order. */
type World = ReturnType<typeof createAcquireWorld>['world'];

function startPool(
  nodes: NodeView[],
  own: Partial<PoolOptions> = {},
  prepare: (world: World) => void = () => {},
  onWakeFailed: (cameUp: boolean) => void = () => {},
) {
  const { world, service } = createAcquireWorld(nodes);
  prepare(world);
  const { clock, fleet } = world;
  const log: string[] = [];
  const tasks = new Map<string, PoolTask>();
  const controller = new AbortController();
  const health = createHealthTracker({ clock });
  const say =
    (word: string) =>
    ({ nodeId }: { nodeId: string }) =>
      void log.push(`${word} ${nodeId}`);
  const running = runPool(
    {
      clock,
      fleet,
      acquire: service,
      health,
      model: { name: modelName, digest },
      purpose: plainText('a pool'),
      by: 'job',
      gpu: 'needed',
      mayWake: true,
      whenGpuGone: 'use-cpu',
      work(task) {
        tasks.set(task.worker.nodeId, task);
        return new Promise((resolve) =>
          task.retired.addEventListener('abort', () => resolve(), { once: true }),
        );
      },
      events: {
        waking: say('waking'),
        woke: say('woke'),
        placing: say('placing'),
        placed: say('placed'),
        gpuRefused: say('gpu-refused'),
        working: (worker) => {
          const kind = worker.gpu ? 'gpu' : worker.fallback ? 'fallback' : 'cpu';
          log.push(`working ${worker.nodeId} ${kind}`);
        },
        dropped: say('dropped'),
        wakeFailed(worker, _error, cameUp) {
          say('wake-failed')(worker);
          onWakeFailed(cameUp);
        },
        wakeNotAllowed: say('wake-not-allowed'),
        waiting(wait) {
          // It is repeated while that lasts.
          const line = `waiting ${wait.for}`;
          if (log.at(-1) !== line) log.push(line);
        },
        changed: () => {},
      },
      ...own,
    },
    controller.signal,
  ).catch((error: unknown) => error);
  const task = (nodeId: string) => {
    const found = tasks.get(nodeId);
    if (!found) throw new Error(`${nodeId} does not work.`);
    return found;
  };
  return { world, clock, fleet, health, log, task, controller, running };
}

const refuseGpu = (world: World) => {
  world.placement.ensureOnGpu = async () => ({ placement: 'cpu', reason: plainText('No room.') });
};

describe('a pool', () => {
  it('works on every GPU node, and releases them all when it ends', async () => {
    const pool = startPool([tower, nas, { ...tower, id: 'other' }]);
    await pool.clock.flush();
    expect(pool.log.filter((line) => line.startsWith('working'))).toEqual([
      'working tower gpu',
      'working other gpu',
    ]);
    expect(pool.world.leases).toEqual(['+ tower a pool', '+ other a pool']);
    expect(pool.world.placed).toEqual([`tower ${modelName} job`, `other ${modelName} job`]);
    expect(pool.world.inFlight.onNode('tower')).toBe(0);
    pool.controller.abort('over');
    expect(await pool.running).toBe('over');
    expect(pool.world.leases.slice(2)).toEqual(['- tower a pool', '- other a pool']);
    expect(pool.clock.pending()).toBe(0);
  });

  it('wakes a machine and works on it under one lease', async () => {
    const pool = startPool([asleep, nas], {}, (world) => world.wakesUp());
    await pool.clock.flush();
    expect(pool.log).toEqual(['waking tower']);
    await pool.clock.advance(20_000);
    expect(pool.log).toEqual([
      'waking tower',
      'woke tower',
      'placing tower',
      'placed tower',
      'working tower gpu',
    ]);
    expect(pool.world.leases).toEqual(['+ tower a pool']);
    expect(pool.world.woken).toEqual(['tower job']);
  });

  it('continues on the CPU of a machine whose GPU was refused, under the same lease', async () => {
    const pool = startPool([tower], {}, refuseGpu);
    await pool.clock.flush();
    expect(pool.log).toEqual(['placing tower', 'gpu-refused tower', 'working tower fallback']);
    // After a minute its GPU is tried again.
    pool.world.placement.ensureOnGpu = async () => ({ placement: 'gpu', reason: plainText('') });
    await pool.clock.advance(59_999);
    expect(pool.log).toHaveLength(3);
    await pool.clock.advance(1);
    expect(pool.log.slice(3)).toEqual(['placing tower', 'placed tower', 'working tower gpu']);
    expect(pool.world.leases).toEqual(['+ tower a pool']);
  });

  it('ends on a machine whose GPU was refused, where the person wants to wait', async () => {
    const pool = startPool([tower], { whenGpuGone: 'wait' }, refuseGpu);
    await pool.clock.flush();
    expect(pool.log.slice(0, 3)).toEqual(['placing tower', 'gpu-refused tower', 'waiting gpu-node']);
    expect(pool.world.leases).toEqual(['+ tower a pool', '- tower a pool']);
  });

  it('falls back to a CPU when the GPU node drops out, and returns when it is there again', async () => {
    const pool = startPool([tower, nas]);
    await pool.clock.flush();
    const { stopped } = pool.task('tower');
    pool.fleet.patch('tower', { state: 'off' });
    expect(stopped.aborted).toBe(true);
    await pool.clock.flush();
    expect(pool.log.slice(-2)).toEqual(['dropped tower', 'working nas fallback']);
    const { retired, stopped: nasStopped } = pool.task('nas');
    pool.fleet.patch('tower', { state: 'serving' });
    await pool.clock.flush();
    expect(pool.log.slice(-1)).toEqual(['working tower gpu']);
    expect(retired.aborted).toBe(true);
    expect(nasStopped.aborted).toBe(false);
    expect(pool.world.leases.slice(-2)).toEqual(['+ tower a pool', '- nas a pool']);
  });

  it('leaves a node that it dropped alone, then tries it again', async () => {
    const pool = startPool([tower]);
    await pool.clock.flush();
    pool.task('tower').drop(new PilotlightError('HOST_TIMEOUT'));
    await pool.clock.flush();
    expect(pool.log.slice(-2)).toEqual(['dropped tower', 'waiting node']);
    await pool.clock.advance(4999);
    expect(pool.world.placed).toHaveLength(1);
    await pool.clock.advance(1);
    expect(pool.world.placed).toHaveLength(2);
    expect(pool.task('tower').acquired.breaker()).toBe('half-open');
  });

  it('drops a node that loses the model, and retires one whose model left its GPU', async () => {
    const loaded = (placement: 'gpu' | 'cpu') => [
      {
        ...embeddingModel(),
        vramBytes: 1,
        expiresAt: null,
        contextLength: 512,
        placement,
        gpuShare: 1,
        priority: true,
        pinned: false,
        flagged: false,
      },
    ];
    const pool = startPool([tower]);
    await pool.clock.flush();
    await pool.clock.advance(14_999);
    pool.fleet.patch('tower', { loaded: loaded('cpu') });
    expect(pool.task('tower').retired.aborted).toBe(false);
    await pool.clock.advance(1);
    pool.fleet.patch('tower', { loaded: loaded('gpu') });
    expect(pool.task('tower').retired.aborted).toBe(false);
    const first = pool.task('tower');
    pool.fleet.patch('tower', { loaded: loaded('cpu') });
    expect(first.retired.aborted).toBe(true);
    expect(first.stopped.aborted).toBe(false);
    await pool.clock.flush();
    expect(pool.world.placed).toHaveLength(2);
    expect(pool.world.leases).toEqual(['+ tower a pool']);
    pool.fleet.patch('tower', { installed: [embeddingModel({ digest: 'e'.repeat(64) })] });
    expect(pool.task('tower').stopped.aborted).toBe(true);
    await pool.clock.flush();
    expect(pool.log.slice(-2)).toEqual(['dropped tower', 'waiting node']);
  });

  it('waits for a machine that is not allowed to wake, and asks again after a minute', async () => {
    const pool = startPool([asleep], {}, (world) => {
      world.power.ensureAwake = () => Promise.reject(new PilotlightError('WAKE_NOT_ALLOWED'));
    });
    await pool.clock.flush();
    expect(pool.log).toEqual(['waking tower', 'wake-not-allowed tower', 'waiting node']);
    await pool.clock.advance(60_000);
    expect(pool.world.woken).toHaveLength(2);
  });

  it('ends with what its work ends with', async () => {
    const failure = new PilotlightError('SERVER_ERROR');
    const pool = startPool([tower], { work: () => Promise.reject(failure) });
    expect(await pool.running).toBe(failure);
    expect(pool.world.leases).toEqual(['+ tower a pool', '- tower a pool']);
  });

  it('without a GPU prefers the machine that has none, and places nothing', async () => {
    const pool = startPool([tower, nas], { gpu: 'avoided', mayWake: false });
    await pool.clock.flush();
    expect(pool.log).toEqual(['working nas cpu']);
    expect(pool.world.placed).toEqual([]);
  });

  it('wakes one machine at a time, and lets it come up whatever else happens', async () => {
    const pool = startPool([asleep, { ...asleep, id: 'other' }, nas], {}, (world) => world.wakesUp());
    await pool.clock.flush();
    expect(pool.world.woken).toEqual(['tower job']);
    // The better machine to wake, had it been known in time.
    pool.fleet.patch('other', { vram: { totalBytes: 96e9, source: 'person' } });
    await pool.clock.flush();
    // A machine that is probed for the first time may be awake.
    pool.fleet.set(nodeView({ id: 'new', state: 'unknown', installed: [] }));
    await pool.clock.flush();
    pool.fleet.patch('new', { state: 'off' });
    pool.fleet.set({ ...tower, id: 'third' });
    await pool.clock.flush();
    expect(pool.log).toEqual(['waking tower', 'placing third', 'placed third', 'working third gpu']);
    await pool.clock.advance(20_000);
    expect(pool.log.slice(4)).toEqual(['woke tower', 'placing tower', 'placed tower', 'working tower gpu']);
    expect(pool.world.woken).toEqual(['tower job']);
    expect(pool.task('third').retired.aborted).toBe(false);
  });

  it('loads no CPU while a GPU machine comes up, even before that lists its models', async () => {
    const pool = startPool([{ ...asleep, installed: [] }, nas], {}, (world) => world.wakesUp());
    await pool.clock.advance(21_000);
    expect(pool.log).toEqual(['waking tower', 'woke tower']);
    pool.fleet.patch('tower', { installed: [embeddingModel()] });
    await pool.clock.flush();
    expect(pool.log.slice(2)).toEqual(['placing tower', 'placed tower', 'working tower gpu']);
    expect(pool.world.leases).toEqual(['+ tower a pool']);
  });

  it('reports a machine that comes up without the model', async () => {
    const came: boolean[] = [];
    const prepare = (world: World) => world.wakesUp();
    const pool = startPool([{ ...asleep, installed: [] }, nas], {}, prepare, (woke) => came.push(woke));
    await pool.clock.advance(25_000);
    expect(pool.log).toEqual(['waking tower', 'woke tower', 'wake-failed tower', 'working nas fallback']);
    expect(came).toEqual([true]);
    const failing = startPool([asleep], {}, undefined, (woke) => came.push(woke));
    await failing.clock.flush();
    expect(failing.log.slice(0, 2)).toEqual(['waking tower', 'wake-failed tower']);
    expect(came).toEqual([true, false]);
  });

  it('does not use a node again before its last work there has ended, and drops it once', async () => {
    const work = Promise.withResolvers<void>();
    const pool = startPool([tower], { work: () => work.promise }, (world) => world.wakesUp());
    await pool.clock.flush();
    pool.fleet.patch('tower', { state: 'off' });
    pool.fleet.patch('tower', { state: 'trouble' });
    await pool.clock.flush();
    expect(pool.log.slice(-2)).toEqual(['working tower gpu', 'dropped tower']);
    expect(pool.world.woken).toEqual([]);
    work.resolve();
    await pool.clock.flush();
    expect(pool.log.at(-1)).toBe('waking tower');
  });

  it('does not work on a node that was retired while its model was placed', async () => {
    const placing = Promise.withResolvers<void>();
    const pool = startPool([tower, { ...tower, id: 'other' }], {}, (world) => {
      world.placement.ensureOnGpu = async ({ nodeId }) => {
        if (nodeId === 'tower') await placing.promise;
        return { placement: 'gpu', reason: plainText('') };
      };
    });
    await pool.clock.flush();
    pool.fleet.patch('tower', { hasGpu: null });
    await pool.clock.flush();
    placing.resolve();
    await pool.clock.flush();
    expect(pool.log.filter((line) => line.startsWith('working'))).toEqual(['working other gpu']);
    expect(pool.world.leases.at(-1)).toBe('- tower a pool');
  });

  it('drops a node once that goes off while its model is placed', async () => {
    const pool = startPool([tower], {}, (world) => {
      world.placement.ensureOnGpu = ({ signal }) =>
        new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
        );
    });
    await pool.clock.flush();
    pool.fleet.patch('tower', { state: 'off', canWake: false });
    await pool.clock.flush();
    expect(pool.log).toEqual(['placing tower', 'dropped tower', 'waiting node']);
    expect(pool.health.nextRetryMs()).toBe(5000);
  });
});

describe('a pool that waits for a GPU', () => {
  it('has its node probed more often, and tries again as soon as its server was restarted', async () => {
    const pool = startPool([tower], { whenGpuGone: 'wait', mayWake: false }, refuseGpu);
    await pool.clock.flush();
    expect(pool.log).toEqual(['placing tower', 'gpu-refused tower', 'waiting gpu-node']);
    expect(pool.fleet.waitedFor.get('tower')).toBe(1);
    pool.world.placement.ensureOnGpu = async () => ({ placement: 'gpu', reason: plainText('It fits.') });
    pool.fleet.restart('tower');
    await pool.clock.flush();
    expect(pool.log.slice(3)).toEqual(['placing tower', 'placed tower', 'working tower gpu']);
    expect(pool.fleet.waitedFor.get('tower')).toBe(0);
    pool.controller.abort('over');
    await pool.running;
  });

  it('has its GPU node probed more often while a CPU does the work', async () => {
    const pool = startPool([tower, nas], { mayWake: false }, refuseGpu);
    await pool.clock.flush();
    expect(pool.log.at(-1)).toMatch(/^working \w+ (cpu|fallback)$/);
    expect([pool.fleet.waitedFor.get('tower'), pool.fleet.waitedFor.get('nas')]).toEqual([1, undefined]);
    pool.controller.abort('over');
    await pool.running;
    expect(pool.fleet.waitedFor.get('tower')).toBe(0);
  });
});
