import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candidatesOf } from '../../../../../electron/workers/runner/faces/candidates.ts';
import { readFaces } from '../../../../../electron/workers/runner/faces/detector-answers.ts';
import {
  type DetectorLayout,
  STRIDES,
} from '../../../../../electron/workers/runner/faces/detector-layout.ts';
import type { Tensor } from '../../../../../electron/workers/runner/sessions.ts';
import { floatTensor } from '../../../../fakes/runner-graphs.ts';

const size = { width: 96, height: 64 };
const base = { input: 'x', takesBatch: true, size: null };
const scrfd: DetectorLayout = {
  ...base,
  kind: 'scrfd',
  scores: ['s8', 's16', 's32'],
  boxes: ['b8', 'b16', 'b32'],
  points: ['p8', 'p16', 'p32'],
};
const names = (prefix: string) => STRIDES.map((stride) => `${prefix}${stride}`);
const yunet: DetectorLayout = {
  ...base,
  kind: 'yunet',
  cls: names('cls_'),
  obj: names('obj_'),
  bbox: names('bbox_'),
  kps: names('kps_'),
};

interface Planted {
  picture?: number;
  stride: number;
  column: number;
  row: number;
  anchor?: number;
  score: number;
  box: readonly number[];
  points?: readonly number[];
}

const cells = (stride: number) => (size.width / stride) * (size.height / stride);

/** Outputs that are 0 apart from what is planted. */
function outputsOf(
  groups: readonly { prefix: string; columns: number; of(face: Planted): readonly number[] }[],
  faces: readonly Planted[],
  { count = 1, anchors = 1, hasBatch = true } = {},
): Record<string, Tensor> {
  const outputs: Record<string, Tensor> = {};
  for (const { prefix, columns, of } of groups) {
    for (const stride of STRIDES) {
      const rows = cells(stride) * anchors;
      const data = new Float32Array(count * rows * columns);
      for (const face of faces.filter((one) => one.stride === stride)) {
        const place = (face.row * (size.width / stride) + face.column) * anchors + (face.anchor ?? 0);
        data.set(of(face), ((face.picture ?? 0) * rows + place) * columns);
      }
      outputs[`${prefix}${stride}`] = floatTensor(
        hasBatch ? [count, rows, columns] : [count * rows, columns],
        data,
      );
    }
  }
  return outputs;
}

const none = Array<number>(10).fill(0);
const scrfdGroups = [
  { prefix: 's', columns: 1, of: ({ score }: Planted) => [score] },
  { prefix: 'b', columns: 4, of: ({ box }: Planted) => box },
  { prefix: 'p', columns: 10, of: ({ points }: Planted) => points ?? none },
];
const yunetGroups = [
  { prefix: 'cls_', columns: 1, of: ({ score }: Planted) => [score] },
  { prefix: 'obj_', columns: 1, of: ({ score }: Planted) => [score] },
  { prefix: 'bbox_', columns: 4, of: ({ box }: Planted) => box },
  { prefix: 'kps_', columns: 10, of: ({ points }: Planted) => points ?? none },
];
const first = { at: 0, count: 1, minScore: 0.5 };

/** @param lowest score of the batch, by which its candidates are chosen */
function facesIn(
  layout: DetectorLayout,
  outputs: Record<string, Tensor>,
  { at, count, minScore, lowest = minScore }: typeof first & { lowest?: number },
) {
  const candidates = candidatesOf(outputs, { layout, count, size, minScore: lowest });
  return readFaces(layout, candidates, { at, width: size.width, minScore });
}

