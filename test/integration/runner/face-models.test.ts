/** Folders of face models: which of their files are taken, and how. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createEmbedder } from '../../../electron/workers/runner/faces/embedder.ts';
import { arcface } from '../../../electron/workers/runner/faces/embedder-kind.ts';
import { createFaceKind } from '../../../electron/workers/runner/faces/face-kind.ts';
import { openEmbedderFile, openFaceModel } from '../../../electron/workers/runner/faces/face-model.ts';
import { readGraphFile } from '../../../electron/workers/runner/faces/graph-file.ts';
import { readFaceModel } from '../../../electron/workers/runner/faces/model-folder.ts';
import { encodeGraph } from '../../../electron/workers/runner/onnx/encode.ts';
import { embedderGraph, scrfdGraph, writeFiles } from '../../fakes/face-graphs.ts';
import { createInProcessSessions } from '../../fakes/runner-sessions.ts';
import { sharedFolder } from '../../fakes/shared-folder.ts';

const root = mkdtempSync(join(tmpdir(), 'pilotlight-face-models-'));
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;
let folder = '';
beforeEach(() => {
  count += 1;
  folder = join(root, String(count));
  mkdirSync(folder);
});
const write = (files: Readonly<Record<string, unknown>>) =>
  writeFiles(
    Object.fromEntries(Object.entries(files).map(([name, content]) => [join(folder, name), content])),
  );

const { signal } = new AbortController();
const detector = scrfdGraph([{ column: 10, row: 10, score: 0.9 }]);
const row = (dims: readonly (number | string)[]) =>
  encodeGraph({
    inputs: [{ name: 'data', type: 'float32', dims: ['N', 3, 96, 96] }],
    outputs: [{ name: 'fc1', type: 'float32', dims }],
    nodes: [{ op: 'Identity', inputs: ['data'], outputs: ['fc1'] }],
  });

describe('readGraphFile', () => {
  it('reads inputs, outputs and first nodes, and skips weights', async () => {
    write({ 'model.onnx': embedderGraph() });
    expect(await readGraphFile(join(folder, 'model.onnx'))).toEqual({
      inputs: [{ name: 'input.1', type: 'float32', dims: ['N', 3, 112, 112] }],
      outputs: [{ name: '683', type: 'float32', dims: ['N', 64] }],
      nodes: [
        { op: 'GlobalAveragePool', name: 'means/GlobalAveragePool', inputs: ['input.1'], outputs: ['means'] },
        { op: 'Flatten', name: 'flat/Flatten', inputs: ['means'], outputs: ['flat'] },
        { op: 'MatMul', name: 'vectors/MatMul', inputs: ['flat', 'weights'], outputs: ['vectors'] },
        { op: 'Reshape', name: '683/Reshape', inputs: ['vectors', 'shape'], outputs: ['683'] },
      ],
    });
  });

  it('leaves out weights that old exports list as inputs', async () => {
    const weights = { name: 'w', type: 'float32', dims: [3] } as const;
    write({
      'old.onnx': encodeGraph({
        inputs: [{ name: 'x', type: 'float32', dims: [3] }, weights],
        outputs: [{ name: 'y', type: 'float32', dims: [3] }],
        constants: [{ ...weights, data: Float32Array.of(1, 2, 3) }],
        nodes: [{ op: 'Mul', inputs: ['x', 'w'], outputs: ['y'] }],
      }),
    });
    expect((await readGraphFile(join(folder, 'old.onnx'))).inputs.map(({ name }) => name)).toEqual(['x']);
  });

  it('agrees with onnxruntime', async () => {
    write({ 'a.onnx': detector });
    const sessions = createInProcessSessions();
    const graph = await sessions.open(join(folder, 'a.onnx'));
    const file = await readGraphFile(join(folder, 'a.onnx'));
    expect({ inputs: file.inputs, outputs: file.outputs }).toEqual({
      inputs: graph.inputs,
      outputs: graph.outputs,
    });
    await graph.close();
  });

  it('refuses files that are cut off anywhere, damaged, or something else', async () => {
    const whole = Buffer.from(embedderGraph());
    const cases = [
      Buffer.alloc(0),
      Buffer.from('PK\u0003\u0004 not a graph at all'),
      Buffer.alloc(100, 0xff),
      Buffer.alloc(4096),
      ...[1, 5, 20, 60, 200, whole.length - 10].map((length) => whole.subarray(0, length)),
    ];
    for (const bytes of cases) {
      writeFileSync(join(folder, 'bad.onnx'), bytes);
      await expect(readGraphFile(join(folder, 'bad.onnx'))).rejects.toMatchObject({
        code: 'FACES_NOT_A_MODEL',
      });
    }
  });
});

describe('readFaceModel', () => {
  it('tells the files of insightface’s folder apart by their graphs', async () => {
    write({
      '1k3d68.onnx': row(['N', 3309]),
      '2d106det.onnx': row(['N', 212]),
      'det_10g.onnx': detector,
      'genderage.onnx': row(['N', 3]),
      'w600k_r50.onnx': embedderGraph(),
    });
    const found = await readFaceModel(folder);
    expect(found.detector.file).toBe(join(folder, 'det_10g.onnx'));
    expect(found.embedders.map(({ file }) => file)).toEqual([join(folder, 'w600k_r50.onnx')]);
    expect(found.embedders[0].normalisation).toEqual(arcface);
  });

  it('whatever they are called', async () => {
    write({ 'w600k_r50.onnx': detector, 'det_10g.ONNX': embedderGraph() });
    const found = await readFaceModel(folder);
    expect(found.detector.file).toBe(join(folder, 'w600k_r50.onnx'));
    expect(found.embedders[0].file).toBe(join(folder, 'det_10g.ONNX'));
  });

  it.each([
    ['no files', {}, 'FACES_NO_DETECTOR', false],
    ['no detector', { 'a.onnx': embedderGraph() }, 'FACES_NO_DETECTOR', true],
    ['no embedder', { 'a.onnx': detector, 'b.onnx': row(['N', 3]) }, 'FACES_NO_EMBEDDER', true],
    ['other models', { 'a.onnx': row(['N', 3]) }, 'FACES_NO_DETECTOR', false],
    ['files that are no graphs', { 'a.onnx': Buffer.from('text') }, 'FACES_NO_DETECTOR', false],
    [
      'settings that are not JSON',
      { 'a.onnx': detector, 'preprocess.json': Buffer.from('{') },
      'FACES_BAD_PREPROCESS',
      true,
    ],
    [
      'settings with a wrong field',
      { 'preprocess.json': { normalization: 'imagenet' } },
      'FACES_BAD_PREPROCESS',
      true,
    ],
    [
      'a deviation of 0',
      { 'preprocess.json': { normalisation: { mean: [0, 0, 0], deviation: [1, 0, 1] } } },
      'FACES_BAD_PREPROCESS',
      true,
    ],
  ])('refuses %s', async (_, files, code, hasPart) => {
    write(files);
    await expect(readFaceModel(folder)).rejects.toMatchObject({
      code: 'FACES_NOT_A_MODEL',
      said: { code },
      details: expect.objectContaining({ hasPart }),
    });
  });

  it.each([
    [
      'a preset',
      'preprocess.json',
      { normalisation: 'imagenet' },
      { scale: 1 / 255, mean: [0.485, 0.456, 0.406] },
    ],
    [
      'numbers',
      'preprocess.json',
      { normalisation: { mean: [1, 2, 3], deviation: [4, 5, 6], order: 'bgr' } },
      { scale: 1, order: 'bgr', deviation: [4, 5, 6] },
    ],
    [
      'transformers',
      'preprocessor_config.json',
      { image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5], rescale_factor: 0.1, size: 1 },
      { scale: 0.1, mean: [0.5, 0.5, 0.5] },
    ],
    [
      'OpenCLIP',
      'preprocess_cfg.json',
      { mean: [0, 0, 0], std: [1, 1, 1], size: [112, 112] },
      { scale: 1 / 255, deviation: [1, 1, 1] },
    ],
    ['a file that says nothing of it', 'preprocessor_config.json', { size: 112 }, arcface],
  ])('takes the normalisation from the files beside it: %s', async (_, name, content, expected) => {
    write({ 'a.onnx': detector, 'b.onnx': embedderGraph(), [name]: content });
    expect((await readFaceModel(folder)).embedders[0].normalisation).toMatchObject(expected);
  });

  it('takes the files that the settings name', async () => {
    write({
      'a.onnx': detector,
      'b.onnx': embedderGraph(),
      'c.onnx': embedderGraph(),
      'd.onnx': detector,
      'preprocess.json': { detector: 'd.onnx', embedder: 'c.onnx' },
    });
    const found = await readFaceModel(folder);
    expect([found.detector.file, ...found.embedders.map(({ file }) => file)]).toEqual(
      ['d.onnx', 'c.onnx'].map((name) => join(folder, name)),
    );
  });
});

describe('openFaceModel', () => {
  const open = async () => {
    const sessions = createInProcessSessions();
    return { sessions, model: await openFaceModel(await readFaceModel(folder), { sessions }) };
  };
  const face = (red: number) => new Float32Array(3 * 112 * 112).fill(red, 0, 112 * 112);

  it.each([
    ['declares one picture', 'one'],
    ['says that it takes several, and gives them in one row', 'broken'],
  ] as const)('runs faces one by one on a graph that %s, and all of them right', async (_, batch) => {
    write({ 'a.onnx': detector, 'b.onnx': embedderGraph({ batch }) });
    const sessions = createInProcessSessions();
    const { embedders } = await readFaceModel(folder);
    const { graph, plan, close } = await openEmbedderFile(embedders[0], { sessions });
    expect(plan.batches).toBe(false);
    sessions.runs.length = 0;
    const embedder = createEmbedder({ ...plan, graph });
    const vectors = await Promise.all([0, 60, 120, 180, 255].map((red) => embedder.embed(face(red), signal)));
    expect(sessions.runs.every(({ dims }) => dims[0] === 1)).toBe(true);
    const reds = vectors.map((vector) => vector[0] ?? Number.NaN);
    expect(reds.every((red, at) => at === 0 || red > (reds[at - 1] as number))).toBe(true);
    await close();
    expect(sessions.opened.size).toBe(0);
  });

  it('prefers an embedder that keeps what it declares, and closes the others', async () => {
    write({ 'a.onnx': detector, 'b.onnx': embedderGraph({ batch: 'broken' }), 'c.onnx': embedderGraph() });
    const { sessions, model } = await open();
    expect(model.batches.faces).toBe(true);
    expect([...sessions.opened].map((file) => file.split('/').at(-1)).sort()).toEqual(['a.onnx', 'c.onnx']);
    await model.close();
  });

  it('leaves nothing open when the second half cannot be used', async () => {
    write({ 'a.onnx': detector, 'b.onnx': embedderGraph() });
    const files = await readFaceModel(folder);
    rmSync(join(folder, 'b.onnx'));
    const sessions = createInProcessSessions();
    await expect(openFaceModel(files, { sessions })).rejects.toMatchObject({
      code: 'RUNNER_BAD_GRAPH',
    });
    expect(sessions.opened.size).toBe(0);
  });
});

describe('the kind of the shelf', () => {
  it('knows face models, and leaves other folders to other kinds', async () => {
    const sessions = createInProcessSessions();
    const kind = createFaceKind({ sessions });
    write({ 'a.onnx': row(['N', 3]) });
    expect(await kind.recognise(folder, { precision: 'auto' })).toBeNull();
    write({ 'a.onnx': embedderGraph() });
    await expect(kind.recognise(folder, { precision: 'auto' })).rejects.toMatchObject({
      code: 'FACES_NOT_A_MODEL',
    });
    write({ 'a.onnx': embedderGraph(), 'b.onnx': detector, 'preprocess.json': { normalisation: 'none' } });
    const found = await kind.recognise(folder, { precision: 'auto' });
    expect(found).toMatchObject({ graphs: { detector: 'b.onnx', embedder: 'a.onnx' } });
    expect(found?.files.map(({ path }) => path)).toEqual(['b.onnx', 'a.onnx', 'preprocess.json']);
    const model = await kind.load({
      ...found,
      name: 'faces',
      kind: 'faces',
      folder,
      hash: 'a',
      addedAt: 0,
    } as Parameters<typeof kind.load>[0]);
    expect(model).toMatchObject({ dimensions: 64, maxTokens: null });
    expect([model.provider(), model.isBusy(), model.waiting?.()]).toEqual(['cpu', false, { pictures: 0 }]);
    await model.close();
    expect(sessions.opened.size).toBe(0);
  });
});

const shared = sharedFolder('models/faces');
describe.skipIf(shared === null)('the shared embedder whose batch is broken', () => {
  it('gives the reference’s vectors, one by one', async () => {
    for (const name of ['yunet_n_dynamic.onnx', 'MobileFaceNet-batch-broken.onnx']) {
      copyFileSync(join(shared as string, name), join(folder, name));
    }
    const sessions = createInProcessSessions();
    const model = await openFaceModel(await readFaceModel(folder), { sessions });
    expect(model.batches.faces).toBe(false);
    const reference = JSON.parse(readFileSync(join(shared as string, 'reference.json'), 'utf8'));
    const name = 'astronaut-twice.jpg';
    const { faces } = await model.analyse(readFileSync(join(shared as string, 'pictures', name)), {
      signal,
      embed: true,
      minQuality: 0,
      cropMargin: null,
    });
    expect(faces).toHaveLength(2);
    for (const [at, { embedding }] of faces.entries()) {
      const expected: number[] = reference.pictures[name].faces[at].embedding;
      const cosine = expected.reduce((sum, value, index) => sum + value * (embedding?.[index] ?? 0), 0);
      expect(cosine).toBeGreaterThanOrEqual(0.9999);
    }
    await model.close();
  });
});
