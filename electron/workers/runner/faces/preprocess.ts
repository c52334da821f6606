/** How an embedder wants its pictures, if a file beside it says so. Pure. */
import * as z from 'zod';
import { arcface } from './embedder-kind.ts';
import { asIs, type Normalisation } from './planes.ts';

const three = z.tuple([z.number(), z.number(), z.number()]);
const deviations = three.refine((values) => values.every((value) => value > 0), 'must be above 0');

/** Of ImageNet's pictures; of values from 0 to 1. */
const imagenet: Normalisation = {
  order: 'rgb',
  scale: 1 / 255,
  mean: [0.485, 0.456, 0.406],
  deviation: [0.229, 0.224, 0.225],
};

export const presets = { arcface, imagenet, none: asIs('rgb') } as const satisfies Record<
  string,
  Normalisation
>;

const ownNormalisation = z.strictObject({
  order: z.enum(['rgb', 'bgr']).default('rgb'),
  /** Of values from 0 to 255; applied first. */
  scale: z.number().positive().default(1),
  mean: three,
  deviation: deviations,
});

/** `preprocess.json`: ours. Everything is optional. */
export const preprocessSchema = z.strictObject({
  /** File names, where a folder has several that would do. */
  detector: z.string().optional(),
  embedder: z.string().optional(),
  normalisation: z.union([z.enum(['arcface', 'imagenet', 'none']), ownNormalisation]).optional(),
});
export type Preprocess = z.infer<typeof preprocessSchema>;

/** `preprocessor_config.json` of transformers and `preprocess_cfg.json` of OpenCLIP, of values from 0 to 1. */
const foreignSchema = z
  .object({
    image_mean: three.optional(),
    image_std: deviations.optional(),
    rescale_factor: z.number().positive().optional(),
    mean: three.optional(),
    std: deviations.optional(),
  })
  .transform((value): Normalisation | null => {
    const mean = value.image_mean ?? value.mean;
    const deviation = value.image_std ?? value.std;
    if (mean === undefined || deviation === undefined) return null;
    return { order: 'rgb', scale: value.rescale_factor ?? 1 / 255, mean, deviation };
  });

export const normalisationFrom = ({ normalisation }: Preprocess): Normalisation | null =>
  typeof normalisation === 'string' ? presets[normalisation] : (normalisation ?? null);

/** null where the file says nothing about it. */
export function foreignNormalisation(value: unknown): Normalisation | null {
  return foreignSchema.safeParse(value).data ?? null;
}

/**
 * Public embedders that want something else than the rest, and whose files say nothing about it: by SHA-256. The size
 * is compared first, so that other files are not hashed for this.
 */
export const knownEmbedders: readonly {
  bytes: number;
  sha256: string;
  normalisation: Normalisation;
}[] = [
  // MobileFaceNet, github.com/foamliu/MobileFaceNet: trained with the normalisation of ImageNet.
  {
    bytes: 3_998_070,
    sha256: 'b7120c095d60094f28a4a54ba6a8bf51b297a6273fb40ef6350dfec1f63d9507',
    normalisation: imagenet,
  },
  // The same with a batch dimension by name.
  {
    bytes: 3_998_072,
    sha256: '1cc4cba9f6f5753c8ca8c99d30fd09624700b06d78eaff74e9bf4edd711993ca',
    normalisation: imagenet,
  },
];
