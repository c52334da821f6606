import { describe, expect, it } from 'vitest';
import { DESCRIBE_EVERY_MS, DESCRIBED_AT_ONCE } from '../../../../electron/core/indexing/describe-pace.ts';
import { createEmbedderList, listEmbedders } from '../../../../electron/core/indexing/embedders.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact, plainText } from '../../../../shared/models/message.ts';
import type { DescribedModel, InstalledModel } from '../../../../shared/models/placement.ts';
import { createFakeWorld, digest, embeddingModel, modelName, nodeView } from '../../../fakes/indexing.ts';

describe('the embedders to choose from', () => {
  it('are the built-in one and each embedding model once, with the machines that have it', () => {
    const chat = embeddingModel({
      name: 'llama3.1:8b',
      digest: 'c'.repeat(64),
      capabilities: ['completion'],
    });
    const choices = listEmbedders({
      nodes: [
        nodeView({ id: 'this-computer', kind: 'this-computer', installed: [] }),
        nodeView({ id: 'tower', hasGpu: true, state: 'off' }),
        nodeView({ id: 'nas', hasGpu: false, installed: [embeddingModel({ name: 'copy:v1' }), chat] }),
      ],
      sources: [],
      runners: [],
      known: new Map(),
    });
    expect(choices.map((choice) => choice.label)).toEqual([
      fact('EMBEDDER_BUILT_IN'),
      plainText('mxbai-embed-large'),
    ]);
    expect(choices[1]).toMatchObject({
      embedder: { kind: 'model', digest },
      nodes: [
        { nodeId: 'tower', awake: false, hasGpu: true },
        { nodeId: 'nas', awake: true, hasGpu: false },
      ],
    });
  });

  it('keep the model of a folder that no machine has any more', () => {
    const choices = listEmbedders({
      nodes: [],
      sources: [{ embedder: { kind: 'model', name: modelName, digest } }],
      runners: [],
      known: new Map(),
    });
    expect(choices[1]).toMatchObject({ label: plainText('mxbai-embed-large'), nodes: [] });
  });

  it('ask a server that lists no capabilities, once a digest, and never go by the name', async () => {
    const silent = embeddingModel({ name: 'plain-name:latest', capabilities: null, embeddingLength: null });
    const world = createFakeWorld({
      nodes: [nodeView({ id: 'one', installed: [silent] }), nodeView({ id: 'two', installed: [silent] })],
    });
    let asked = 0;
    const { server } = world.fleet;
    world.fleet.server = (id) => {
      const real = server(id);
      return (
        real && {
          ...real,
          describe: (name, signal) => {
            asked += 1;
            return real.describe(name, signal);
          },
        }
      );
    };
    const list = createEmbedderList({ ...world.dependencies, sources: () => [] });
    list.refresh();
    await world.clock.flush();
    world.fleet.patch('one', { name: 'first' });
    await world.clock.advance(1000);
    expect(asked).toBe(1);
    expect(world.dependencies.streams.embedders.values()[1]?.nodes[0]?.name).toBe('first');
    expect(list.list()[1]).toMatchObject({ label: plainText('plain-name'), dimensions: 4, nodes: [{}, {}] });
    list.stop();
  });

  it('do not include a server that cannot embed, until it can', async () => {
    const cannot = { product: 'Other', version: '1', capabilities: ['lists-models' as const] };
    const can = { ...cannot, capabilities: ['lists-models' as const, 'embeds' as const] };
    const own = embeddingModel({ name: 'own:latest', digest: 'e'.repeat(64) });
    const unknown = embeddingModel({ name: 'unknown', digest: 'f'.repeat(64), capabilities: null });
    const world = createFakeWorld({
      nodes: [
        nodeView({ id: 'other', server: cannot, installed: [own, unknown, embeddingModel()] }),
        nodeView({ id: 'silent', server: null, installed: [own] }),
        nodeView({ id: 'tower' }),
      ],
    });
    const asked: string[] = [];
    const { server } = world.fleet;
    world.fleet.server = (id) => {
      asked.push(id);
      return server(id);
    };
    const list = createEmbedderList({ ...world.dependencies, sources: () => [] });
    list.refresh();
    await world.clock.advance(1000);
    const offered = (choices: ReturnType<typeof list.list>) =>
      choices.slice(1).map(({ label, nodes }) => [label, nodes.map(({ nodeId }) => nodeId)]);
    expect(offered(list.list())).toEqual([[plainText('mxbai-embed-large'), ['tower']]]);
    expect(world.dependencies.streams.embedders.values()).toHaveLength(2);
    // Nothing is asked of it either.
    expect(asked).toEqual([]);

    world.fleet.patch('other', { server: can });
    await world.clock.advance(1000);
    expect(offered(world.dependencies.streams.embedders.values())).toEqual(
      expect.arrayContaining([
        [plainText('mxbai-embed-large'), ['other', 'tower']],
        [plainText('own'), ['other']],
        [plainText('unknown'), ['other']],
      ]),
    );
    world.fleet.patch('other', { server: cannot });
    await world.clock.advance(1000);
    expect(world.dependencies.streams.embedders.values()).toHaveLength(2);
    list.stop();
  });
});

