import { describe, expect, it } from 'vitest';
import { createEmbedder, embedderBatches } from '../../../../../electron/workers/runner/faces/embedder.ts';
import {
  arcface,
  embedderOf,
  type GraphNode,
  normalisationOf,
} from '../../../../../electron/workers/runner/faces/embedder-kind.ts';
import type { Tensor } from '../../../../../electron/workers/runner/sessions.ts';
import { createFakeGraph, type FakeGraph, floatTensor, value } from '../../../../fakes/runner-graphs.ts';

const { signal } = new AbortController();

describe('embedderOf', () => {
  it.each([
    [
      'w600k_r50',
      [value('input.1', ['None', 3, 112, 112])],
      [value('683', [1, 512])],
      { side: 112, dimensions: 512, takesBatch: true },
    ],
    [
      'MobileFaceNet',
      [value('input0', [1, 3, 112, 112])],
      [value('output0', [1, 128])],
      { side: 112, dimensions: 128, takesBatch: false },
    ],
    [
      'another size',
      [value('x', ['n', 3, 160, 160])],
      [value('y', ['n', 256])],
      { side: 160, dimensions: 256 },
    ],
    ['no size', [value('x', ['n', 3, 'h', 'w'])], [value('y', ['n', 512])], { side: 112 }],
  ])('knows %s', (_, inputs, outputs, layout) => {
    expect(embedderOf(inputs, outputs)).toMatchObject({ layout });
  });

  it.each([
    ['genderage', [value('data', ['n', 3, 96, 96])], [value('fc1', [1, 3])], 'GRAPH_NO_VECTOR'],
    ['2d106det', [value('data', ['n', 3, 192, 192])], [value('fc1', [1, 212])], 'GRAPH_NO_VECTOR'],
    ['1k3d68', [value('data', ['n', 3, 192, 192])], [value('fc1', [1, 3309])], 'GRAPH_NO_VECTOR'],
    [
      'two outputs',
      [value('x', ['n', 3, 112, 112])],
      [value('a', [1, 512]), value('b', [1, 512])],
      'GRAPH_NO_VECTOR',
    ],
    ['oblong pictures', [value('x', ['n', 3, 112, 96])], [value('y', [1, 512])], 'GRAPH_NO_PICTURE_INPUT'],
    ['text', [value('ids', ['n', 's'], 'int64')], [value('y', ['n', 384])], 'GRAPH_NO_PICTURE_INPUT'],
    ['nothing', [], [value('y', ['n', 384])], 'GRAPH_MANY_INPUTS'],
  ])('refuses %s', (_, inputs, outputs, code) => {
    expect(embedderOf(inputs, outputs)).toMatchObject({ refused: { code } });
  });
});

describe('normalisationOf', () => {
  const node = (op: string, from: string, to: string): GraphNode => ({
    op,
    name: op,
    inputs: [from, 'c'],
    outputs: [to],
  });

  it('leaves it to a graph that begins with it', () => {
    const own = { scale: 1, mean: [0, 0, 0], deviation: [1, 1, 1], order: 'rgb' };
    expect(
      normalisationOf([node('Sub', 'x', 'a'), node('Mul', 'a', 'b'), node('Conv', 'b', 'y')], 'x'),
    ).toEqual(own);
    expect(
      normalisationOf([node('Cast', 'x', 'a'), node('Sub', 'a', 'b'), node('Div', 'b', 'y')], 'x'),
    ).toEqual(own);
    expect(normalisationOf([node('BatchNormalization', 'x', 'y')], 'x')).toEqual(own);
  });

  it('is ArcFace’s otherwise', () => {
    expect(normalisationOf([node('Conv', 'x', 'a'), node('Sub', 'a', 'b'), node('Mul', 'b', 'y')], 'x')).toBe(
      arcface,
    );
    expect(normalisationOf([node('Sub', 'x', 'a'), node('Conv', 'a', 'y')], 'x')).toBe(arcface);
    expect(normalisationOf([node('Sub', 'w', 'a'), node('Mul', 'a', 'b'), node('Conv', 'x', 'y')], 'x')).toBe(
      arcface,
    );
    expect(normalisationOf([node('Identity', 'x', 'x')], 'x')).toBe(arcface);
    expect(normalisationOf([], 'x')).toBe(arcface);
  });
});

