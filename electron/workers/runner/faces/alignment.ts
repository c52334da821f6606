/** Turns, scales and moves a face so that its five points lie where the embedder expects them. Pure. */
import type { Picture } from '../pictures/picture.ts';
import type { Point } from './face.ts';

/** Picture → crop: x' = a·x + b·y + c, y' = d·x + e·y + f. */
export interface Alignment {
  a: number;
  b: number;
  c: number;
  d: number;
  e: number;
  f: number;
}

/** Where ArcFace's training put the five points, in a crop of 112 × 112. */
const TEMPLATE: readonly Point[] = [
  { x: 38.2946, y: 51.6963 },
  { x: 73.5318, y: 51.5014 },
  { x: 56.0252, y: 71.7366 },
  { x: 41.5493, y: 92.3655 },
  { x: 70.7299, y: 92.2041 },
];
const TEMPLATE_SIDE = 112;

/** The points for a crop of another size. Crops of 128 have the face of 112 in their middle, as insightface makes them. */
export function templateFor(side: number): readonly Point[] {
  const isWide = side % TEMPLATE_SIDE !== 0 && side % 128 === 0;
  const ratio = side / (isWide ? 128 : TEMPLATE_SIDE);
  const shift = isWide ? 8 * ratio : 0;
  return TEMPLATE.map(({ x, y }) => ({ x: x * ratio + shift, y: y * ratio }));
}

/**
 * The rotation, scale and translation, without reflection, that bring the points nearest to the template (Umeyama, in
 * the closed form that two dimensions have). null if the points are all in one place.
 */
export function alignmentOf(points: readonly Point[], side: number): Alignment | null {
  const template = templateFor(side);
  const from = centreOf(points);
  const to = centreOf(template);
  let along = 0;
  let across = 0;
  let spread = 0;
  for (const [index, target] of template.entries()) {
    const point = points[index];
    if (point === undefined) return null;
    const x = point.x - from.x;
    const y = point.y - from.y;
    const u = target.x - to.x;
    const v = target.y - to.y;
    along += x * u + y * v;
    across += x * v - y * u;
    spread += x * x + y * y;
  }
  const a = along / spread;
  const d = across / spread;
  if (!Number.isFinite(a) || !Number.isFinite(d) || a * a + d * d === 0) return null;
  return { a, b: -d, c: to.x - a * from.x + d * from.y, d, e: a, f: to.y - d * from.x - a * from.y };
}

function centreOf(points: readonly Point[]): Point {
  const sum = points.reduce((total, { x, y }) => ({ x: total.x + x, y: total.y + y }), { x: 0, y: 0 });
  return { x: sum.x / points.length, y: sum.y / points.length };
}

/**
 * The aligned face: red, green, blue as planes of side × side, 0 to 255 and not rounded. Bilinear, with pixel centres
 * on whole numbers; what lies outside the picture is 0.
 */
export function warp({ rgb, width, height }: Picture, alignment: Alignment, side: number): Float32Array {
  const { a, b, c, d, e, f } = alignment;
  const determinant = a * e - b * d;
  const plane = side * side;
  const out = new Float32Array(3 * plane);
  for (let v = 0; v < side; v += 1) {
    for (let u = 0; u < side; u += 1) {
      const x = (e * (u - c) - b * (v - f)) / determinant;
      const y = (a * (v - f) - d * (u - c)) / determinant;
      const column = Math.floor(x);
      const row = Math.floor(y);
      if (column < -1 || row < -1 || column >= width || row >= height) continue;
      const right = x - column;
      const down = y - row;
      const hasLeft = column >= 0;
      const hasRight = column + 1 < width;
      const top = (row * width + column) * 3;
      const bottom = top + width * 3;
      const w00 = row >= 0 && hasLeft ? (1 - right) * (1 - down) : 0;
      const w01 = row >= 0 && hasRight ? right * (1 - down) : 0;
      const w10 = row + 1 < height && hasLeft ? (1 - right) * down : 0;
      const w11 = row + 1 < height && hasRight ? right * down : 0;
      const at = v * side + u;
      for (let channel = 0; channel < 3; channel += 1) {
        // A weight of 0 may belong to a pixel outside the picture, whose value is undefined.
        out[channel * plane + at] =
          (w00 && w00 * (rgb[top + channel] as number)) +
          (w01 && w01 * (rgb[top + 3 + channel] as number)) +
          (w10 && w10 * (rgb[bottom + channel] as number)) +
          (w11 && w11 * (rgb[bottom + 3 + channel] as number));
      }
    }
  }
  return out;
}
