/** Small ONNX files in place of real models: what they find in a picture is easy to compute. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  type ConstantSpec,
  encodeGraph,
  type NodeSpec,
  type ValueSpec,
} from '../../electron/workers/runner/onnx/encode.ts';

const STRIDES = [8, 16, 32];
export const DETECTOR_SIDE = 640;

const float = (name: string, dims: readonly (number | string)[]): ValueSpec => ({
  name,
  type: 'float32',
  dims,
});
const floats = (name: string, dims: readonly number[], data: Float32Array): ConstantSpec => ({
  name,
  type: 'float32',
  dims,
  data,
});
const integers = (name: string, values: readonly number[]): ConstantSpec => ({
  name,
  type: 'int64',
  dims: [values.length],
  data: BigInt64Array.from(values, BigInt),
});

export interface PlantedFace {
  /** Of the cell of stride 32 whose corner is the face's middle. */
  column: number;
  row: number;
  score: number;
}

/** Half the side of a planted face, pixels of the input. */
export const FACE_REACH = 64;
/** Landmarks of a planted face, from its middle, in pixels of the input. */
export const FACE_POINTS = [
  [-28, -22],
  [28, -22],
  [0, 8],
  [-22, 34],
  [22, 34],
] as const;

/** SCRFD in the official layout, two anchors, that finds the same faces in every picture, in its input of 640 × 640. */
export function scrfdGraph(faces: readonly PlantedFace[]): Uint8Array {
  const outputs: ValueSpec[] = [];
  const constants: ConstantSpec[] = [];
  const nodes: NodeSpec[] = [];
  const groups = [
    ['score', 1],
    ['bbox', 4],
    ['kps', 10],
  ] as const;
  for (const [group, columns] of groups) {
    for (const stride of STRIDES) {
      const across = DETECTOR_SIDE / stride;
      const rows = across * across * 2;
      const data = new Float32Array(rows * columns);
      for (const { column, row, score } of stride === 32 ? faces : []) {
        const at = (row * across + column) * 2 * columns;
        if (group === 'score') data[at] = score;
        else if (group === 'bbox') data.fill(FACE_REACH / stride, at, at + 4);
        else
          data.set(
            FACE_POINTS.flat().map((distance) => distance / stride),
            at,
          );
      }
      const name = `${group}_${stride}`;
      constants.push(floats(`${name}_data`, [rows, columns], data));
      nodes.push({ op: 'Identity', inputs: [`${name}_data`], outputs: [name] });
      outputs.push(float(name, [rows, columns]));
    }
  }
  return encodeGraph({
    inputs: [float('input.1', [1, 3, DETECTOR_SIDE, DETECTOR_SIDE])],
    outputs,
    constants,
    nodes,
  });
}

export const EMBEDDING = 64;

/** A vector whose first three numbers are the means of red, green and blue, as the graph gets them. */
export function embedderGraph({ batch = 'free' }: { batch?: 'free' | 'one' | 'broken' } = {}): Uint8Array {
  const first = batch === 'one' ? 1 : 'N';
  const weights = new Float32Array(3 * EMBEDDING);
  for (let at = 0; at < 3; at += 1) weights[at * EMBEDDING + at] = 1;
  return encodeGraph({
    inputs: [float('input.1', [first, 3, 112, 112])],
    outputs: [float('683', [first, EMBEDDING])],
    constants: [
      floats('weights', [3, EMBEDDING], weights),
      // A shape that was frozen at one picture.
      integers('shape', batch === 'broken' ? [1, -1] : [-1, EMBEDDING]),
    ],
    nodes: [
      { op: 'GlobalAveragePool', inputs: ['input.1'], outputs: ['means'] },
      { op: 'Flatten', inputs: ['means'], outputs: ['flat'], attributes: { axis: 1 } },
      { op: 'MatMul', inputs: ['flat', 'weights'], outputs: ['vectors'] },
      { op: 'Reshape', inputs: ['vectors', 'shape'], outputs: ['683'] },
    ],
  });
}

/** The means of red, green and blue. */
export function clipVisualGraph(side: number): Uint8Array {
  return encodeGraph({
    inputs: [float('image', ['batch', 3, side, side])],
    outputs: [float('embedding', ['batch', 3])],
    nodes: [
      { op: 'GlobalAveragePool', inputs: ['image'], outputs: ['means'] },
      { op: 'Flatten', inputs: ['means'], outputs: ['embedding'], attributes: { axis: 1 } },
    ],
  });
}

/** The token ids as numbers. */
export function clipTextualGraph(length: number): Uint8Array {
  return encodeGraph({
    inputs: [{ name: 'text', type: 'int32', dims: ['batch', length] }],
    outputs: [float('embedding', ['batch', length])],
    nodes: [{ op: 'Cast', inputs: ['text'], outputs: ['embedding'], attributes: { to: 1 } }],
  });
}

/** Files by their paths; values that are not bytes are written as JSON. */
export function writeFiles(files: Readonly<Record<string, unknown>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content instanceof Uint8Array ? content : JSON.stringify(content));
  }
}
