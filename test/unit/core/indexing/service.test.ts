import { describe, expect, it } from 'vitest';
import { createIndexingService } from '../../../../electron/core/indexing/service.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type { Embedder, IndexJob, SourceRecord } from '../../../../shared/models/indexing.ts';
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

const model: Embedder = { kind: 'model', name: modelName, digest };
const tower = nodeView({ id: 'tower', hasGpu: true, canWake: true, state: 'gpu-verified' });
const nas = nodeView({ id: 'nas', hasGpu: false });
const wanted = { sourceIds: null, full: false, rebuild: false, useGpu: true, callbackUrl: null };

function manyFiles(count: number, texts = 3): Record<string, string[]> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, file) => [
      `f${file}.md`,
      Array.from({ length: texts }, (_, text) => `file ${file} text ${text}`),
    ]),
  );
}

async function start(world: FakeWorld, own: Partial<SourceRecord> = {}) {
  const service = createIndexingService(world.dependencies);
  const source = await service.addSource({
    path: '/notes',
    name: 'Notes',
    embedder: own.embedder ?? model,
    wake: own.wake ?? true,
    whenGpuGone: own.whenGpuGone ?? 'use-cpu',
  });
  service.start();
  return { service, source };
}

const kinds = (job: IndexJob) => job.events.map((event) => event.kind);
/** Every text that was embedded and kept, once each, with its own vector. */
function expectWhole(world: FakeWorld): void {
  expect([...world.index.committed.keys()].sort()).toEqual([...world.index.files.keys()].sort());
  for (const { texts, vectors } of world.index.committed.values()) {
    expect(vectors).toEqual(texts.map(vectorOf));
  }
  expect(world.index.prepared.size).toBe(0);
  expect(world.inFlight.now).toBe(0);
}

describe('the folders', () => {
  it('are all shown with one read of the jobs, because each job that is read is parsed', async () => {
    const world = createFakeWorld();
    const { jobs } = world.dependencies.store;
    const reads: number[] = [];
    const { list } = jobs;
    jobs.list = (limit) => {
      reads.push(limit);
      return list(limit);
    };
    for (const id of ['a', 'b', 'c']) {
      world.sources.set(id, {
        id,
        name: id,
        path: `/${id}`,
        addedAt: 0,
        embedder: { kind: 'builtin' },
        wake: false,
        whenGpuGone: 'use-cpu',
      } as SourceRecord);
    }
    const service = createIndexingService(world.dependencies);
    // One for the folders, one for the list of jobs.
    expect(reads).toEqual([50, 20]);
    reads.length = 0;
    expect(await service.sources()).toHaveLength(3);
    expect(reads).toEqual([50]);
  });
});

