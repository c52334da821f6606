/** A real core with a real runner process, and a real model where the shared folder has one. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLocalRunner } from '../../../electron/host/runner.ts';
import { type Host, startHost } from '../../../electron/host/start-host.ts';
import type { MethodName, MethodParams, MethodResult } from '../../../shared/contract/methods.ts';
import { everyRight } from '../../../shared/rights.ts';
import { sharedFolder } from '../../fakes/shared-folder.ts';

const model = sharedFolder('models/all-minilm-l6-v2');
let folder: string;
let host: Host;

const start = async () => {
  host = await startHost({
    dataFolder: join(folder, 'data'),
    environment: { OLLAMA_HOST: '127.0.0.1:9' },
    panelRoot: null,
    checkResults: true,
    localRunner: createLocalRunner,
  });
};
const call = <Name extends MethodName>(method: Name, params: unknown): Promise<MethodResult<Name>> =>
  host.dispatcher.call({
    method,
    params: params as MethodParams<Name>,
    scopes: everyRight,
    signal: AbortSignal.timeout(60_000),
  }) as Promise<MethodResult<Name>>;
const [until, limit] = [vi.waitFor, 30_000];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-runner-core-'));
  await start();
});
afterEach(async () => {
  await host.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('a core with the runner of this computer', () => {
  it('starts it when a person asks, and shows what it reports', async () => {
    expect(await call('runner.list', {})).toMatchObject([{ state: 'off', status: null }]);
    const view = await call('runner.start', {});
    expect(view).toMatchObject({ from: 'this-computer', status: { models: [] } });
    expect(view.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    await expect(call('runner.embed', { model: 'minilm', texts: ['a'] })).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
    });
    expect(await call('runner.stop', {})).toMatchObject({ state: 'off', url: '' });
    await expect(fetch(`${view.url}/health`)).rejects.toThrow();
  });

  it('refuses a folder without a model, and says what is missing', async () => {
    const path = join(folder, 'empty');
    mkdirSync(path);
    await expect(call('runner.models.add', { path, name: 'empty' })).rejects.toMatchObject({
      code: 'RUNNER_BAD_MODEL',
    });
  });
});

describe.skipIf(model === null)('with the shared model (../shared/models)', () => {
  const reference = () =>
    JSON.parse(readFileSync(join(model as string, 'reference.json'), 'utf8')) as Record<string, unknown>;

  async function added() {
    const view = await call('runner.models.add', { path: model, name: 'minilm' });
    const found = view.status?.models.find(({ name }) => name === 'minilm');
    if (found === undefined) throw new Error('The model is not there.');
    return found;
  }

  it('embeds, compares and survives the end of its process', async () => {
    expect(Object.keys(reference()).length).toBeGreaterThan(0);
    const { hash } = await added();
    const asked = { model: 'minilm', texts: ['a cat sits on the mat', 'rain in Spain'] };
    const first = await call('runner.embed', asked);
    expect(first).toMatchObject({ hash, dimensions: 384, nodes: [{ texts: 2, gpu: false }] });
    const { similarities } = await call('runner.similarity', {
      model: 'minilm',
      text: 'a cat sits on the mat',
      others: ['a kitten lies on a rug', 'the price of copper'],
    });
    expect(similarities[0]).toBeGreaterThan((similarities[1] ?? 1) + 0.2);

    const endpoint = join(folder, 'data', 'runner', 'endpoint.json');
    const { pid } = JSON.parse(readFileSync(endpoint, 'utf8')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    await until(async () => expect((await call('runner.list', {}))[0]?.state).toBe('failed'), limit);
    await until(async () => expect((await call('runner.list', {}))[0]?.state).toBe('ready'), limit);
    const again = await call('runner.embed', asked);
    expect(again.vectors[0]?.slice(0, 3)).toEqual(first.vectors[0]?.slice(0, 3));
  });

  it('indexes a folder with it, searches by meaning, and again after a restart of the core', async () => {
    const { hash } = await added();
    const path = join(folder, 'notes');
    mkdirSync(path);
    writeFileSync(join(path, 'pets.md'), '# Pets\n\nThe kitten lay on the rug and slept.\n');
    writeFileSync(join(path, 'metal.md'), '# Metal\n\nThe price of copper rose again in autumn.\n');
    const choices = await until(async () => {
      const found = (await call('index.embedders', {})).filter(({ embedder }) => embedder.kind === 'runner');
      expect(found).toHaveLength(1);
      return found;
    }, limit);
    expect(choices[0]).toMatchObject({
      embedder: { kind: 'runner', name: 'minilm', hash },
      label: { code: 'EMBEDDER_OF_RUNNER' },
      dimensions: 384,
      nodes: [{ awake: true, hasGpu: false, provider: 'cpu' }],
    });
    const { id } = await call('index.addSource', { path, embedder: choices[0]?.embedder });
    const job = await call('index.start', { sourceIds: [id] });
    const { indexing } = host.core.services;
    const ended = await indexing.waitForJob(job.id, AbortSignal.timeout(limit));
    expect(ended).toMatchObject({ status: 'completed', failures: [] });

    const search = () => call('index.search', { text: 'a sleeping cat' });
    const found = await search();
    expect(found).toMatchObject({ notices: [], hits: [{ path: 'pets.md', words: null }, {}] });

    await host.stop();
    await start();
    // The folder needs it, so it starts without being asked.
    await until(async () => expect((await call('runner.list', {}))[0]?.state).toBe('ready'), limit);
    const again = await search();
    expect(again).toMatchObject({ notices: [], hits: [{ path: 'pets.md' }, {}] });
    expect(again.hits[0]?.vectors?.similarity).toBeCloseTo(found.hits[0]?.vectors?.similarity ?? 0, 5);
  });
});
