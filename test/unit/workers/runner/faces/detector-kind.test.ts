import { describe, expect, it } from 'vitest';
import { detectorOf } from '../../../../../electron/workers/runner/faces/detector-kind.ts';
import { value } from '../../../../fakes/runner-graphs.ts';

const picture = value('input.1', [1, 3, -1, -1]);
const yunet = ['cls', 'obj', 'bbox', 'kps'].flatMap((name) =>
  [8, 16, 32].map((stride) => value(`${name}_${stride}`, ['batch', 'n', 1])),
);
/** As det_10g.onnx has them: numbers for names. */
const scrfd = [
  value('448', [12800, 1]),
  value('471', [3200, 1]),
  value('494', [800, 1]),
  value('451', [12800, 4]),
  value('474', [3200, 4]),
  value('497', [800, 4]),
  value('454', [12800, 10]),
  value('477', [3200, 10]),
  value('500', [800, 10]),
];

describe('detectorOf', () => {
  it('knows YuNet by its names, in any order', () => {
    expect(detectorOf([value('input', ['batch', 3, 'height', 'width'])], yunet.toReversed())).toEqual({
      layout: {
        kind: 'yunet',
        input: 'input',
        takesBatch: true,
        size: null,
        cls: ['cls_8', 'cls_16', 'cls_32'],
        obj: ['obj_8', 'obj_16', 'obj_32'],
        bbox: ['bbox_8', 'bbox_16', 'bbox_32'],
        kps: ['kps_8', 'kps_16', 'kps_32'],
      },
    });
  });

  it.each([
    ['without a batch dimension', scrfd],
    ['with one', scrfd.map(({ name, dims }) => value(name, [1, ...dims]))],
    [
      'by type, one stride after the other',
      [0, 3, 6, 1, 4, 7, 2, 5, 8].map((at) => scrfd[at] as (typeof scrfd)[0]),
    ],
    ['without dimensions, in the order of the exports', scrfd.map(({ name }) => value(name, ['a', 'b']))],
  ])('knows SCRFD %s', (_, outputs) => {
    expect(detectorOf([picture], outputs)).toMatchObject({
      layout: {
        kind: 'scrfd',
        size: null,
        takesBatch: false,
        scores: ['448', '471', '494'],
        boxes: ['451', '474', '497'],
        points: ['454', '477', '500'],
      },
    });
  });

  it('knows SCRFD without points, and with a size of its own', () => {
    expect(detectorOf([value('x', [1, 3, 480, 640])], scrfd.slice(0, 6))).toMatchObject({
      layout: { kind: 'scrfd', points: null, size: { width: 640, height: 480 } },
    });
  });

  it.each([
    ['two inputs', [picture, picture], scrfd, 'GRAPH_MANY_INPUTS'],
    ['text', [value('input_ids', ['n', 's'], 'int64')], scrfd, 'GRAPH_NO_PICTURE_INPUT'],
    ['one channel', [value('x', [1, 1, 64, 64])], scrfd, 'GRAPH_NO_PICTURE_INPUT'],
    ['channels last', [value('x', [1, 64, 64, 3])], scrfd, 'GRAPH_NO_PICTURE_INPUT'],
    ['a batch of four', [value('x', [4, 3, 64, 64])], scrfd, 'GRAPH_NO_PICTURE_INPUT'],
    ['eight outputs', [picture], scrfd.slice(0, 8), 'GRAPH_UNKNOWN_OUTPUTS'],
    ['a vector', [picture], [value('v', [1, 512])], 'GRAPH_UNKNOWN_OUTPUTS'],
    ['YuNet without points', [picture], yunet.slice(0, 9), 'GRAPH_UNKNOWN_OUTPUTS'],
    [
      'segmentation',
      [picture],
      scrfd.map(({ name }) => value(name, [1, 2, 64, 64])),
      'GRAPH_UNKNOWN_OUTPUTS',
    ],
    [
      'rows of other lengths',
      [picture],
      scrfd.map(({ name }) => value(name, [100, 7])),
      'GRAPH_UNKNOWN_OUTPUTS',
    ],
  ])('refuses %s', (_, inputs, outputs, code) => {
    expect(detectorOf(inputs, outputs)).toMatchObject({ refused: { code } });
  });
});
