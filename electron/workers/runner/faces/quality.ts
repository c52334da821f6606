/**
 * How well a face serves to recognise a person, 0 to 1. Pure.
 *
 * The geometric mean of four parts, each 0 to 1:
 * - size: the shorter side of the box inside the picture, 0 at 16 pixels, 1 from 96 pixels on, by its logarithm
 * - sharpness: v / (v + 60), v the variance of the Laplacian of the aligned face's grey levels
 * - pose: how far the nose is from the middle between the eyes and between eyes and mouth; 1 without landmarks
 * - the detector's score
 */
import type { Box, Face, Point } from './face.ts';

const SMALLEST = 16;
const LARGE = 96;
const HALF_SHARP = 60;

export interface QualityParts {
  size: number;
  sharpness: number;
  pose: number;
  score: number;
}

export function qualityOf(parts: QualityParts): number {
  const product = parts.size * parts.sharpness * parts.pose * parts.score;
  return product <= 0 ? 0 : Math.min(1, product ** 0.25);
}

/** @param planes the aligned face, red, green and blue planes of side × side */
export function qualityParts(
  face: Face,
  picture: { width: number; height: number },
  planes: Float32Array,
  side: number,
): QualityParts {
  return {
    size: sizePart(face.box, picture),
    sharpness: sharpnessPart(planes, side),
    pose: face.landmarks === null ? 1 : posePart(face.landmarks),
    score: unit(face.score),
  };
}

function sizePart({ x1, y1, x2, y2 }: Box, { width, height }: { width: number; height: number }): number {
  const shorter = Math.min(Math.min(x2, width) - Math.max(x1, 0), Math.min(y2, height) - Math.max(y1, 0));
  return shorter <= SMALLEST ? 0 : unit(Math.log(shorter / SMALLEST) / Math.log(LARGE / SMALLEST));
}

function sharpnessPart(planes: Float32Array, side: number): number {
  const plane = side * side;
  const grey = new Float32Array(plane);
  for (let at = 0; at < plane; at += 1) {
    grey[at] =
      0.299 * (planes[at] as number) +
      0.587 * (planes[plane + at] as number) +
      0.114 * (planes[2 * plane + at] as number);
  }
  let sum = 0;
  let squares = 0;
  let count = 0;
  for (let y = 1; y < side - 1; y += 1) {
    for (let x = 1; x < side - 1; x += 1) {
      const at = y * side + x;
      const value =
        (grey[at - 1] as number) +
        (grey[at + 1] as number) +
        (grey[at - side] as number) +
        (grey[at + side] as number) -
        4 * (grey[at] as number);
      sum += value;
      squares += value * value;
      count += 1;
    }
  }
  if (count === 0) return 0;
  const variance = Math.max(0, squares / count - (sum / count) ** 2);
  return variance / (variance + HALF_SHARP);
}

function posePart(landmarks: readonly Point[]): number {
  const [left, right, nose, mouthLeft, mouthRight] = landmarks;
  if (!left || !right || !nose || !mouthLeft || !mouthRight) return 0;
  const eyes = middle(left, right);
  const mouth = middle(mouthLeft, mouthRight);
  return Math.sqrt(centred(share(left, right, nose)) * centred(share(eyes, mouth, nose)));
}

const middle = (a: Point, b: Point): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });

/** Where the point lies between `from` (0) and `to` (1), along their line. */
function share(from: Point, to: Point, point: Point): number {
  const x = to.x - from.x;
  const y = to.y - from.y;
  return ((point.x - from.x) * x + (point.y - from.y) * y) / (x * x + y * y);
}

/** 1 in the middle, 0 at the ends and beyond. */
const centred = (part: number) => unit(1 - Math.abs(part - 0.5) * 2);

const unit = (value: number) => (Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0);