describe('an index job', () => {
  it('places the model, embeds on the GPU machine and commits every file once', async () => {
    const world = createFakeWorld({ nodes: [nas, tower], files: manyFiles(20) });
    const { service } = await start(world);
    const { id } = service.startJob(wanted);
    const job = await untilEnded(world, () => service.job(id));
    expect(job.status).toBe('completed');
    expect(job.files).toEqual({ total: 20, done: 20, unchanged: 0, removed: 0, failed: 0, skipped: 0 });
    expect(job.vectors).toBe(60);
    expect(job.fallbackVectors).toBe(0);
    expect(job.detail).toEqual(
      fact('FILES_INDEXED', { done: 20, unchanged: 0, removed: 0, failed: 0, skipped: 0 }),
    );
    expect(world.placements).toEqual([{ nodeId: 'tower', model: modelName }]);
    expect(world.fleet.embedded.get('nas')).toBeUndefined();
    expect(job.nodes).toMatchObject([{ nodeId: 'tower', placement: 'gpu', vectors: 60 }]);
    expect(world.vectors.get('tower')).toBe(60);
    expect(world.index.commits.length).toBe(20);
    expectWhole(world);
  });

  it('keeps two requests at a node, of whole batches across files', async () => {
    const world = createFakeWorld({ nodes: [tower], files: manyFiles(16) });
    const sizes: number[] = [];
    world.fleet.servers.set('tower', async (texts) => {
      sizes.push(texts.length);
      await world.clock.sleep(50);
      return texts.map(vectorOf);
    });
    const { service } = await start(world);
    const { id } = service.startJob(wanted);
    await untilEnded(world, () => service.job(id));
    expect(world.inFlight.most).toBe(2);
    expect(sizes).toEqual(Array(12).fill(4));
  });

  it('wakes no machine when nothing has changed', async () => {
    const world = createFakeWorld({ nodes: [tower], files: manyFiles(3) });
    const { service } = await start(world);
    const first = service.startJob(wanted);
    await untilEnded(world, () => service.job(first.id));
    world.fleet.patch('tower', { state: 'off' });
    const second = service.startJob(wanted);
    const job = await untilEnded(world, () => service.job(second.id));
    expect(job).toMatchObject({
      status: 'completed',
      detail: { code: 'FILES_INDEXED', params: { done: 0, unchanged: 3 } },
    });
    expect(job.events).toEqual([]);
  });

  it('indexes what changed and removes what was deleted', async () => {
    const world = createFakeWorld({ nodes: [tower], files: manyFiles(5) });
    const { service } = await start(world);
    const first = service.startJob(wanted);
    await untilEnded(world, () => service.job(first.id));
    world.index.files.set('f1.md', ['changed']);
    world.index.files.delete('f2.md');
    const second = service.startJob(wanted);
    const job = await untilEnded(world, () => service.job(second.id));
    expect(job.files).toEqual({ total: 4, done: 1, unchanged: 3, removed: 1, failed: 0, skipped: 0 });
    expectWhole(world);
  });

  it('wakes the GPU machine, says so, and embeds there', async () => {
    const world = createFakeWorld({ nodes: [nas, { ...tower, state: 'off' }], files: manyFiles(4) });
    const { service } = await start(world);
    world.power.ensureAwake = async (id, { signal }) => {
      await world.clock.sleep(20_000, signal);
      world.fleet.patch(id, { state: 'serving' });
      return tower;
    };
    const { id } = service.startJob(wanted);
    await world.clock.advance(5000);
    expect(service.job(id)).toMatchObject({
      phase: 'waking',
      detail: fact('WAKING_NODE', { node: 'tower' }),
    });
    expect(world.fleet.reasons.get('tower')).toEqual([fact('USED_FOR_INDEXING', { folder: 'Notes' })]);
    const job = await untilEnded(world, () => service.job(id));
    expect(job.status).toBe('completed');
    expect(kinds(job)).toEqual(['woke', 'placed']);
    expect(world.fleet.embedded.has('nas')).toBe(false);
    expect(world.fleet.reasons.get('tower')).toEqual([]);
  });

  it('continues on the CPU when the machine does not wake', async () => {
    const world = createFakeWorld({ nodes: [nas, { ...tower, state: 'off' }], files: manyFiles(4) });
    const { service } = await start(world);
    world.power.ensureAwake = () => Promise.reject(new PilotlightError('WAKE_TIMEOUT'));
    const { id } = service.startJob(wanted);
    const job = await untilEnded(world, () => service.job(id));
    expect(job).toMatchObject({ status: 'completed', vectors: 12, fallbackVectors: 12 });
    expect(kinds(job)).toEqual(['note', 'fell-back']);
    expect(world.told.some((entry) => entry.notify && entry.severity === 'warning')).toBe(true);
  });

  it('leaves a machine asleep if its policy forbids jobs to wake it, says so once, and tries again', async () => {
    const refusal = 'These are its quiet hours: jobs do not wake it from 22:00 to 07:00.';
    const world = createFakeWorld({ nodes: [nas, { ...tower, state: 'off' }], files: manyFiles(4) });
    let asked = 0;
    let quiet = true;
    world.power.ensureAwake = async (id, { by }) => {
      expect(by).toBe('job');
      asked += 1;
      if (quiet) throw new PilotlightError('WAKE_NOT_ALLOWED', { message: refusal });
      world.fleet.patch(id, { state: 'serving' });
      return tower;
    };
    const { service } = await start(world, { whenGpuGone: 'wait' });
    const { id } = service.startJob(wanted);
    await world.clock.advance(200_000);
    expect(service.job(id)).toMatchObject({ status: 'running', phase: 'waiting' });
    expect(asked).toBe(4);
    expect(service.job(id).events.filter((event) => event.kind === 'note')).toMatchObject([
      { message: fact('NODE_LEFT_ASLEEP', { node: 'tower', reason: plainText(refusal) }) },
    ]);
    expect(world.told.filter((entry) => entry.notify)).toMatchObject([
      { why: fact('REASON_OF_NODE', { node: 'tower', reason: plainText(refusal) }) },
    ]);
    quiet = false;
    const job = await untilEnded(world, () => service.job(id));
    expect(job).toMatchObject({ status: 'completed', fallbackVectors: 0 });
    expect(world.fleet.embedded.has('nas')).toBe(false);
  });

  it('continues on the CPU while jobs may not wake the machine', async () => {
    const world = createFakeWorld({ nodes: [nas, { ...tower, state: 'off' }], files: manyFiles(4) });
    world.power.ensureAwake = () => Promise.reject(new PilotlightError('WAKE_NOT_ALLOWED'));
    const { service } = await start(world);
    const { id } = service.startJob(wanted);
    const job = await untilEnded(world, () => service.job(id));
    expect(job).toMatchObject({ status: 'completed', vectors: 12, fallbackVectors: 12 });
    expect(job.events.map((event) => event.message.code)).toContain('NODE_LEFT_ASLEEP');
  });

  it('does not wake or place anything if no GPU is requested', async () => {
    const world = createFakeWorld({ nodes: [nas, { ...tower, state: 'off' }], files: manyFiles(4) });
    const { service } = await start(world);
    const { id } = service.startJob({ ...wanted, useGpu: false });
    const job = await untilEnded(world, () => service.job(id));
    expect(job).toMatchObject({ status: 'completed', fallbackVectors: 0, events: [] });
    expect(world.placements).toEqual([]);
  });

  it('falls back to the CPU half-way, without losing or repeating anything', async () => {
    const world = createFakeWorld({ nodes: [nas, tower], files: manyFiles(40) });
    let answered = 0;
    world.fleet.servers.set('tower', async (texts) => {
      answered += 1;
      if (answered > 10) throw new PilotlightError('HOST_UNREACHABLE');
      return texts.map(vectorOf);
    });
    const { service } = await start(world);
    const { id } = service.startJob(wanted);
    const job = await untilEnded(world, () => service.job(id));
    expect(job.status).toBe('completed');
    expect(kinds(job)).toEqual(['placed', 'fell-back']);
    expect(job.fallbackVectors).toBe(80);
    expect(job.nodes.map(({ nodeId, vectors }) => [nodeId, vectors])).toEqual([
      ['tower', 40],
      ['nas', 80],
    ]);
    expect(new Set(world.index.commits).size).toBe(world.index.commits.length);
    expectWhole(world);
  });

  it('drops requests that hang as soon as the fleet notices that the machine dropped out', async () => {
    const world = createFakeWorld({ nodes: [nas, tower], files: manyFiles(10) });
    world.fleet.servers.set(
      'tower',
      (_texts, signal) =>
        new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
        ),
    );
    const { service } = await start(world);
    const { id } = service.startJob(wanted);
    await world.clock.advance(5000);
    expect(service.job(id).vectors).toBe(0);
    world.fleet.patch('tower', { state: 'off' });
    const job = await untilEnded(world, () => service.job(id));
    expect(job).toMatchObject({ status: 'completed', fallbackVectors: 30 });
    expectWhole(world);
  });

  it('returns to the GPU when it is back, and places the model again', async () => {
    const world = createFakeWorld({ nodes: [nas, tower], files: manyFiles(200) });
    world.fleet.servers.set('nas', async (texts) => {
      await world.clock.sleep(1000);
      return texts.map(vectorOf);
    });
    world.fleet.servers.set('tower', async () => {
      throw new PilotlightError('HOST_UNREACHABLE');
    });
    const { service } = await start(world);
    const { id } = service.startJob(wanted);
    await world.clock.advance(3000);
    expect(service.job(id).detail).toEqual(fact('EMBEDDING_ON', { nodes: [{ node: 'nas', on: 'cpu' }] }));
    world.fleet.patch('tower', { state: 'off' });
    world.fleet.servers.delete('tower');
    await world.clock.advance(3000);
    world.fleet.patch('tower', { state: 'serving' });
    const job = await untilEnded(world, () => service.job(id));
    expect(kinds(job)).toEqual(['placed', 'fell-back', 'placed', 'recovered']);
    expect(world.placements.length).toBe(2);
    expect(job.fallbackVectors).toBeLessThan(100);
    expectWhole(world);
  });

  it('waits for the GPU if the person chose that, and wakes it again', async () => {
    const world = createFakeWorld({ nodes: [nas, tower], files: manyFiles(10) });
    let wakes = 0;
    world.power.ensureAwake = async () => {
      wakes += 1;
      throw new PilotlightError('WAKE_TIMEOUT');
    };
    let broken = false;
    world.fleet.servers.set('tower', async (texts) => {
      if (broken) throw new PilotlightError('HOST_UNREACHABLE');
      broken = true;
      return texts.map(vectorOf);
    });
    const { service } = await start(world, { whenGpuGone: 'wait' });
    const { id } = service.startJob(wanted);
    await world.clock.advance(500);
    world.fleet.patch('tower', { state: 'off' });
    await world.clock.advance(60_000);
    expect(service.job(id)).toMatchObject({
      status: 'running',
      phase: 'waiting',
      detail: fact('WAITING_FOR_NODE', { gpu: true, model: 'mxbai-embed-large' }),
    });
    expect(wakes).toBe(1);
    await world.clock.advance(300_000);
    expect(wakes).toBe(2);
    world.fleet.servers.delete('tower');
    world.fleet.patch('tower', { state: 'serving' });
    const job = await untilEnded(world, () => service.job(id));
    expect(job).toMatchObject({ status: 'completed', fallbackVectors: 0 });
    expect(world.fleet.embedded.has('nas')).toBe(false);
    expect(kinds(job)).toContain('recovered');
    expectWhole(world);
  });

  it('uses a machine as a CPU if it loaded the model there', async () => {
    const world = createFakeWorld({ nodes: [tower], files: manyFiles(4) });
    world.placement.ensureOnGpu = async () => ({ placement: 'cpu', reason: fact('MOVE_CANCELLED') });
    const { service } = await start(world);
    const { id } = service.startJob(wanted);
    const job = await untilEnded(world, () => service.job(id));
    expect(job).toMatchObject({ status: 'completed', fallbackVectors: 12 });
    expect(kinds(job)).toEqual(['note', 'fell-back']);
    expect(job.nodes).toMatchObject([{ placement: 'cpu' }]);
  });

  it('fails only the file with the text that the server refuses', async () => {
    const world = createFakeWorld({ nodes: [tower], files: manyFiles(10) });
    world.index.files.set('f3.md', ['good', 'POISON', 'good too']);
    world.fleet.servers.set('tower', async (texts) => {
      if (texts.includes('POISON')) {
        throw new PilotlightError('SERVER_ERROR', {
          details: { status: 400, server: 'the input length exceeds the context length' },
        });
      }
      return texts.map(vectorOf);
    });
    const { service } = await start(world);
    const { id } = service.startJob(wanted);
    const job = await untilEnded(world, () => service.job(id));
    expect(job.status).toBe('completed');
    expect(job.files).toMatchObject({ done: 9, failed: 1 });
    expect(job.failures).toEqual([
      {
        path: 'f3.md',
        code: 'SERVER_ERROR',
        reason: plainText('the input length exceeds the context length'),
      },
    ]);
    world.index.files.delete('f3.md');
    expectWhole(world);
  });

  it('ends with the message of a server that refuses everything', async () => {
    const world = createFakeWorld({ nodes: [tower], files: manyFiles(100) });
    world.fleet.servers.set('tower', async () => {
      throw new PilotlightError('SERVER_ERROR', {
        details: { status: 400, server: '"x" does not support embeddings' },
      });
    });
    const { service } = await start(world);
    const { id } = service.startJob(wanted);
    const job = await untilEnded(world, () => service.job(id));
    expect(job.status).toBe('failed');
    expect(job.error).toMatchObject({
      code: 'SERVER_ERROR',
      message: expect.stringContaining('"x" does not support embeddings'),
    });
    expect(world.index.prepared.size).toBe(0);
  });

  it('does not blame the files for a server that answers nothing but errors', async () => {
    const world = createFakeWorld({ nodes: [nas, tower], files: manyFiles(20) });
    world.fleet.servers.set('tower', async () => {
      throw new PilotlightError('SERVER_ERROR', { details: { status: 500, server: 'boom' } });
    });
    const { service } = await start(world);
    const { id } = service.startJob(wanted);
    const job = await untilEnded(world, () => service.job(id), 300_000);
    expect(job).toMatchObject({ status: 'completed', failures: [], fallbackVectors: 60 });
    expectWhole(world);
  });

  it('does not blame the files for a server that begins to fail half-way', async () => {
    const world = createFakeWorld({ nodes: [nas, tower], files: manyFiles(20, 1) });
    world.batchSize = 1;
    let answered = 0;
    world.fleet.servers.set('tower', async (texts) => {
      answered += 1;
      if (answered > 5) throw new PilotlightError('SERVER_ERROR', { details: { status: 500 } });
      return texts.map(vectorOf);
    });
    const { service } = await start(world);
    const { id } = service.startJob(wanted);
    const job = await untilEnded(world, () => service.job(id), 300_000);
    expect(job).toMatchObject({ status: 'completed', failures: [], fallbackVectors: 15 });
    expectWhole(world);
  });

  it('does not blame the files for a server that begins to refuse everything half-way', async () => {
    const world = createFakeWorld({ nodes: [nas, tower], files: manyFiles(20, 1) });
    world.batchSize = 1;
    let answered = 0;
    world.fleet.servers.set('tower', async (texts) => {
      answered += 1;
      if (answered > 5) throw new PilotlightError('SERVER_ERROR', { details: { status: 403 } });
      return texts.map(vectorOf);
    });
    const { service } = await start(world);
    const { id } = service.startJob(wanted);
    const job = await untilEnded(world, () => service.job(id));
    expect(job).toMatchObject({ status: 'completed', failures: [], fallbackVectors: 15 });
    expectWhole(world);
  });

  it('does not blame the server for the last text, which it cannot embed', async () => {
    const world = createFakeWorld({ nodes: [tower], files: { 'f.md': ['good', 'CRASH', 'good too'] } });
    world.index.files.set('g.md', ['fine']);
    world.fleet.servers.set('tower', async (texts) => {
      if (texts.includes('CRASH')) {
        throw new PilotlightError('SERVER_ERROR', { details: { status: 500, server: 'runner crashed' } });
      }
      return texts.map(vectorOf);
    });
    const { service } = await start(world);
    const { id } = service.startJob(wanted);
    const job = await untilEnded(world, () => service.job(id));
    expect(job.status).toBe('completed');
    expect(job.failures).toEqual([
      { path: 'f.md', code: 'SERVER_ERROR', reason: plainText('runner crashed') },
    ]);
    expect(kinds(job)).toEqual(['placed']);
    world.index.files.delete('f.md');
    expectWhole(world);
  });

  it('does not blame the server for many such texts in a row', async () => {
    const texts = ['fine', ...Array.from({ length: 8 }, (_, index) => `CRASH ${index}`)];
    const world = createFakeWorld({
      nodes: [tower],
      files: Object.fromEntries(texts.map((text, index) => [`f${index}.md`, [text]])),
    });
    world.batchSize = 1;
    world.fleet.servers.set('tower', async ([text = '']) => {
      if (text.startsWith('CRASH')) throw new PilotlightError('SERVER_ERROR', { details: { status: 500 } });
      return [vectorOf(text)];
    });
    const { service } = await start(world);
    const { id } = service.startJob(wanted);
    const job = await untilEnded(world, () => service.job(id));
    expect(job.files).toMatchObject({ done: 1, failed: 8 });
    expect(kinds(job)).toEqual(['placed']);
  });

  it('sends one request at a time to a server that failed, until one succeeds', async () => {
    const world = createFakeWorld({ nodes: [tower], files: manyFiles(16) });
    let broken = true;
    let now = 0;
    const most: number[] = [];
    world.fleet.servers.set('tower', async (texts) => {
      now += 1;
      most.push(now);
      await world.clock.sleep(100);
      now -= 1;
      if (broken) throw new PilotlightError('HOST_TIMEOUT');
      return texts.map(vectorOf);
    });
    const { service } = await start(world);
    const { id } = service.startJob(wanted);
    await world.clock.advance(1000);
    expect(most).toEqual([1, 2]);
    await world.clock.advance(4000 + 200);
    expect(most).toEqual([1, 2, 1]);
    await world.clock.advance(9500);
    expect(most).toEqual([1, 2, 1]);
    broken = false;
    const job = await untilEnded(world, () => service.job(id));
    expect(job.status).toBe('completed');
    expect(most.slice(3, 6)).toEqual([1, 1, 2]);
    expectWhole(world);
  });

  it('keeps the machine in use, without a gap, from its wake to its last vector', async () => {
    const world = createFakeWorld({ nodes: [{ ...tower, state: 'off' }], files: manyFiles(4) });
    const reasons: number[] = [];
    const { use } = world.fleet;
    let living = 0;
    world.fleet.use = (nodeId, reason) => {
      const used = use(nodeId, reason);
      reasons.push(++living);
      return {
        [Symbol.dispose]() {
          used[Symbol.dispose]();
          reasons.push(--living);
        },
      };
    };
    world.power.ensureAwake = async (id, { signal }) => {
      await world.clock.sleep(20_000, signal);
      world.fleet.patch(id, { state: 'serving' });
      return tower;
    };
    const { service } = await start(world);
    const { id } = service.startJob(wanted);
    const job = await untilEnded(world, () => service.job(id));
    expect(job.status).toBe('completed');
    expect(reasons).toEqual([1, 0]);
  });

  it('asks a busy server again', async () => {
    const world = createFakeWorld({ nodes: [tower], files: manyFiles(4) });
    let busy = 5;
    world.fleet.servers.set('tower', async (texts) => {
      busy -= 1;
      if (busy > 0) throw new PilotlightError('SERVER_BUSY');
      return texts.map(vectorOf);
    });
    const { service } = await start(world);
    const { id } = service.startJob(wanted);
    const job = await untilEnded(world, () => service.job(id));
    expect(job).toMatchObject({ status: 'completed', failures: [] });
    expectWhole(world);
  });

  it('continues after its worker was lost', async () => {
    const world = createFakeWorld({ nodes: [tower], files: manyFiles(30) });
    const { service } = await start(world);
    let commits = 0;
    world.index.before = (step) => {
      if (step !== 'commit') return;
      commits += 1;
      if (commits === 10) {
        world.index.prepared.clear();
        throw new PilotlightError('WORKER_LOST');
      }
    };
    const { id } = service.startJob(wanted);
    const job = await untilEnded(world, () => service.job(id));
    expect(job.status).toBe('completed');
    expect(job.files).toMatchObject({ total: 30, done: 30, unchanged: 0 });
    expect(kinds(job)).toContain('note');
    expect(new Set(world.index.commits).size).toBe(world.index.commits.length);
    expectWhole(world);
  });

  it('gives up on a worker that is lost again and again', async () => {
    const world = createFakeWorld({ nodes: [tower], files: manyFiles(3) });
    const { service } = await start(world);
    world.index.before = (step) => {
      if (step === 'commit') throw new PilotlightError('WORKER_LOST');
    };
    const { id } = service.startJob(wanted);
    const job = await untilEnded(world, () => service.job(id));
    expect(job).toMatchObject({ status: 'failed', error: { code: 'WORKER_LOST' } });
  });

  it('fails with DISK_FULL and keeps what is committed', async () => {
    const world = createFakeWorld({ nodes: [tower], files: manyFiles(30) });
    const { service } = await start(world);
    world.index.before = (step) => {
      if (step === 'commit' && world.index.commits.length >= 10) throw new PilotlightError('DISK_FULL');
    };
    const { id } = service.startJob(wanted);
    const job = await untilEnded(world, () => service.job(id));
    expect(job).toMatchObject({ status: 'failed', error: { code: 'DISK_FULL' } });
    expect(world.index.committed.size).toBe(10);
    expect(world.index.prepared.size).toBe(0);
  });

  it('does not use a model that was pulled again', async () => {
    const world = createFakeWorld({ nodes: [nas, tower], files: manyFiles(4) });
    const { service } = await start(world);
    world.fleet.patch('tower', { installed: [], canWake: false });
    const { id } = service.startJob(wanted);
    const job = await untilEnded(world, () => service.job(id));
    expect(job.nodes.map((node) => node.nodeId)).toEqual(['nas']);
  });

  it('indexes with the built-in embedder without any node', async () => {
    const world = createFakeWorld({ nodes: [], files: manyFiles(70) });
    const { service } = await start(world, { embedder: { kind: 'builtin' } });
    const { id } = service.startJob(wanted);
    const job = await untilEnded(world, () => service.job(id));
    expect(job).toMatchObject({ status: 'completed', vectors: 210 });
    expect(job.nodes).toMatchObject([{ placement: 'builtin', vectors: 210 }]);
  });
});

