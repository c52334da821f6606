/** What a run says about itself while it works: its first batch, its remaining time, what limits it, and who continues. */
import { describe, expect, it } from 'vitest';
import { causeFor, type Loss } from '../../../../electron/core/indexing/pool-report.ts';
import { createIndexingService } from '../../../../electron/core/indexing/service.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type { SourceRecord } from '../../../../shared/models/indexing.ts';
import { fact, plainText } from '../../../../shared/models/message.ts';
import {
  createFakeWorld,
  digest,
  type FakeWorld,
  modelName,
  nodeView,
  untilEnded,
  vectorOf,
} from '../../../fakes/indexing.ts';

const tower = nodeView({ id: 'tower', hasGpu: true, state: 'gpu-verified' });
const nas = nodeView({ id: 'nas', hasGpu: false });
const wanted = { sourceIds: null, full: false, rebuild: false, useGpu: true, callbackUrl: null };

const files = (count: number, texts = 4) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, file) => [
      `f${file}.md`,
      Array.from({ length: texts }, (_, text) => `file ${file} text ${text}`),
    ]),
  );

async function start(world: FakeWorld, own: Partial<SourceRecord> = {}) {
  const service = createIndexingService(world.dependencies);
  await service.addSource({
    path: '/notes',
    name: 'Notes',
    embedder: { kind: 'model', name: modelName, digest },
    wake: false,
    whenGpuGone: own.whenGpuGone ?? 'use-cpu',
  });
  service.start();
  const { id } = service.startJob(wanted);
  return () => service.job(id);
}

/** Each request takes that long; the server reports `serverMs` of it. */
function slow(world: FakeWorld, id: string, ms: number, serverMs: number | null = null): void {
  const { server } = world.fleet;
  world.fleet.server = (nodeId) => {
    const real = server(nodeId);
    if (real === null || nodeId !== id) return real;
    return {
      ...real,
      embed: async (model, texts, signal) => {
        await world.clock.sleep(ms, signal);
        return { ...(await real.embed(model, texts, signal)), serverMs };
      },
    };
  };
}

const on = (node: string, unit: 'gpu' | 'cpu') => ({ nodes: [{ node, on: unit }] });

describe('the first batch', () => {
  it('is shown until a machine has answered, also for one that takes over', async () => {
    const world = createFakeWorld({ nodes: [nas, tower], files: files(40) });
    slow(world, 'tower', 10_000);
    slow(world, 'nas', 10_000);
    const job = await start(world);
    await world.clock.advance(9000);
    expect(job()).toMatchObject({ phase: 'embedding', vectors: 0, nodes: [] });
    expect(job().detail).toEqual(fact('FIRST_BATCH_RUNNING', on('tower', 'gpu')));
    await world.clock.advance(2000);
    expect(job().detail).toEqual(fact('EMBEDDING_ON', on('tower', 'gpu')));
    world.fleet.patch('tower', { state: 'off' });
    await world.clock.advance(5000);
    expect(job().detail).toEqual(fact('FIRST_BATCH_RUNNING', on('nas', 'cpu')));
    await world.clock.advance(10_000);
    expect(job().detail).toEqual(fact('EMBEDDING_ON', on('nas', 'cpu')));
  });

  it('is shown for the built-in embedder too', async () => {
    const world = createFakeWorld({ nodes: [], files: files(4) });
    const gate = Promise.withResolvers<void>();
    const { openIndex } = world.index.store;
    world.index.store.openIndex = async (source) => {
      const index = await openIndex(source);
      return {
        ...index,
        async indexBuiltin(...files) {
          await gate.promise;
          return index.indexBuiltin(...files);
        },
      };
    };
    const service = createIndexingService(world.dependencies);
    await service.addSource({
      path: '/notes',
      embedder: { kind: 'builtin' },
      wake: false,
      whenGpuGone: 'use-cpu',
    });
    const { id } = service.startJob(wanted);
    await world.clock.advance(1000);
    expect(service.job(id).detail.code).toBe('FIRST_BATCH_RUNNING');
    gate.resolve();
    expect((await untilEnded(world, () => service.job(id))).status).toBe('completed');
  });
});