describe('createEmbedder', () => {
  const layout = { input: 'x', output: 'y', takesBatch: true, side: 2, dimensions: 3 };
  /** The mean of each plane: what a face of one colour has. */
  const means = ({ data, dims: [count = 0] }: Tensor) =>
    Array.from({ length: count }, (_, at) =>
      [0, 1, 2].map((plane) => {
        const from = (at * 3 + plane) * 4;
        return [0, 1, 2, 3].reduce((sum, index) => sum + Number(data[from + index]), 0) / 4;
      }),
    );
  const answer = (feed: Tensor) => ({ y: floatTensor([means(feed).length, 3], means(feed).flat()) });
  async function open(graph: FakeGraph, used = layout) {
    const batches = await embedderBatches(graph, used);
    const embedder = createEmbedder({ graph, layout: used, normalisation: arcface, batches, batch: 8 });
    graph.runs.length = 0;
    return { embedder, batches };
  }
  const face = (r: number, g: number, b: number) =>
    Float32Array.from([r, g, b].flatMap((one) => Array(4).fill(one)));

  it('normalises, and makes vectors of length 1', async () => {
    const { embedder } = await open(createFakeGraph({ answer }));
    const vector = await embedder.embed(face(255, 127.5, 0), signal);
    expect([...vector]).toEqual([Math.SQRT1_2, 0, -Math.SQRT1_2].map((one) => expect.closeTo(one, 6)));
  });

  it('puts faces that come together into one run, if the graph keeps them apart', async () => {
    const graph = createFakeGraph({ answer });
    const { embedder } = await open(graph);
    const vectors = await Promise.all(
      [face(255, 127.5, 127.5), face(0, 127.5, 127.5), face(127.5, 255, 127.5), face(127.5, 0, 127.5)].map(
        (one) => embedder.embed(one, signal),
      ),
    );
    expect(vectors.map((vector) => [...vector].map(Math.round))).toEqual([
      [1, 0, 0],
      [-1, 0, 0],
      [0, 1, 0],
      [0, -1, 0],
    ]);
    expect(graph.runs.map(([count]) => count)).toEqual([1, 1, 2]);
  });

  it.each([
    ['says so', { ...layout, takesBatch: false }, answer],
    [
      'does not keep them apart',
      layout,
      (feed: Tensor) => ({ y: floatTensor([1, means(feed).length * 3], means(feed).flat()) }),
    ],
  ])('runs them one by one if the graph %s', async (_, wanted, broken) => {
    const graph = createFakeGraph({ answer: broken });
    const { embedder, batches } = await open(graph, wanted);
    expect(batches).toBe(false);
    await Promise.all([1, 2, 3, 4].map(() => embedder.embed(face(255, 0, 0), signal)));
    expect(graph.runs.map(([count]) => count)).toEqual([1, 1, 1, 1]);
  });

  it.each([
    ['too short', () => floatTensor([1, 2], [1, 2])],
    ['not numbers', () => floatTensor([1, 3], [1, Number.NaN, 2])],
    ['zero', () => floatTensor([1, 3], [0, 0, 0])],
    ['of another type', (): Tensor => ({ type: 'int32', dims: [1, 3], data: new Int32Array(3) })],
  ])('refuses vectors that are %s', async (_, vector) => {
    const graph = createFakeGraph({ answer: () => ({ y: vector() }) });
    const { embedder } = await open(graph, { ...layout, takesBatch: false });
    await expect(embedder.embed(face(1, 2, 3), signal)).rejects.toMatchObject({ code: 'FACES_WRONG_ANSWER' });
  });
});
