import { expect, it } from 'vitest';
import { gpuLayersOf } from '../../../../electron/adapters/inference/modelfile.ts';

it.each<[string | null, number | null]>([
  ['num_ctx                        512\nnum_gpu                        0', 0],
  ['num_gpu 17', 17],
  ['num_gpu                        -1', null],
  ['num_gpu_layers 0', null],
  ['num_gpu "0"', 0],
  ['\tnum_gpu\t33\r\nstop "x"', 33],
  ['num_gpu 1e+03', 1000],
  ['num_gpu 0.0', 0],
  ['num_gpu 2.5', null],
  ['num_gpu <nil>', null],
  ['num_gpu null', null],
  ['num_gpu', null],
  ['num_gpu\n0', null],
  ['num_gpu -999', null],
  ['num_gpu 7\nnum_gpu 0', 7],
  ['xnum_gpu 0', null],
  ['stop "num_gpu 0"', null],
  ['', null],
  [null, null],
])('the layers of %j are %j', (parameters, layers) => {
  expect(gpuLayersOf(parameters)).toBe(layers);
});
