import { describe, expect, it } from 'vitest';
import { encodeGraph } from '../../../../../electron/workers/runner/onnx/encode.ts';
import { opsetOf } from '../../../../../electron/workers/runner/onnx/opset.ts';

const graph = (opset: number) =>
  encodeGraph({
    opset,
    inputs: [{ name: 'x', type: 'float32', dims: ['n'] }],
    outputs: [{ name: 'y', type: 'float32', dims: ['n'] }],
    nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }],
  });

describe('the version of the operators', () => {
  it.each([7, 13, 17, 25])('is read from the file: %d', (opset) => {
    expect(opsetOf(graph(opset))).toBe(opset);
  });

  it('is that of the standard operators, where a file names others as well', () => {
    const others = Uint8Array.of(0x42, 0x07, 0x0a, 0x03, 0x63, 0x6f, 0x6d, 0x10, 0x01);
    expect(opsetOf(Uint8Array.of(...others, ...graph(17)))).toBe(17);
    expect(opsetOf(others)).toBeNull();
  });

  it('is unknown where there is no model', () => {
    expect(opsetOf(new Uint8Array())).toBeNull();
    expect(opsetOf(new TextEncoder().encode('<!doctype html>'))).toBeNull();
    expect(opsetOf(graph(17).subarray(0, 20))).toBeNull();
    expect(opsetOf(new Uint8Array(64).fill(0xff))).toBeNull();
  });
});