describe('the remaining time', () => {
  it('is unknown at first, and never far from what is left', async () => {
    const world = createFakeWorld({ nodes: [tower], files: files(100) });
    slow(world, 'tower', 1000);
    // The model takes half a minute to load.
    world.placement.ensureOnGpu = async () => {
      await world.clock.sleep(30_000);
      return { placement: 'gpu', reason: plainText('') };
    };
    const job = await start(world);
    const seen: { at: number; etaMs: number }[] = [];
    while (job().endedAt === null && world.clock.monotonic() < 300_000) {
      await world.clock.advance(500);
      const { etaMs } = job();
      if (etaMs !== null) seen.push({ at: world.clock.monotonic(), etaMs });
    }
    expect(job().status).toBe('completed');
    const endedAt = (job().endedAt ?? 0) - (job().startedAt ?? 0);
    expect(seen[0]?.at).toBeGreaterThan(32_000);
    expect(seen.length).toBeGreaterThan(20);
    for (const { at, etaMs } of seen) {
      const left = Math.max(0, endedAt - at);
      expect(etaMs, `at ${at}`).toBeLessThan(left * 2 + 5000);
      expect(etaMs, `at ${at}`).toBeGreaterThan(left / 2 - 5000);
    }
  });

  it('does not grow while the server fails', async () => {
    const world = createFakeWorld({ nodes: [tower], files: files(100) });
    let isFailing = false;
    slow(world, 'tower', 1000);
    const { server } = world.fleet;
    world.fleet.server = (id) => {
      const real = server(id);
      return (
        real && {
          ...real,
          async embed(...given) {
            if (!isFailing) return real.embed(...given);
            await world.clock.sleep(3000);
            throw new PilotlightError('RUNNER_DIED');
          },
        }
      );
    };
    const job = await start(world);
    await world.clock.advance(5000);
    expect(job().etaMs).not.toBeNull();
    isFailing = true;
    await world.clock.advance(8000);
    expect(job()).toMatchObject({ status: 'running', etaMs: null });
    isFailing = false;
    await untilEnded(world, job);
    expect(job().status).toBe('completed');
  });

  it('counts what is embedded of a large file before it is stored', async () => {
    const world = createFakeWorld({ nodes: [tower], files: files(1, 400) });
    slow(world, 'tower', 1000);
    const job = await start(world);
    await world.clock.advance(20_000);
    expect(job().files.done).toBe(0);
    expect(job().etaMs).toBeGreaterThan(20_000);
    expect(job().etaMs).toBeLessThan(45_000);
  });
});

describe('what limits the run', () => {
  it.each([
    ['the server', 900, 'LIMITED_BY_SERVER'],
    ['the network', 100, 'LIMITED_BY_NETWORK'],
    ['either', null, 'LIMITED_BY_SERVER_OR_NETWORK'],
  ])('is %s, while it runs and when it has ended', async (_name, serverMs, code) => {
    const world = createFakeWorld({ nodes: [tower], files: files(100) });
    slow(world, 'tower', 1000, serverMs);
    const job = await start(world);
    await world.clock.advance(1000);
    expect(job().limitedBy).toBeNull();
    await world.clock.advance(5000);
    expect(job().limitedBy).toEqual({ code, params: { nodes: ['tower'] } });
    expect((await untilEnded(world, job)).limitedBy).toEqual({ code, params: { nodes: ['tower'] } });
  });

  it('is the disk, if files arrive more slowly than they are embedded', async () => {
    const world = createFakeWorld({ nodes: [tower], files: files(100, 1) });
    slow(world, 'tower', 10, 10);
    const { openIndex } = world.index.store;
    world.index.store.openIndex = async (source) => {
      const index = await openIndex(source);
      return {
        ...index,
        async prepare(...file) {
          await world.clock.sleep(1000);
          return { ...(await index.prepare(...file)), readMs: 950, cutMs: 50 };
        },
      };
    };
    const job = await start(world);
    await world.clock.advance(10_000);
    expect(job().limitedBy).toEqual(fact('LIMITED_BY_DISK'));
  });
});

describe('a machine that continues', () => {
  const loss = (own: Partial<Loss>): Loss => ({
    nodeId: 'tower',
    node: 'tower',
    kind: 'dropped',
    reason: plainText('It is silent.'),
    ...own,
  });

  it.each<[string, Loss | null, ReturnType<typeof causeFor>]>([
    ['no machine was lost', null, fact('NO_GPU_NODE')],
    ['another dropped out', loss({}), fact('NODE_DROPPED_OUT', { node: 'tower' })],
    ['another stays asleep', loss({ kind: 'asleep' }), fact('NODE_STAYS_ASLEEP', { node: 'tower' })],
    ['another did not wake', loss({ kind: 'not-available' }), fact('NODE_NOT_AVAILABLE', { node: 'tower' })],
    [
      'its own GPU is refused',
      loss({ nodeId: 'nas', node: 'nas', kind: 'no-gpu' }),
      fact('GPU_NOT_USABLE', { node: 'nas' }),
    ],
    ['it had dropped out itself', loss({ nodeId: 'nas', node: 'nas' }), null],
    [
      'one of the same name dropped out',
      loss({ nodeId: 'other', node: 'nas' }),
      fact('NODE_DROPPED_OUT', { node: 'nas' }),
    ],
  ])('has its cause: %s', (_name, lost, cause) => {
    expect(causeFor({ nodeId: 'nas' }, lost)).toEqual(cause);
  });

  it('is not reported to replace itself when it is back', async () => {
    const off = { ...tower, state: 'off' as const };
    const world = createFakeWorld({ nodes: [nas, off], files: files(40) });
    slow(world, 'nas', 1000);
    let broken = false;
    world.fleet.servers.set('nas', async (texts) => {
      if (broken) throw new PilotlightError('HOST_TIMEOUT');
      return texts.map(vectorOf);
    });
    const job = await start(world);
    await world.clock.advance(5000);
    broken = true;
    await world.clock.advance(3000);
    broken = false;
    const ended = await untilEnded(world, job, 300_000);
    expect(ended.status).toBe('completed');
    const causes = ended.events.flatMap(({ message }) =>
      message.code === 'CONTINUES_ON_CPU' ? [message.params.cause] : [],
    );
    expect(causes).toEqual([fact('NO_GPU_NODE'), null]);
    const [first, second] = world.told.filter(({ message }) => message.code === 'INDEXING_ON_CPU');
    expect([first?.why, second?.why]).toEqual([
      fact('NO_GPU_NODE_WITH_MODEL'),
      fact('NO_GPU_NODE_WITH_MODEL'),
    ]);
  });
});
