/** A small graph with which a provider proves that it works at all. */
import type { Feeds } from '../inference/protocol.ts';
import { encodeGraph } from '../onnx/encode.ts';

const ROWS = 16;
const SIZE = 64;

/** A number from −1 to 1 that only depends on its place. */
const at = (index: number) => ((index * 7919) % 2003) / 1001.5 - 1;

/** softmax(relu(x · a) · b): enough for a wrong kernel to show. */
export function smallGraph(): { file: Uint8Array; feeds: Feeds } {
  const weights = (from: number) =>
    Float32Array.from({ length: SIZE * SIZE }, (_, index) => at(index + from) / 4);
  const file = encodeGraph({
    inputs: [{ name: 'x', type: 'float32', dims: ['rows', SIZE] }],
    outputs: [{ name: 'y', type: 'float32', dims: ['rows', SIZE] }],
    constants: [
      { name: 'a', type: 'float32', dims: [SIZE, SIZE], data: weights(1) },
      { name: 'b', type: 'float32', dims: [SIZE, SIZE], data: weights(5003) },
    ],
    nodes: [
      { op: 'MatMul', inputs: ['x', 'a'], outputs: ['xa'] },
      { op: 'Relu', inputs: ['xa'], outputs: ['positive'] },
      { op: 'MatMul', inputs: ['positive', 'b'], outputs: ['scores'] },
      { op: 'Softmax', inputs: ['scores'], outputs: ['y'], attributes: { axis: 1 } },
    ],
  });
  const x = Float32Array.from({ length: ROWS * SIZE }, (_, index) => at(index + 11));
  return { file, feeds: { x: { type: 'float32', dims: [ROWS, SIZE], data: x } } };
}
