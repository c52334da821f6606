/** Removes boxes that show the same face as a better one. Pure. */
import type { Box, Face } from './face.ts';

export interface SuppressionRule {
  /** Boxes with more in common than this show one face. */
  overlap: number;
  /** 1 where box edges are pixels that belong to the box, 0 where they are lines. */
  edge: 0 | 1;
}

/** Best score first. Faces with equal scores keep their order. */
export function suppress<Found extends Pick<Face, 'box' | 'score'>>(
  faces: readonly Found[],
  rule: SuppressionRule,
): Found[] {
  const kept: Found[] = [];
  for (const face of [...faces].sort((a, b) => b.score - a.score)) {
    if (kept.every((better) => overlapOf(better.box, face.box, rule.edge) <= rule.overlap)) kept.push(face);
  }
  return kept;
}

/** Intersection over union, 0 to 1. */
export function overlapOf(a: Box, b: Box, edge: 0 | 1): number {
  const width = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1) + edge;
  const height = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1) + edge;
  const common = Math.max(0, width) * Math.max(0, height);
  const all = areaOf(a, edge) + areaOf(b, edge) - common;
  return all > 0 ? common / all : 0;
}

function areaOf({ x1, y1, x2, y2 }: Box, edge: 0 | 1): number {
  return Math.max(0, x2 - x1 + edge) * Math.max(0, y2 - y1 + edge);
}
