/** Folders whose vectors are made by the ONNX runners. */
import { describe, expect, it } from 'vitest';
import { createIndexingService } from '../../../../electron/core/indexing/service.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { type Embedder, embedderId } from '../../../../shared/models/indexing.ts';
import { createFakeWorld, embeddingModel, nodeView, untilEnded } from '../../../fakes/indexing.ts';
import { aRunnerModel, runnerHash, statusOn } from '../../../fakes/runner.ts';
import {
  createRunnerWorld,
  localUrl,
  memoryRunner,
  type RunnerWorld,
  runnerNodeOf,
  thisComputer,
  urlOf,
} from '../../../fakes/runner-world.ts';

const embedder: Embedder = { kind: 'runner', name: 'minilm', hash: runnerHash };
const files = Object.fromEntries(
  Array.from({ length: 12 }, (_, file) => [`file-${file}.md`, [`one of ${file}`, `two of ${file}`]]),
);

/** Runners and the index share one clock. */
async function worldWith(nodes = [thisComputer, runnerNodeOf('tower'), runnerNodeOf('lab')]) {
  const world = createFakeWorld({ files, nodes: [nodeView({ id: 'ollama' })] });
  const fleet = createRunnerWorld(nodes, world.clock);
  const runners = Object.fromEntries(
    ['tower', 'lab'].map((id) => [id, memoryRunner(world.clock, { status: statusOn('cuda') })]),
  );
  for (const [id, runner] of Object.entries(runners)) fleet.runners.set(urlOf(id), runner);
  fleet.runners.set(localUrl, memoryRunner(world.clock));
  await fleet.start();
  const indexing = createIndexingService({ ...world.dependencies, runners: fleet.service });
  indexing.start();
  const addSource = (own: object = {}) =>
    indexing.addSource({ path: '/notes', embedder, wake: false, whenGpuGone: 'use-cpu', ...own });
  return { world, fleet, indexing, addSource, tower: runners.tower, lab: runners.lab };
}

const embedded = (fleet: RunnerWorld, id: string) => fleet.runners.get(urlOf(id))?.requests.flat() ?? [];

describe('a folder with a model of the runners', () => {
  it('is indexed by every runner that has those files, and by no server', async () => {
    const { world, fleet, indexing, addSource } = await worldWith();
    const { id } = await addSource();
    const job = indexing.startJob({
      sourceIds: [id],
      full: false,
      rebuild: false,
      useGpu: true,
      callbackUrl: null,
    });
    const ended = await untilEnded(world, () => indexing.job(job.id));
    expect(ended).toMatchObject({ status: 'completed', failures: [] });
    const [tower, lab] = [embedded(fleet, 'tower'), embedded(fleet, 'lab')];
    expect([...tower, ...lab].sort()).toEqual(Object.values(files).flat().sort());
    expect(tower.length * lab.length).toBeGreaterThan(0);
    expect(world.fleet.embedded.size).toBe(0);
    expect(fleet.runners.get(urlOf('tower'))?.as).not.toContain('query');
    await indexing.stop();
  });

  it('is finished by this computer if the runners drop out', async () => {
    const { world, fleet, indexing, addSource, tower, lab } = await worldWith();
    for (const runner of [tower, lab]) {
      if (runner) runner.embed = () => Promise.reject(new PilotlightError('HOST_UNREACHABLE'));
    }
    const { id } = await addSource();
    const job = indexing.startJob({
      sourceIds: [id],
      full: false,
      rebuild: false,
      useGpu: true,
      callbackUrl: null,
    });
    await world.clock.advance(500);
    for (const node of ['tower', 'lab']) fleet.fleet.patch(node, { state: 'off' });
    const ended = await untilEnded(world, () => indexing.job(job.id));
    expect(ended).toMatchObject({ status: 'completed', failures: [] });
    expect(fleet.runners.get(localUrl)?.requests.flat().length).toBeGreaterThan(0);
    await indexing.stop();
  });

  it('waits, rather than mix vectors, when its model was replaced under its name', async () => {
    const { world, fleet, indexing, addSource, tower, lab } = await worldWith([
      runnerNodeOf('tower'),
      runnerNodeOf('lab'),
    ]);
    fleet.set({ on: false });
    const other = statusOn('cuda', [aRunnerModel({ hash: 'b'.repeat(64) })]);
    if (tower) tower.status = other;
    if (lab) lab.status = other;
    const { id } = await addSource();
    const job = indexing.startJob({
      sourceIds: [id],
      full: false,
      rebuild: false,
      useGpu: true,
      callbackUrl: null,
    });
    await world.clock.advance(60_000);
    expect(indexing.job(job.id)).toMatchObject({ status: 'running', phase: 'waiting', files: { done: 0 } });
    indexing.cancelJob(job.id);
    await indexing.stop();
  });

  it('is searched with the query as a query, which goes first', async () => {
    const { world, fleet, indexing, addSource } = await worldWith();
    const { id } = await addSource();
    const job = indexing.startJob({
      sourceIds: [id],
      full: false,
      rebuild: false,
      useGpu: true,
      callbackUrl: null,
    });
    await untilEnded(world, () => indexing.job(job.id));
    const before = (fleet.runners.get(urlOf('tower'))?.as ?? []).length;
    const asked = indexing.search({ text: 'one', sourceIds: [id], limit: 5 }, new AbortController().signal);
    await world.clock.advance(1000);
    expect((await asked).notices).toEqual([]);
    const queries = ['tower', 'lab'].flatMap((node) => fleet.runners.get(urlOf(node))?.as ?? []);
    expect(queries.filter((as) => as === 'query')).toHaveLength(1);
    expect(before).toBeGreaterThan(0);
    await indexing.stop();
  });

  it('and the same weights on a server are two embedders, and two indexes', async () => {
    const server: Embedder = { kind: 'model', name: 'minilm', digest: runnerHash };
    expect(embedderId(server)).not.toBe(embedderId(embedder));
    const { world, indexing, addSource } = await worldWith();
    world.fleet.set(nodeView({ id: 'ollama', installed: [embeddingModel({ digest: runnerHash })] }));
    await addSource();
    await world.clock.advance(1000);
    const kinds = indexing.embedders().map(({ embedder: one, nodes }) => [one.kind, nodes.length]);
    expect(kinds).toEqual([
      ['builtin', 0],
      ['runner', 3],
      ['model', 1],
    ]);
    await indexing.stop();
  });

  it('starts this computer’s runner, as its searches need it', async () => {
    const { world, fleet, addSource, indexing } = await worldWith([thisComputer]);
    expect(fleet.local.opened).toBe(0);
    await addSource();
    await world.clock.advance(1000);
    expect(fleet.local.opened).toBe(1);
    expect(indexing.embedders()[1]).toMatchObject({
      nodes: [{ nodeId: 'here', awake: true, provider: 'cpu' }],
    });
    await indexing.stop();
  });
});