describe('the life of jobs', () => {
  const slow = (world: FakeWorld) =>
    world.fleet.servers.set('tower', async (texts, signal) => {
      await world.clock.sleep(1000, signal);
      return texts.map(vectorOf);
    });

  it('runs one at a time', async () => {
    const world = createFakeWorld({ nodes: [tower], files: manyFiles(10) });
    slow(world);
    const { service, source } = await start(world);
    const { id } = service.startJob(wanted);
    expect(() => service.startJob(wanted)).toThrowError(expect.objectContaining({ code: 'JOB_RUNNING' }));
    await expect(service.removeSource(source.id)).rejects.toMatchObject({ code: 'JOB_RUNNING' });
    await expect(
      service.updateSource({ sourceId: source.id, embedder: { kind: 'builtin' } }),
    ).rejects.toMatchObject({ code: 'JOB_RUNNING' });
    await service.updateSource({ sourceId: source.id, name: 'Papers' });
    await untilEnded(world, () => service.job(id));
    await service.removeSource(source.id);
    expect(() => service.startJob(wanted)).toThrowError(
      expect.objectContaining({ code: 'NOTHING_TO_INDEX' }),
    );
  });

  it('cancels at once, keeps what is committed and forgets what was prepared', async () => {
    const world = createFakeWorld({ nodes: [tower], files: manyFiles(40) });
    slow(world);
    const { service } = await start(world);
    const { id } = service.startJob(wanted);
    await world.clock.advance(5500);
    const job = service.cancelJob(id);
    expect(job).toMatchObject({ status: 'cancelled', phase: 'done', error: null });
    expect(job.files.done).toBeGreaterThan(0);
    await world.clock.flush(10);
    expect(world.index.committed.size).toBe(job.files.done);
    expect(world.index.prepared.size).toBe(0);
    expect(world.inFlight.now).toBe(0);
    expect(service.cancelJob(id)).toEqual(service.job(id));
    const again = service.startJob(wanted);
    const done = await untilEnded(world, () => service.job(again.id));
    expect(done.files.unchanged).toBe(job.files.done);
    expectWhole(world);
  });

  it('continues after a restart, without repeating what is committed', async () => {
    const world = createFakeWorld({ nodes: [tower], files: manyFiles(40) });
    slow(world);
    const { service } = await start(world);
    const { id } = service.startJob({ ...wanted, rebuild: true });
    await world.clock.advance(5500);
    await service.stop();
    const committed = world.index.committed.size;
    expect(committed).toBeGreaterThan(0);
    expect(world.jobs.get(id)?.status).toBe('running');

    const next = createIndexingService(world.dependencies);
    next.start();
    const job = await untilEnded(world, () => next.job(id));
    expect(job).toMatchObject({ status: 'completed', resumed: true });
    expect(job.files).toMatchObject({ total: 40, done: 40, unchanged: 0 });
    expect(kinds(job)).toContain('resumed');
    expect(world.index.resets).toBe(1);
    expect(new Set(world.index.commits).size).toBe(40);
    expect(world.index.commits.length).toBe(40);
    expectWhole(world);
  });

  it('continues with the rest of a full run after a restart', async () => {
    const world = createFakeWorld({ nodes: [tower], files: manyFiles(40) });
    slow(world);
    const { service } = await start(world);
    const first = service.startJob(wanted);
    await untilEnded(world, () => service.job(first.id));
    world.index.commits.length = 0;
    const { id } = service.startJob({ ...wanted, full: true });
    await world.clock.advance(5500);
    await service.stop();
    const next = createIndexingService(world.dependencies);
    next.start();
    const job = await untilEnded(world, () => next.job(id));
    expect(job.files).toMatchObject({ total: 40, done: 40, unchanged: 0 });
    expect(world.index.commits.length).toBe(40);
  });

  it('empties the index when the embedder has changed', async () => {
    const world = createFakeWorld({ nodes: [tower], files: manyFiles(4) });
    const { service, source } = await start(world, { embedder: { kind: 'builtin' } });
    const first = service.startJob(wanted);
    await untilEnded(world, () => service.job(first.id));
    await service.updateSource({ sourceId: source.id, embedder: model });
    const second = service.startJob(wanted);
    const job = await untilEnded(world, () => service.job(second.id));
    expect(job.files).toMatchObject({ done: 4, unchanged: 0 });
    expect(world.index.resets).toBe(1);
    // After each run, what is derived from the index is brought up to date.
    expect(world.index.finishedRuns).toBe(2);
  });

  it('saves its progress at most once a second, apart from changes of phase', async () => {
    const world = createFakeWorld({ nodes: [tower], files: manyFiles(100) });
    world.fleet.servers.set('tower', async (texts) => {
      await world.clock.sleep(200);
      return texts.map(vectorOf);
    });
    const { service } = await start(world);
    const { put } = world.dependencies.store.jobs;
    let saves = 0;
    world.dependencies.store.jobs.put = (job) => {
      saves += 1;
      put(job);
    };
    const { id } = service.startJob(wanted);
    const job = await untilEnded(world, () => service.job(id));
    const seconds = ((job.endedAt ?? 0) - (job.startedAt ?? 0)) / 1000;
    expect(seconds).toBeGreaterThan(2);
    expect(saves).toBeLessThan(seconds + 10);
  });

  it('sends the callback when a job has ended, and three times more if it is not accepted', async () => {
    const world = createFakeWorld({ nodes: [tower], files: manyFiles(4) });
    const { service } = await start(world);
    world.answer = async () => 500;
    const { id } = service.startJob({ ...wanted, callbackUrl: 'http://127.0.0.1:1/done' });
    const job = await untilEnded(world, () => service.job(id));
    await world.clock.advance(60_000);
    expect(world.requests.length).toBe(4);
    expect(world.requests[0]).toMatchObject({
      method: 'POST',
      url: 'http://127.0.0.1:1/done',
      body: {
        job_id: id,
        status: 'completed',
        stats: {
          indexed: 4,
          duration_ms: (job.endedAt ?? 0) - (job.startedAt ?? 0),
          vault: 'Notes',
          full: false,
        },
      },
    });
    expect(world.told.at(-1)).toMatchObject({ severity: 'warning' });
  });

  it('reports in the callback of a failed job what went wrong, without a count', async () => {
    const world = createFakeWorld({ nodes: [tower], files: manyFiles(4) });
    const { service } = await start(world);
    world.index.before = () => {
      throw new PilotlightError('DISK_FULL');
    };
    const { id } = service.startJob({ ...wanted, callbackUrl: 'http://127.0.0.1:1/done' });
    await untilEnded(world, () => service.job(id));
    await world.clock.flush();
    expect(world.requests[0]?.body).toMatchObject({ status: 'failed', error: 'The disk is full.' });
    expect(world.requests[0]?.body).not.toHaveProperty('stats.indexed');
  });
});

describe('the folders', () => {
  it('refuses the same folder twice, and accepts a folder inside another', async () => {
    const world = createFakeWorld();
    const { service, source } = await start(world);
    const again = { path: '/notes', embedder: model, wake: true, whenGpuGone: 'wait' as const };
    await expect(service.addSource(again)).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      details: { sourceId: source.id },
    });
    expect((await service.addSource({ ...again, path: '/notes/inner' })).name).toBe('inner');
  });
});
