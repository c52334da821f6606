import { describe, expect, it } from 'vitest';
import {
  createDetector,
  detectorBatches,
  type FaceDetector,
} from '../../../../../electron/workers/runner/faces/detector.ts';
import type { DetectorLayout } from '../../../../../electron/workers/runner/faces/detector-layout.ts';
import type { Picture } from '../../../../../electron/workers/runner/pictures/picture.ts';
import type { Tensor } from '../../../../../electron/workers/runner/sessions.ts';
import { createFakeGraph, floatTensor } from '../../../../fakes/runner-graphs.ts';

const { signal } = new AbortController();
const layout: DetectorLayout = {
  kind: 'scrfd',
  input: 'x',
  takesBatch: true,
  size: null,
  scores: ['s8', 's16', 's32'],
  boxes: ['b8', 'b16', 'b32'],
  points: null,
};

/**
 * A face in the first cell whose score is the picture's first value, so that pictures can be told apart.
 * @param mixed rows of all pictures in turn, as official exports have them
 */
function answer(feed: Tensor, mixed = false): Record<string, Tensor> {
  const [count = 0, , height = 0, width = 0] = feed.dims;
  const outputs: Record<string, Tensor> = {};
  for (const stride of [8, 16, 32]) {
    const rows = (height / stride) * (width / stride);
    const scores = new Float32Array(count * rows);
    const boxes = new Float32Array(count * rows * 4).fill(1);
    if (stride === 32) {
      for (let at = 0; at < count; at += 1) {
        scores[mixed ? at : at * rows] = Number(feed.data[at * 3 * width * height]) / 2 + 0.5;
      }
    }
    outputs[`s${stride}`] = floatTensor([count, rows, 1], scores);
    outputs[`b${stride}`] = floatTensor([count, rows, 4], boxes);
  }
  return outputs;
}

const flat = (value: number, width = 64, height = 64): Picture => ({
  width,
  height,
  rgb: new Uint8Array(width * height * 3).fill(value),
});
const resize = async (_: Picture, { width, height }: { width: number; height: number }) =>
  flat(200, width, height);

describe('createDetector', () => {
  const open = async (changes: Partial<DetectorLayout> = {}, mixed = false) => {
    const graph = createFakeGraph({ answer: (feed) => answer(feed, mixed) });
    const used = { ...layout, ...changes } as DetectorLayout;
    const batches = await detectorBatches(graph, used);
    const detector = createDetector({
      graph,
      layout: used,
      batches,
      pictures: { resize },
      most: 1024,
      batch: 8,
    });
    graph.runs.length = 0;
    return { graph, detector, batches };
  };
  const scores = async (detector: FaceDetector, values: readonly number[]) => {
    const all = await Promise.all(
      values.map((value) => detector.detect(flat(value), { signal, minScore: 0 })),
    );
    return all.map(([best]) => Math.round((best?.score ?? 0) * 100) / 100);
  };
  const expected = [137.5, 140, 180, 250].map(
    (value) => Math.round((((Math.trunc(value) - 127.5) / 128) * 0.5 + 0.5) * 100) / 100,
  );

  it('gives each picture its own run on a CPU', async () => {
    const { graph, detector, batches } = await open();
    expect(batches).toBe(true);
    expect(await scores(detector, [137, 140, 180, 250])).toEqual(expected);
    expect(graph.runs.map(([count]) => count)).toEqual([1, 1, 1, 1]);
  });

  it('puts pictures of one size into one run on a GPU', async () => {
    const { graph, detector } = await open();
    graph.setProvider('dml');
    expect(await scores(detector, [137, 140, 180, 250])).toEqual(expected);
    expect(graph.runs.map(([count]) => count)).toEqual([1, 1, 2]);
  });

  it('never does so with a graph that mixes their rows, or takes one alone', async () => {
    for (const { graph, detector, batches } of [await open({}, true), await open({ takesBatch: false })]) {
      expect(batches).toBe(false);
      graph.setProvider('dml');
      expect(await scores(detector, [137, 140, 180, 250])).toEqual(expected);
      expect(graph.runs.map(([count]) => count)).toEqual([1, 1, 1, 1]);
    }
  });

  it('shows a small picture as it is, padded, and a large one smaller', async () => {
    const { graph, detector } = await open();
    await detector.detect(flat(200, 70, 33), { signal });
    const [face] = await detector.detect(flat(200, 4096, 2048), { signal });
    expect(graph.runs).toEqual([
      [1, 3, 64, 96],
      [1, 3, 512, 1024],
    ]);
    // One cell in each direction, at a quarter of the size.
    expect(face?.box).toEqual({ x1: -128, y1: -128, x2: 128, y2: 128 });
  });

  it('keeps the size that a graph has, and enlarges only if asked', async () => {
    const { graph, detector } = await open({ size: { width: 128, height: 128 } });
    const [small] = await detector.detect(flat(200, 64, 32), { signal });
    const [large] = await detector.detect(flat(200, 64, 32), {
      signal,
      sizing: { kind: 'fixed', width: 640, height: 640, enlarge: true },
    });
    expect(graph.runs.map((dims) => dims.slice(2))).toEqual([
      [128, 128],
      [128, 128],
    ]);
    expect([small?.box.x2, large?.box.x2]).toEqual([32, 16]);
  });
});
