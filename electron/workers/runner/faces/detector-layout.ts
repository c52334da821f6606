/** What a detector's input and outputs are called. Pure. */

/** Each list has the outputs for strides of 8, 16 and 32. */
export type DetectorLayout = {
  input: string;
  takesBatch: boolean;
  /** null where any multiple of 32 is accepted. */
  size: { width: number; height: number } | null;
} & (
  | { kind: 'yunet'; cls: string[]; obj: string[]; bbox: string[]; kps: string[] }
  | { kind: 'scrfd'; scores: string[]; boxes: string[]; points: string[] | null }
);

export const STRIDES = [8, 16, 32] as const;
