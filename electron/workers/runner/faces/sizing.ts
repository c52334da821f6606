/** The size at which a detector sees a picture. Pure. */

/**
 * - `own`: the picture's size, made smaller so that no side is over `most`, then padded to a multiple of 32
 * - `fixed`: fitted into this size; a smaller picture is enlarged if `enlarge` says so
 */
export type Sizing =
  | { kind: 'own'; most: number }
  | { kind: 'fixed'; width: number; height: number; enlarge: boolean };

export interface Fit {
  /** Of the picture before padding. */
  width: number;
  height: number;
  /** Of the input: the picture lies at its top left. */
  paddedWidth: number;
  paddedHeight: number;
}

const STEP = 32;
const padded = (side: number) => Math.ceil(side / STEP) * STEP;

export function fitOf({ width, height }: { width: number; height: number }, sizing: Sizing): Fit {
  const scale =
    sizing.kind === 'own'
      ? Math.min(1, sizing.most / Math.max(width, height))
      : Math.min(sizing.width / width, sizing.height / height, sizing.enlarge ? Number.POSITIVE_INFINITY : 1);
  const fitted = {
    width: Math.max(1, Math.floor(width * scale + 1e-9)),
    height: Math.max(1, Math.floor(height * scale + 1e-9)),
  };
  return sizing.kind === 'own'
    ? { ...fitted, paddedWidth: padded(fitted.width), paddedHeight: padded(fitted.height) }
    : { ...fitted, paddedWidth: sizing.width, paddedHeight: sizing.height };
}
