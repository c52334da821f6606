/** Faces from the candidates of a detector. Pure. Coordinates are those of the graph's input. */
import type { Tensor } from '../sessions.ts';
import { CANDIDATE, candidateScore } from './candidates.ts';
import type { DetectorLayout } from './detector-layout.ts';
import type { Face } from './face.ts';
import { type SuppressionRule, suppress } from './suppression.ts';

const rules: Readonly<Record<DetectorLayout['kind'], SuppressionRule>> = {
  yunet: { overlap: 0.3, edge: 0 },
  scrfd: { overlap: 0.4, edge: 1 },
};

/** From this score on, unless somebody asks for another: the values of OpenCV and of insightface. */
export const defaultMinScore = { yunet: 0.6, scrfd: 0.5 } as const;

/**
 * Best score first.
 * @param at the picture's place in the batch
 * @param minScore at least the one with which the candidates were chosen
 */
export function readFaces(
  layout: DetectorLayout,
  { data }: Tensor,
  { at, width, minScore }: { at: number; width: number; minScore: number },
): Face[] {
  const faces: Face[] = [];
  for (let from = 0; from < data.length; from += CANDIDATE.size) {
    const row = (data as Float32Array).subarray(from, from + CANDIDATE.size);
    if (row[CANDIDATE.picture] !== at) continue;
    const score = candidateScore(
      layout.kind,
      row[CANDIDATE.scores] as number,
      row[CANDIDATE.scores + 1] as number,
    );
    if (score >= minScore)
      faces.push(
        layout.kind === 'yunet'
          ? yunetFace(row, width, score)
          : scrfdFace(row, width, score, layout.points !== null),
      );
  }
  return suppress(faces, rules[layout.kind]);
}

function yunetFace(row: Float32Array, width: number, score: number): Face {
  const { stride, cell } = placeOf(row);
  const columns = width / stride;
  const column = cell % columns;
  const line = Math.floor(cell / columns);
  const value = (offset: number) => row[CANDIDATE.box + offset] as number;
  const x = (column + value(0)) * stride;
  const y = (line + value(1)) * stride;
  const halfWidth = (Math.exp(value(2)) * stride) / 2;
  const halfHeight = (Math.exp(value(3)) * stride) / 2;
  return {
    box: { x1: x - halfWidth, y1: y - halfHeight, x2: x + halfWidth, y2: y + halfHeight },
    score,
    landmarks: pointsOf(row, (dx, dy) => ({ x: (dx + column) * stride, y: (dy + line) * stride })),
  };
}

function scrfdFace(row: Float32Array, width: number, score: number, hasPoints: boolean): Face {
  const { stride, cell } = placeOf(row);
  const columns = Math.ceil(width / stride);
  const x = (cell % columns) * stride;
  const y = Math.floor(cell / columns) * stride;
  const distance = (side: number) => (row[CANDIDATE.box + side] as number) * stride;
  return {
    box: { x1: x - distance(0), y1: y - distance(1), x2: x + distance(2), y2: y + distance(3) },
    score,
    landmarks: hasPoints ? pointsOf(row, (dx, dy) => ({ x: x + dx * stride, y: y + dy * stride })) : null,
  };
}

const placeOf = (row: Float32Array) => ({
  stride: row[CANDIDATE.stride] as number,
  cell: row[CANDIDATE.cell] as number,
});

function pointsOf<Made>(row: Float32Array, make: (dx: number, dy: number) => Made): Made[] {
  const points: Made[] = [];
  for (let at = CANDIDATE.points; at < CANDIDATE.size; at += 2) {
    points.push(make(row[at] as number, row[at + 1] as number));
  }
  return points;
}
