import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isServing } from '../../../shared/models/fleet.ts';
import type { IndexJob } from '../../../shared/models/indexing.ts';
import { fact } from '../../../shared/models/message.ts';
import {
  fleetEmbedder,
  machineSetups,
  notes,
  type RealWorld,
  startHostAt,
  startRealWorld,
  untilJob,
  verifySource,
  writeFiles,
} from '../../fakes/indexing-world.ts';

const wanted = { sourceIds: null, full: false, rebuild: false, useGpu: true, callbackUrl: null };
const ended = (job: IndexJob) => job.endedAt !== null;
const kinds = (job: IndexJob) => job.events.map((event) => event.kind);

async function addSource(world: RealWorld, whenGpuGone: 'use-cpu' | 'wait' = 'use-cpu') {
  return world.host.core.services.indexing.addSource({
    path: world.folder,
    name: 'Notes',
    embedder: fleetEmbedder,
    wake: true,
    whenGpuGone,
  });
}

async function run(world: RealWorld, own: Partial<typeof wanted> = {}): Promise<IndexJob> {
  const { id } = world.host.core.services.indexing.startJob({ ...wanted, ...own });
  return untilJob(world.host, id, ended);
}

function expectWhole(world: RealWorld, sourceId: string): void {
  expect(verifySource(world, sourceId)).toMatchObject({ lost: 0, repeated: 0, findings: [] });
}

describe('indexing with real parts', () => {
  it('wakes, places, embeds on the GPU, then finds by keywords and by vectors', async () => {
    await using world = await startRealWorld(notes(30), machineSetups({ tower: { initially: 'off' } }));
    const { id } = await addSource(world);
    const job = await run(world);
    expect(job).toMatchObject({ status: 'completed', fallbackVectors: 0, failures: [] });
    expect(kinds(job)).toEqual(['woke', 'placed']);
    expect(job.nodes).toMatchObject([{ name: 'tower', placement: 'gpu', vectors: job.vectors }]);
    expect(world.fleet.control.machine('nas').ollama.compute.embeddedTexts()).toBe(0);
    expectWhole(world, id);

    const result = await world.host.core.services.indexing.search(
      { text: 'lamp room note 17', sourceIds: null, limit: 5 },
      AbortSignal.timeout(50_000),
    );
    expect(result.notices).toEqual([]);
    expect(result.hits.length).toBe(5);
    expect(result.hits[0]?.path).toContain('note-17.md');
    expect(result.hits[0]?.words).not.toBeNull();
    expect(result.hits.some((hit) => hit.vectors !== null)).toBe(true);
    expect(result.hits[0]?.highlights.length).toBeGreaterThan(0);
  });

  it('lists each file that it skips, with the reason, in the first run and in the next', async () => {
    await using world = await startRealWorld({ ...notes(3), 'empty.md': '', 'photo.bin': '\0\x01\x02\0\0' });
    await addSource(world);
    for (const round of [1, 2]) {
      const job = await run(world);
      expect(job.files, `run ${round}`).toMatchObject({ total: 5, skipped: 2, failed: 0 });
      const reasons = job.leftOut.map(({ path, code }) => [path, code]).sort();
      expect(reasons).toEqual([
        ['empty.md', 'FILE_EMPTY'],
        ['photo.bin', 'FILE_BINARY'],
      ]);
      expect(job.leftOut.map(({ reason }) => reason.code).sort()).toEqual([
        'FILE_IS_EMPTY',
        'FILE_IS_NOT_TEXT',
      ]);
    }
  });

  it('skips what is unchanged, removes what was deleted, and indexes everything again on request', async () => {
    await using world = await startRealWorld(notes(12));
    const { id } = await addSource(world);
    await run(world);
    rmSync(join(world.folder, 'folder-1/note-1.md'));
    writeFiles(world.folder, { 'folder-2/note-2.md': '# Other\n\nNothing of what was here.\n' });
    const second = await run(world);
    expect(second.files).toEqual({ total: 11, done: 1, unchanged: 10, removed: 1, failed: 0, skipped: 0 });
    expectWhole(world, id);
    const full = await run(world, { full: true });
    expect(full.files).toMatchObject({ total: 11, done: 11, unchanged: 0 });
    const rebuilt = await run(world, { rebuild: true });
    expect(rebuilt.files).toMatchObject({ total: 11, done: 11, unchanged: 0 });
    expectWhole(world, id);
    const [view] = await world.host.core.services.indexing.sources();
    expect(view).toMatchObject({ files: 11, lastRun: { status: 'completed', indexed: 11 } });
  });

  it('neither loses nor repeats anything when the GPU machine loses power half-way', async () => {
    await using world = await startRealWorld(notes(40));
    const { id } = await addSource(world);
    world.fleet.control.dieAfterTexts('tower', 70);
    const job = await run(world);
    expect(job).toMatchObject({ status: 'completed', failures: [] });
    expect(kinds(job)).toEqual(['placed', 'fell-back']);
    expect(job.fallbackVectors).toBeGreaterThan(0);
    expect(job.fallbackVectors).toBeLessThan(job.vectors);
    expectWhole(world, id);
  });

  it('waits for the GPU if the person chose that, wakes it and continues there', async () => {
    await using world = await startRealWorld(notes(40));
    const { id } = await addSource(world, 'wait');
    world.fleet.control.dieAfterTexts('tower', 70);
    const job = await run(world);
    expect(job).toMatchObject({ status: 'completed', fallbackVectors: 0, failures: [] });
    expect(world.fleet.control.machine('nas').ollama.compute.embeddedTexts()).toBe(0);
    expect(kinds(job).filter((kind) => kind === 'placed').length).toBe(2);
    expect(kinds(job)).toContain('woke');
    expectWhole(world, id);
  });

  it('cancels at once and continues later with the rest', async () => {
    await using world = await startRealWorld(notes(40), machineSetups({ gpuTextsPerSecond: 100 }));
    const { id } = await addSource(world);
    const { indexing } = world.host.core.services;
    const started = indexing.startJob(wanted);
    await untilJob(world.host, started.id, (job) => job.files.done >= 5);
    const cancelled = indexing.cancelJob(started.id);
    expect(cancelled.status).toBe('cancelled');
    world.fleet.control.machine('tower').ollama.compute.setRates(5000, 5000);
    const job = await run(world);
    expect(job.status).toBe('completed');
    expect(job.files.unchanged).toBeGreaterThanOrEqual(cancelled.files.done);
    expectWhole(world, id);
  });

  it('continues after its worker was killed', async () => {
    await using world = await startRealWorld(notes(60), machineSetups({ gpuTextsPerSecond: 25 }));
    const { id } = await addSource(world);
    const { indexing } = world.host.core.services;
    const started = indexing.startJob(wanted);
    await untilJob(world.host, started.id, (job) => job.files.done >= 5);
    const pid = indexWorkerPid(process.pid);
    process.kill(pid, 'SIGKILL');
    hurry(world);
    const job = await untilJob(world.host, started.id, ended);
    expect(job).toMatchObject({ status: 'completed', failures: [] });
    expect(job.files).toMatchObject({ total: 60, done: 60, unchanged: 0 });
    expectWhole(world, id);
  });

  it('continues after the core was stopped', async () => {
    await using world = await startRealWorld(notes(60), machineSetups({ gpuTextsPerSecond: 25 }));
    const { id } = await addSource(world);
    const started = world.host.core.services.indexing.startJob({ ...wanted, rebuild: true });
    await untilJob(world.host, started.id, (job) => job.files.done >= 5);
    await world.host.stop();
    hurry(world);
    const next = await startHostAt(world.dataFolder);
    try {
      const job = await untilJob(next, started.id, ended);
      expect(job).toMatchObject({ status: 'completed', resumed: true, failures: [] });
      expect(job.files).toMatchObject({ total: 60, done: 60, unchanged: 0 });
      expectWhole(world, id);
    } finally {
      await next.stop();
    }
  });

  it('finds by keywords when no machine with the model is awake, and says so', async () => {
    await using world = await startRealWorld(notes(5));
    await addSource(world);
    await run(world);
    world.fleet.control.kill('tower');
    world.fleet.control.kill('nas');
    await untilNobodyServes(world);
    const result = await world.host.core.services.indexing.search(
      { text: 'lamp 3', sourceIds: null, limit: 3 },
      AbortSignal.timeout(50_000),
    );
    expect(result.notices).toEqual([fact('KEYWORDS_ONLY_NO_NODE', { model: 'mxbai-embed-large' })]);
    expect(result.hits.length).toBe(3);
    expect(result.hits.every((hit) => hit.vectors === null)).toBe(true);
  });
});

