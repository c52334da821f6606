/** The texts are onnxruntime's and its providers' own. */
import { describe, expect, it } from 'vitest';
import {
  kindOf,
  plainReason,
  toRunnerError,
} from '../../../../../electron/workers/runner/inference/faults.ts';

describe('an error of onnxruntime', () => {
  it.each([
    ['lost', 'Non-zero status code. Exception: D3D12 device removed (887A0005)'],
    ['lost', 'DXGI_ERROR_DEVICE_HUNG 0x887A0006'],
    ['lost', 'HRESULT 887a0007: The GPU will not respond to more commands'],
    ['lost', 'vkQueueSubmit failed with VK_ERROR_DEVICE_LOST'],
    ['lost', 'WebGPU validation failed. Device lost: reset'],
    ['lost', 'CUDA failure 719: unspecified launch failure ; GPU=0'],
    ['lost', 'CUDA error 700: an illegal memory access was encountered'],
    ['lost', 'Execution of the command buffer was aborted: GPU Hang Error (IOGPUCommandQueueErrorDomain)'],
    ['memory', 'std::bad_alloc'],
    ['memory', 'BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer of size 123'],
    ['memory', 'CUDA failure 2: out of memory ; GPU=0'],
    ['memory', 'HRESULT 8007000E: Not enough memory resources are available'],
    ['memory', 'Failed to allocate memory: VK_ERROR_OUT_OF_DEVICE_MEMORY'],
    ['inputs', 'Got invalid dimensions for input: x for the following indices index: 0 Got: 4 Expected: 1'],
    ['inputs', "input 'attention_mask' is missing in 'feeds'."],
    ['inputs', 'Unexpected input data type. Actual: (tensor(float)) , expected: (tensor(int64))'],
    ['inputs', 'indices element out of data bounds, idx=400 must be within the inclusive range [-10,9]'],
    [
      'opset',
      'ONNX Runtime only *guarantees* support for models stamped with official released onnx opset versions. Opset 99 is under development',
    ],
    ['opset', 'Unsupported model IR version: 40, max supported IR version: 12'],
    ['external-data', 'External data path does not exist or is not a file: model.onnx_data'],
    ['not-a-graph', 'Load model from m.onnx failed:Protobuf parsing failed.'],
    ['other', 'Something else entirely'],
  ])('is one of %s: %s', (kind, text) => {
    expect(kindOf(text)).toBe(kind);
  });

  it.each([
    [
      'Load model from m.onnx failed:/onnxruntime_src/onnxruntime/core/graph/model_load_utils.h:46 void onnxruntime::model_load_utils::ValidateOpsetForDomain(const std::unordered_map<std::__cxx11::basic_string<char>, int>&, const onnxruntime::logging::Logger&, bool, const std::string&, int) Opset 99 is under development.',
      'Load model from m.onnx failed: Opset 99 is under development.',
    ],
    [
      '/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:98 operator() status == 1 was false. No adapters',
      'No adapters',
    ],
    ['Nothing of the kind (in brackets)', 'Nothing of the kind (in brackets)'],
    ['x'.repeat(300), `${'x'.repeat(240)}…`],
  ])('is said without its source: %s', (text, plain) => {
    expect(plainReason(text)).toBe(plain);
  });

  it('keeps its text, on one line and cut off', () => {
    const error = toRunnerError(new Error(`first\n  second ${'x'.repeat(2000)}`));
    expect(error).toMatchObject({ code: 'RUNNER_BAD_GRAPH', details: { kind: 'other' } });
    expect(String(error.details?.reason)).toMatch(/^first second x+$/);
    expect(String(error.details?.reason).length).toBeLessThanOrEqual(600);
    expect(toRunnerError(new Error('std::bad_alloc')).code).toBe('RUNNER_OUT_OF_MEMORY');
  });
});
