import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseGraph, describeFiles } from '../../../../../electron/workers/runner/models/folder.ts';
import type { LoadedModel, ModelKind } from '../../../../../electron/workers/runner/models/kind.ts';
import { openLibrary } from '../../../../../electron/workers/runner/models/library.ts';
import { createShelf, type Shelf } from '../../../../../electron/workers/runner/models/shelf.ts';
import { PilotlightError } from '../../../../../shared/contract/errors.ts';
import { createFakeClock, type FakeClock } from '../../../../fakes/clock.ts';

const silent = () => {};
const log = { debug: silent, info: silent, warn: silent, error: silent };
const IDLE_MS = 300_000;

let folder: string;
let clock: FakeClock;
let shelf: Shelf;
let open: string[];
let failure: PilotlightError | null;

function kindOf(kind: 'text' | 'faces'): ModelKind {
  return {
    kind,
    async recognise(path) {
      if (!path.includes(kind)) return null;
      const files = await describeFiles(path, ['model.onnx']);
      return { graphs: {}, precision: 'float32', files, licence: null };
    },
    async load({ name }) {
      if (failure !== null) throw failure;
      open.push(name);
      const model: LoadedModel = {
        dimensions: 4,
        maxTokens: null,
        provider: () => 'cpu',
        ladder: () => [],
        isBusy: () => false,
        async close() {
          open.splice(open.indexOf(name), 1);
        },
      };
      return model;
    },
  };
}

function createWorld(): void {
  shelf = createShelf({
    library: openLibrary(folder),
    kinds: [kindOf('text'), kindOf('faces')],
    idleMs: IDLE_MS,
    clock,
    log,
  });
}

function modelFolder(name: string, content = name): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'model.onnx'), content);
  return path;
}
const add = (name: string, path = modelFolder(name)) => shelf.add(path, { name, precision: 'auto' });
const use = (kind: 'text' | 'faces', name: string | null = null) =>
  shelf.use(kind, name, async (_model, entry) => entry.name);
const stateOf = (name: string) => shelf.list().find((one) => one.name === name)?.state;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-shelf-'));
  clock = createFakeClock();
  open = [];
  failure = null;
  createWorld();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the models of a runner', () => {
  it('are kept from start to start, and loaded by the first use', async () => {
    await add('text-a');
    createWorld();
    expect(stateOf('text-a')).toBe('on-disk');
    expect(await use('text')).toBe('text-a');
    expect(stateOf('text-a')).toBe('ready');
  });

  it('are dropped when idle, except the last one for texts', async () => {
    await add('text-a');
    await add('text-b');
    await add('faces-a');
    await clock.advance(IDLE_MS / 2);
    await use('text', 'text-b');
    expect(shelf.list().find(({ name }) => name === 'text-b')?.expiresAt).toBe(clock.now() + IDLE_MS);
    await clock.advance(IDLE_MS / 2);
    expect(open).toEqual(['text-b']);
    await clock.advance(IDLE_MS);
    expect(open).toEqual(['text-b']);
    expect(shelf.list().find(({ name }) => name === 'text-b')?.expiresAt).toBeNull();
  });

  it('stay while they are used, however long that takes', async () => {
    await add('text-a');
    await add('text-b');
    let end = () => {};
    const using = shelf.use('text', 'text-a', () => new Promise<void>((resolve) => (end = resolve)));
    await clock.advance(3 * IDLE_MS);
    expect(open).toContain('text-a');
    end();
    await using;
  });

  it('are loaded once by many at the same time', async () => {
    await add('text-a');
    await shelf.drop('text-a');
    await Promise.all([use('text'), use('text'), use('text')]);
    expect(open).toEqual(['text-a']);
  });

  it('answer without a name by the one that was used last', async () => {
    await add('text-a');
    await clock.advance(1);
    await add('text-b');
    expect(shelf.usual('text')).toBe('text-b');
    await clock.advance(1);
    await use('text', 'text-a');
    expect(shelf.usual('text')).toBe('text-a');
    expect(shelf.usual('clip')).toBeNull();
  });

  it('are refused by another kind, and by a name that is not there, with the list', async () => {
    await add('text-a');
    await expect(use('faces')).rejects.toMatchObject({
      code: 'RUNNER_NO_MODEL',
      said: { code: 'RUNNER_HAS_NO_MODEL', params: { kind: 'faces' } },
    });
    await add('faces-a');
    const refused = (name: string, kind: string, models: string[]) => ({
      code: 'RUNNER_NO_MODEL',
      said: { code: 'RUNNER_UNKNOWN_MODEL', params: { name, kind } },
      details: { models },
    });
    await expect(use('faces', 'text-a')).rejects.toMatchObject(refused('text-a', 'faces', ['faces-a']));
    await expect(use('text', 'other')).rejects.toMatchObject(refused('other', 'text', ['text-a']));
  });

  it('are in a folder: what is none is called by its name', async () => {
    await expect(add('text-a', join(folder, 'none'))).rejects.toMatchObject({ code: 'FOLDER_NOT_FOUND' });
    const file = join(modelFolder('text-a'), 'model.onnx');
    await expect(add('text-a', file)).rejects.toMatchObject({ code: 'NOT_A_FOLDER' });
  });

  it('have the weights that are asked for, or say which they have', () => {
    const path = modelFolder('text-a');
    expect(chooseGraph(path, 'float32')).toEqual({ path: 'model.onnx', precision: 'float32' });
    const error = (() => {
      try {
        return chooseGraph(path, 'float16');
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toMatchObject({
      code: 'RUNNER_BAD_MODEL',
      said: { code: 'RUNNER_NO_PRECISION', params: { precision: 'float16', others: ['float32'] } },
    });
  });

  it('are not added if they do not load, and the one of that name stays', async () => {
    const { hash } = await add('text-a');
    failure = new PilotlightError('RUNNER_BAD_GRAPH');
    const other = modelFolder('text-other');
    await expect(shelf.add(other, { name: 'text-a', precision: 'auto', replace: true })).rejects.toBe(
      failure,
    );
    expect(shelf.list()).toMatchObject([{ name: 'text-a', hash, state: 'ready' }]);
  });

  it('say why they failed, and are tried again by the next use', async () => {
    await add('text-a');
    await shelf.drop('text-a');
    failure = new PilotlightError('RUNNER_BAD_GRAPH');
    await expect(use('text')).rejects.toBe(failure);
    expect(shelf.list()).toMatchObject([{ state: 'failed', problem: { code: 'RUNNER_BAD_GRAPH' } }]);
    failure = null;
    await use('text');
    expect(shelf.list()).toMatchObject([{ state: 'ready', problem: null }]);
  });

  it('have another hash when their files change, and fail when they are gone', async () => {
    const { hash } = await add('text-a');
    await shelf.drop('text-a');
    modelFolder('text-a', 'other content');
    await use('text');
    expect(shelf.list()[0]?.hash).not.toBe(hash);
    await shelf.drop('text-a');
    rmSync(join(folder, 'text-a'), { recursive: true });
    await expect(use('text')).rejects.toMatchObject({
      code: 'RUNNER_BAD_MODEL',
      said: { code: 'RUNNER_FILE_MISSING' },
    });
  });

  it('survive a damaged list, which is kept beside it', async () => {
    await add('text-a');
    writeFileSync(join(folder, 'models.json'), '{"models": [');
    createWorld();
    expect(shelf.list()).toEqual([]);
    await add('text-a');
    expect(openLibrary(folder).list()).toHaveLength(1);
  });
});
