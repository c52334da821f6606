import type { RunnerProvider } from '../../../shared/models/runner.ts';

export const providerNames: Readonly<Record<RunnerProvider, string>> = {
  dml: 'DirectML',
  coreml: 'CoreML',
  cuda: 'CUDA',
  webgpu: 'WebGPU',
  cpu: 'CPU',
};