describe('SCRFD', () => {
  const face = {
    stride: 16,
    column: 3,
    row: 2,
    score: 0.9,
    box: [1, 2, 3, 1.5],
    points: [0, 0, 1, 0, 0.5, 0.5, 0, 1, 1, 1],
  };

  it.each([
    [1, 0, true],
    [1, 0, false],
    [2, 0, true],
    [2, 1, true],
    [2, 1, false],
  ])('reads %i anchors, anchor %i, batch dimension: %s', (anchors, anchor, hasBatch) => {
    const outputs = outputsOf(scrfdGroups, [{ ...face, anchor }], { anchors, hasBatch });
    expect(facesIn(scrfd, outputs, first)).toEqual([
      {
        // The centre of the cell is its corner: 48, 32.
        box: { x1: 32, y1: 0, x2: 96, y2: 56 },
        score: expect.closeTo(0.9, 6),
        landmarks: [
          { x: 48, y: 32 },
          { x: 64, y: 32 },
          { x: 56, y: 40 },
          { x: 48, y: 48 },
          { x: 64, y: 48 },
        ],
      },
    ]);
  });

  it('has no landmarks where the graph has none', () => {
    const outputs = outputsOf(scrfdGroups.slice(0, 2), [face], { anchors: 2 });
    expect(facesIn({ ...scrfd, points: null }, outputs, first)).toMatchObject([{ landmarks: null }]);
  });

  it('reads each picture of a batch', () => {
    const outputs = outputsOf(
      scrfdGroups,
      [
        face,
        { ...face, picture: 2, score: 0.8 },
        { ...face, picture: 2, stride: 8, column: 0, row: 0, score: 0.7 },
      ],
      { count: 3, anchors: 2 },
    );
    const read = (at: number) =>
      facesIn(scrfd, outputs, { ...first, at, count: 3 }).map(({ score }) => score);
    expect([read(0), read(1), read(2)].map((scores) => scores.length)).toEqual([1, 0, 2]);
  });

  it('takes the scores that are asked for, and those alone', () => {
    const outputs = outputsOf(scrfdGroups, [{ ...face, score: 0.7 }]);
    expect(facesIn(scrfd, outputs, { ...first, minScore: 0.69 })).toHaveLength(1);
    expect(facesIn(scrfd, outputs, { ...first, minScore: 0.71 })).toHaveLength(0);
    expect(facesIn(scrfd, outputs, { ...first, minScore: 0.71, lowest: 0.2 })).toHaveLength(0);
  });

  it('are the same faces, whatever lower scores others in the batch ask for', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            stride: fc.constantFrom(...STRIDES),
            column: fc.nat({ max: 2 }),
            row: fc.nat({ max: 1 }),
            score: fc.double({ min: 0.05, max: 1, noNaN: true }),
            box: fc.constant([1, 1, 1, 1]),
          }),
          { maxLength: 12 },
        ),
        (faces) => {
          const outputs = outputsOf(scrfdGroups, faces);
          const alone = facesIn(scrfd, outputs, first);
          expect(facesIn(scrfd, outputs, { ...first, lowest: 0.01 })).toEqual(alone);
        },
      ),
    );
  });

  it('keeps the few rows that count out of all', () => {
    const outputs = outputsOf(scrfdGroups, [face, { ...face, column: 0, score: 0.4 }]);
    const { dims } = candidatesOf(outputs, { layout: scrfd, count: 1, size, minScore: 0.5 });
    expect(dims).toEqual([1, 19]);
  });

  it('refuses points of another number than boxes', () => {
    const outputs = outputsOf(scrfdGroups, [face]);
    const points = outputs.p16 as Tensor;
    outputs.p16 = { ...points, data: (points.data as Float32Array).subarray(10) };
    expect(() => facesIn(scrfd, outputs, first)).toThrow(
      expect.objectContaining({ code: 'FACES_WRONG_ANSWER' }),
    );
  });

  it.each([
    ['rows that no number of anchors explains', outputsOf(scrfdGroups, [], { anchors: 3 })],
    ['rows of another picture size', outputsOf(scrfdGroups, [], { count: 2, hasBatch: false, anchors: 2 })],
    ['a batch of another size', outputsOf(scrfdGroups, [], { count: 2 })],
    ['no outputs', {}],
    ['scores that are not numbers', outputsOf(scrfdGroups, [{ ...face, score: Number.NaN }])],
  ])('refuses %s', (_, outputs) => {
    expect(() => facesIn(scrfd, outputs, first)).toThrow(
      expect.objectContaining({ code: 'FACES_WRONG_ANSWER' }),
    );
  });
});

describe('YuNet', () => {
  const face = {
    stride: 8,
    column: 5,
    row: 4,
    score: 0.81,
    box: [0.5, 0.25, Math.log(4), Math.log(2)],
    points: none,
  };

  it('reads centres, sizes as logarithms, and points from the cell', () => {
    const [found] = facesIn(yunet, outputsOf(yunetGroups, [face]), first);
    expect(found?.box.x1).toBeCloseTo(44 - 16, 4);
    expect(found?.box.x2).toBeCloseTo(44 + 16, 4);
    expect(found?.box.y1).toBeCloseTo(34 - 8, 4);
    expect(found?.box.y2).toBeCloseTo(34 + 8, 4);
    expect(found?.landmarks).toEqual(Array(5).fill({ x: 40, y: 32 }));
    expect(found?.score).toBeCloseTo(0.81, 6);
  });

  it('has scores of at most 1', () => {
    const [found] = facesIn(yunet, outputsOf(yunetGroups, [{ ...face, score: 7 }]), first);
    expect(found?.score).toBe(1);
    expect(facesIn(yunet, outputsOf(yunetGroups, [{ ...face, score: -7 }]), first)).toEqual([]);
  });

  it('drops the worse of two boxes for one face, and keeps two faces', () => {
    const outputs = outputsOf(yunetGroups, [
      face,
      { ...face, column: 6, box: [-0.5, 0.25, Math.log(4), Math.log(2)], score: 0.9 },
      { ...face, column: 0, row: 0, score: 0.7 },
    ]);
    expect(facesIn(yunet, outputs, first).map(({ score }) => Math.round(score * 100))).toEqual([90, 70]);
  });

  it.each([
    ['another number of places', outputsOf(yunetGroups, [], { anchors: 2 })],
    ['scores that are not numbers', outputsOf(yunetGroups, [{ ...face, score: Number.NaN }])],
  ])('refuses %s', (_, outputs) => {
    expect(() => facesIn(yunet, outputs, first)).toThrow(
      expect.objectContaining({ code: 'FACES_WRONG_ANSWER' }),
    );
  });
});
