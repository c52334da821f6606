import type { RunnerProvider } from '../models/runner.ts';

/** As their makers write them. */
export const providerNames: Readonly<Record<RunnerProvider, string>> = {
  dml: 'DirectML',
  coreml: 'CoreML',
  cuda: 'CUDA',
  webgpu: 'WebGPU',
  cpu: 'CPU',
};
