/** The faces in a picture, as the result of its task has them. Without schemas, so that the panel can bundle it. */

/** Shares of the width and height of the upright picture, from its left and its top. */
export interface PictureFace {
  left: number;
  top: number;
  width: number;
  height: number;
  /** 0 to 1. */
  score: number;
}

/** The fields of a result's metadata: how many there are, and where. */
export const FACES_FIELD = 'faces';
export const FACE_BOXES_FIELD = 'faceBoxes';

export interface FoundFaces {
  count: number;
  /** null if it is not known where they are. */
  boxes: readonly PictureFace[] | null;
}

const DIGITS = 10_000;
const rounded = (share: number) => Math.round(Math.min(1, Math.max(0, share)) * DIGITS) / DIGITS;

/** From pixels to shares; what lies outside of the picture is cut off. `box`: left, top, right, bottom. */
export function pictureFace(
  {
    box: [left, top, right, bottom],
    score,
  }: { box: readonly [number, number, number, number]; score: number },
  { width, height }: { width: number; height: number },
): PictureFace {
  const [x, y] = [rounded(left / width), rounded(top / height)];
  return {
    left: x,
    top: y,
    width: rounded(rounded(right / width) - x),
    height: rounded(rounded(bottom / height) - y),
    score: rounded(score),
  };
}

/** null if the result says nothing of faces. It comes from a worker: whatever is wrong with it is left out. */
export function facesIn(metadata: Readonly<Record<string, unknown>>): FoundFaces | null {
  const count = metadata[FACES_FIELD];
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) return null;
  const given = metadata[FACE_BOXES_FIELD];
  const boxes = Array.isArray(given) ? given.flatMap((one) => (isFace(one) ? [one] : [])) : null;
  return { count, boxes: boxes !== null && boxes.length === count ? boxes : null };
}

const isShare = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 1;

function isFace(value: unknown): value is PictureFace {
  const { left, top, width, height, score } = Object(value) as Record<string, unknown>;
  return [left, top, width, height, score].every(isShare);
}