/** A job that is to be interrupted runs so slowly that it cannot end before; the rest need not. */
function hurry(world: RealWorld): void {
  world.fleet.control.machine('tower').ollama.compute.setRates(5000, 5000);
}

/** The fleet takes a node for gone after two looks. */
async function untilNobodyServes(world: RealWorld): Promise<void> {
  const { fleet } = world.host.core.services;
  const signal = AbortSignal.timeout(50_000);
  for (const nodeId of Object.values(world.nodes)) {
    await fleet.waitFor(nodeId, (node) => !isServing(node.state), signal);
  }
}

/** The only child of this process that runs the index worker. */
function indexWorkerPid(parent: number): number {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      if (command.includes('index-worker') && status.includes(`PPid:\t${parent}\n`)) return Number(pid);
    } catch {
      // It ended while we looked.
    }
  }
  throw new Error('The index worker does not run.');
}

describe('the data folder of the core', () => {
  it('cannot be a source, and is left out of one that contains it, even if it is a link', async () => {
    await using world = await startRealWorld(notes(2));
    await world.host.stop();
    const folder = join(world.folder, 'data');
    mkdirSync(folder);
    symlinkSync(folder, join(world.folder, '..', 'data-link'));
    const host = await startHostAt(join(world.folder, '..', 'data-link'));
    await using _ = { [Symbol.asyncDispose]: () => host.stop() };
    const { indexing } = host.core.services;
    const add = (path: string) =>
      indexing.addSource({ path, embedder: { kind: 'builtin' }, wake: false, whenGpuGone: 'wait' });
    for (const path of [folder, join(folder, 'index'), join(world.folder, '..', 'data-link')]) {
      await expect(add(path), path).rejects.toMatchObject({ code: 'OWN_DATA_FOLDER' });
    }
    await add(world.folder);
    const { id } = indexing.startJob(wanted);
    const job = await untilJob(host, id, ended);
    expect(job).toMatchObject({ status: 'completed', files: { done: 2, skipped: 1, failed: 0 } });
    expect(job.leftOut).toEqual([
      { path: 'data', code: 'OWN_DATA_FOLDER', reason: fact('OWN_DATA_LEFT_OUT') },
    ]);
  });
});
