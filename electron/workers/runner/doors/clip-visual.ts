/** How CLIP's visual half wants its pictures. */
import * as z from 'zod';
import { noise } from '../faces/batch-check.ts';
import type { VectorPlan } from '../pictures/task.ts';
import type { Feeds, OpenedGraph } from '../sessions.ts';

const three = z.tuple([z.number(), z.number(), z.number()]);
const kernels = { bicubic: 'cubic', bilinear: 'linear', lanczos: 'lanczos3', nearest: 'nearest' } as const;

/** `preprocess_cfg.json` of OpenCLIP. */
export const preprocessCfgSchema = z.object({
  size: z.union([
    z.number().int().positive(),
    z.tuple([z.number().int().positive(), z.number().int().positive()]),
  ]),
  mean: three,
  std: three.refine((values) => values.every((value) => value > 0), 'must be above 0'),
  interpolation: z.enum(['bicubic', 'bilinear', 'lanczos', 'nearest']).catch('bicubic'),
});
export type PreprocessCfg = z.infer<typeof preprocessCfgSchema>;

const sideOf = ({ size }: PreprocessCfg) => (typeof size === 'number' ? size : size[0]);

/** Inputs with which providers are compared. */
export function visualTrial({ inputs }: Pick<OpenedGraph, 'inputs'>, cfg: PreprocessCfg): Feeds {
  const side = sideOf(cfg);
  const data = noise(3 * side * side, 7);
  return { [inputs[0]?.name ?? 'image']: { type: 'float32', dims: [1, 3, side, side], data } };
}

export const visualPlan = ({ inputs }: Pick<OpenedGraph, 'inputs'>, cfg: PreprocessCfg): VectorPlan => ({
  input: inputs[0]?.name ?? 'image',
  side: sideOf(cfg),
  kernel: kernels[cfg.interpolation],
  normalisation: { order: 'rgb', scale: 1 / 255, mean: cfg.mean, deviation: cfg.std },
});