describe('a model whose list does not say that it embeds', () => {
  const made = (index: number, changes: Partial<InstalledModel> = {}) =>
    embeddingModel({
      name: `made-${index}:latest`,
      digest: String(index).repeat(64).slice(0, 64),
      capabilities: ['completion'],
      embeddingLength: null,
      ...changes,
    });

  function describing(installed: InstalledModel[], described: Partial<DescribedModel> | Error) {
    const world = createFakeWorld({ nodes: [nodeView({ id: 'one', installed })] });
    const { server } = world.fleet;
    const asked: string[] = [];
    const waiting: (() => void)[] = [];
    let most = 0;
    world.fleet.server = (id) => {
      const real = server(id);
      return (
        real && {
          ...real,
          async describe(name) {
            asked.push(name);
            await new Promise<void>((resolve) => {
              waiting.push(resolve);
              most = Math.max(most, waiting.length);
            });
            waiting.shift();
            if (described instanceof Error) throw described;
            const nothing = { blockCount: null, contextLength: null, headCount: null, headCountKv: null };
            return { capabilities: null, embeddingLength: 4, ...nothing, ...described };
          },
        }
      );
    };
    const list = createEmbedderList({ ...world.dependencies, sources: () => [] });
    const answerAll = async () => {
      for (let turn = 0; turn < 100; turn += 1) {
        waiting[0]?.();
        await world.clock.flush();
      }
    };
    return { world, list, asked, answerAll, most: () => most };
  }

  it('is offered where show says so, each digest asked once, a few at a time', async () => {
    const models = Array.from({ length: 9 }, (_, index) => made(index));
    const { list, asked, answerAll, most } = describing([...models, made(0)], {
      capabilities: ['embedding'],
    });
    list.refresh();
    list.refresh();
    await answerAll();
    list.refresh();
    await answerAll();
    expect(
      list.list().map(({ embedder }) => (embedder.kind === 'model' ? embedder.digest : embedder.kind)),
    ).toEqual(['builtin', ...models.map((model) => model.digest)]);
    expect(asked).toHaveLength(9);
    expect(most()).toBeLessThanOrEqual(4);
    list.stop();
  });

  it.each([
    ['show says that it only generates', { capabilities: ['completion'] }, {}, false],
    ['show says nothing, so that it may be able to', { capabilities: null }, {}, true],
    ['show says nothing, and its family embeds', { capabilities: null }, { family: 'bert' }, true],
    ['it is listed without a digest', { capabilities: ['embedding'] }, { digest: '' }, false],
  ])('%s', async (_, described, changes, offered) => {
    const { list, answerAll } = describing([made(1, changes)], described);
    list.refresh();
    await answerAll();
    expect(list.list()).toHaveLength(offered ? 2 : 1);
    list.stop();
  });

  it('is described soon, but thousands of them at a pace that leaves the thread free', async () => {
    const models = Array.from({ length: 1000 }, (_, index) =>
      made(index, { digest: `d${index}`.padEnd(64, 'x') }),
    );
    const { world, list, asked, answerAll } = describing(models, { capabilities: ['embedding'] });
    list.refresh();
    await answerAll();
    expect(asked).toHaveLength(DESCRIBED_AT_ONCE);
    for (let turn = 1; turn <= 8; turn += 1) {
      await world.clock.advance(DESCRIBE_EVERY_MS);
      await answerAll();
      expect(asked).toHaveLength(DESCRIBED_AT_ONCE + turn);
    }
    list.stop();
  });

  it('is asked again a minute after it could not be described', async () => {
    const { world, list, asked, answerAll } = describing([made(1)], new PilotlightError('HOST_TIMEOUT'));
    list.refresh();
    await answerAll();
    list.refresh();
    await answerAll();
    expect(asked).toHaveLength(1);
    await world.clock.advance(60_000);
    list.refresh();
    await answerAll();
    expect(asked).toHaveLength(2);
    list.stop();
  });
});
