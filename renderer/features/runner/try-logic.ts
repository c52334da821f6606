/** What "Try it" works out by itself. Pure. */
import { MOST_PICTURE_BYTES } from '../../../shared/models/picture-limit.ts';
import type { RunnerFace, RunnerModel, RunnerView } from '../../../shared/models/runner.ts';
import { providerNames } from '../../../shared/text/provider-names.ts';
import { formatBytes } from '../../../shared/units.ts';

/** Of two vectors, -1 to 1; null if they are of different lengths, empty, or zero. */
export function cosine(one: readonly number[], other: readonly number[]): number | null {
  if (one.length === 0 || one.length !== other.length) return null;
  let product = 0;
  let lengths = 0;
  let otherLengths = 0;
  for (const [place, value] of one.entries()) {
    const second = other[place] ?? 0;
    product += value * second;
    lengths += value * value;
    otherLengths += second * second;
  }
  const length = Math.sqrt(lengths * otherLengths);
  return length === 0 ? null : Math.max(-1, Math.min(1, product / length));
}

/** `0.83`, `-0.04`. */
export const similarityText = (value: number): string => {
  const text = value.toFixed(2);
  return text === '-0.00' ? '0.00' : text;
};

/** The runners that have a model of the kind, and whether they answer now; those that do come first. */
export function runnersWith(runners: readonly RunnerView[], kind: RunnerModel['kind']) {
  return runners
    .flatMap((runner) => {
      const models = (runner.status?.models ?? []).filter(
        (model) => model.kind === kind && model.state !== 'failed',
      );
      return models.length === 0 ? [] : [{ runner, models }];
    })
    .toSorted((a, b) => Number(b.runner.state === 'ready') - Number(a.runner.state === 'ready'));
}

/** `DirectML on gpu-tower`. */
export function workedOn(
  runner: Pick<RunnerView, 'name' | 'status'> | undefined,
  { gpu, model }: { gpu: boolean; model: Pick<RunnerModel, 'provider'> | undefined },
): string {
  const provider = model?.provider ?? null;
  // The answer says whether a GPU made it; the name of the provider is only right if it agrees.
  const agrees = provider !== null && (provider !== 'cpu') === gpu;
  const by = agrees ? providerNames[provider] : gpu ? 'GPU' : 'CPU';
  return runner === undefined ? by : `${by} on ${runner.name}`;
}

export interface PictureProblem {
  message: string;
  next: string;
}

/** Why a file cannot be sent; null if it can. What is in it only the runner can tell. */
export function pictureProblem({ type, size }: { type: string; size: number }): PictureProblem | null {
  if (type !== '' && !type.startsWith('image/')) {
    return { message: 'This is not a picture.', next: 'Choose a JPEG, PNG or WebP file.' };
  }
  if (size === 0) return { message: 'This file is empty.', next: 'Choose another one.' };
  if (size > MOST_PICTURE_BYTES) {
    return {
      message: `This picture is too large: ${formatBytes(size)} (limit ${formatBytes(MOST_PICTURE_BYTES)}).`,
      next: 'Save it smaller, then choose it again.',
    };
  }
  return null;
}

/** Where a face is: `top left`, `centre`. */
export function placeOf({ box }: Pick<RunnerFace, 'box'>, size: { width: number; height: number }): string {
  const third = (value: number, whole: number) =>
    whole <= 0 ? 1 : Math.min(2, Math.max(0, Math.floor((value / whole) * 3)));
  const [left, top, right, bottom] = box;
  const across = ['left', '', 'right'][third((left + right) / 2, size.width)] ?? '';
  const down = ['top', '', 'bottom'][third((top + bottom) / 2, size.height)] ?? '';
  return [down, across].filter(Boolean).join(' ') || 'centre';
}

/** `120 × 150 pixels`. */
export const sizeOf = ({ box: [left, top, right, bottom] }: Pick<RunnerFace, 'box'>): string =>
  `${Math.round(right - left)} × ${Math.round(bottom - top)} pixels`;

export interface NumberedFace {
  /** 1 for the first of all pictures. */
  number: number;
  face: RunnerFace;
  /** Place of its picture: 0 or 1. */
  picture: number;
}

/** The faces of the pictures, numbered through. */
export function facesOf(outcomes: readonly (object | string | null)[]): NumberedFace[] {
  const found = outcomes.flatMap((outcome, picture) =>
    typeof outcome === 'object' && outcome !== null && 'faces' in outcome
      ? (outcome.faces as readonly RunnerFace[]).map((face) => ({ face, picture }))
      : [],
  );
  return found.map((one, index) => ({ number: index + 1, ...one }));
}

export interface Alike {
  one: number;
  other: number;
  value: number;
}

/** The pair that is most alike: of one face in each picture, or of two faces if there is one picture. Null without a pair. */
export function mostAlike(faces: readonly NumberedFace[]): Alike | null {
  const isOfTwo = new Set(faces.map(({ picture }) => picture)).size > 1;
  let best: Alike | null = null;
  for (const [index, one] of faces.entries()) {
    for (const other of faces.slice(index + 1)) {
      if (isOfTwo && one.picture === other.picture) continue;
      const value = cosine(one.face.embedding, other.face.embedding);
      if (value !== null && (best === null || value > best.value))
        best = { one: one.number, other: other.number, value };
    }
  }
  return best;
}

export const alikeText = ({ one, other, value }: Alike): string =>
  `Most alike: faces ${one} and ${other}, with a similarity of ${similarityText(value)}. 1 is the same face, 0 has nothing in common.`;
