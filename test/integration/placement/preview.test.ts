/** What a preview says is what the move then does. */
import { describe, expect, it } from 'vitest';
import { defineTag } from '../../../electron/simulator/catalogue.ts';
import { CATALOGUE, createHarness, GIB } from './harness.ts';

const { llama31, llama32, mxbaiEmbedLarge, nomicEmbedText, qwenCoder } = CATALOGUE;
type World = Awaited<ReturnType<typeof createHarness>>;

const preview = (world: World, model: string, target: 'gpu' | 'cpu', anyway = false) =>
  world.placement.preview({
    model,
    target,
    nodeId: world.nodeId('tower'),
    by: 'person',
    anyway,
    signal: world.signal,
  });

describe('a preview', () => {
  it.each<[string, string, 'gpu' | 'cpu', (world: World) => void]>([
    ['a model that fits', 'llama3.1:8b', 'gpu', () => {}],
    ['a model on the CPU', 'llama3.1:8b', 'gpu', (world) => world.preload(llama31, 0)],
    ['a model that is there', 'llama3.1:8b', 'gpu', (world) => world.preload(llama31, -1)],
    ['a move to the CPU', 'llama3.1:8b', 'cpu', (world) => world.preload(llama31, -1)],
    [
      'a model for which another one is unloaded',
      'qwen2.5-coder:14b',
      'gpu',
      (world) => world.preload(llama31, -1, { keepAliveMs: 60_000 }),
    ],
    [
      'a model for which several are unloaded',
      'qwen2.5-coder:14b',
      'gpu',
      (world) => {
        world.preload(llama31, -1, { keepAliveMs: 60_000 });
        world.preload(mxbaiEmbedLarge, -1, { keepAliveMs: 90_000 });
        world.preload(nomicEmbedText, -1, { keepAliveMs: 120_000 });
      },
    ],
    [
      'a model beside another program',
      'qwen2.5-coder:14b',
      'gpu',
      (world) => world.control.holdVram('tower', 8 * GIB, '/usr/bin/python3'),
    ],
    [
      'a model that would unload a pinned one',
      'qwen2.5-coder:14b',
      'gpu',
      (world) => {
        world.preload(llama31, -1);
        world.placement.pin(world.nodeId('tower'), 'llama3.1:8b', true);
      },
    ],
    [
      'a pinned model',
      'llama3.2:3b',
      'cpu',
      (world) => {
        world.preload(llama32, -1);
        world.placement.pin(world.nodeId('tower'), 'llama3.2:3b', true);
      },
    ],
  ])('of %s agrees with the move, and changes nothing', async (_what, model, target, prepare) => {
    await using world = await createHarness([{ vramBytes: 16 * GIB }]);
    prepare(world);
    const before = await world.ps();
    const log = world.machine().ollama.log().length;
    const seen = await preview(world, model, target);
    expect(await world.ps()).toEqual(before);
    const asked = world
      .machine()
      .ollama.log()
      .slice(log)
      .map(({ path }) => path);
    expect(asked.filter((path) => !/^\/api\/(?:ps|tags|version|show)$/.test(path))).toEqual([]);

    const [record] = await world.place(model, target);
    expect({
      outcome: record?.outcome === 'moved' ? 'move' : record?.outcome,
      code: record?.code ?? null,
      from: record?.from ?? null,
    }).toEqual({
      outcome: seen.outcome,
      code: seen.code,
      from: seen.from,
    });
    // The prediction has a margin, so fewer models may have to go.
    const named = seen.evicts.map((one) => one.model);
    expect(named).toEqual(expect.arrayContaining(record?.evicted ?? []));
    expect(named.length > 0).toBe((record?.evicted.length ?? 0) > 0);
    if (seen.outcome === 'move') expect(seen.duration).not.toBeNull();
    else expect(seen.reason?.code).toBe(record?.reason.code);
  });

  it('learns how long the model takes to load there', async () => {
    await using world = await createHarness([{}]);
    expect((await preview(world, 'llama3.1', 'gpu')).duration).toMatchObject({ by: 'size' });
    await world.place('llama3.1', 'gpu');
    const { duration } = await preview(world, 'llama3.1', 'cpu');
    expect(duration).toMatchObject({ by: 'loads', loads: 1 });
    expect(duration?.ms).toBeGreaterThan(0);
  });

  it.each([
    ['0, to the GPU', 0, 'gpu', 'LOST_BY_MODELFILE_CPU'],
    ['999, to the CPU', 999, 'cpu', 'LOST_BY_MODELFILE_GPU'],
    ['10, to the GPU', 10, 'gpu', 'LOST_BY_MODELFILE_PARTIAL'],
  ] as const)(
    'warns that a Modelfile with num_gpu %s loses the move',
    async (_what, layers, target, code) => {
      const tag = defineTag(qwenCoder, 'mine:latest', { num_gpu: layers });
      await using world = await createHarness([{ models: [tag] }]);
      world.preload(tag, target === 'gpu' ? 0 : -1);
      const { outcome, warnings } = await preview(world, 'mine', target);
      expect(outcome).toBe('move');
      expect(warnings.map((warning) => warning.code)).toContain(code);
    },
  );
});
