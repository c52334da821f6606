import { expect, it } from 'vitest';
import { overlapOf, suppress } from '../../../../../electron/workers/runner/faces/suppression.ts';

const box = (x1: number, y1: number, x2: number, y2: number) => ({ x1, y1, x2, y2 });
const rule = { overlap: 0.4, edge: 1 } as const;

it('measures what two boxes have in common', () => {
  expect(overlapOf(box(0, 0, 10, 10), box(0, 0, 10, 10), 0)).toBe(1);
  expect(overlapOf(box(0, 0, 10, 10), box(5, 0, 15, 10), 0)).toBeCloseTo(1 / 3);
  expect(overlapOf(box(0, 0, 10, 10), box(20, 0, 30, 10), 0)).toBe(0);
  expect(overlapOf(box(0, 0, 0, 0), box(0, 0, 0, 0), 0)).toBe(0);
  // Pixels that touch: their edges count.
  expect(overlapOf(box(0, 0, 9, 9), box(5, 0, 14, 9), 1)).toBeCloseTo(50 / 150);
});

it('keeps the best of boxes that show one face, and of equals the first', () => {
  const faces = [
    { box: box(0, 0, 10, 10), score: 0.7, name: 'worse' },
    { box: box(1, 0, 11, 10), score: 0.9, name: 'best' },
    { box: box(50, 0, 60, 10), score: 0.8, name: 'first' },
    { box: box(51, 0, 61, 10), score: 0.8, name: 'equal' },
  ];
  expect(suppress(faces, rule).map(({ name }) => name)).toEqual(['best', 'first']);
});

it('keeps what overlaps exactly as much as allowed', () => {
  const faces = [
    { box: box(0, 0, 10, 10), score: 0.9 },
    { box: box(5, 0, 15, 10), score: 0.8 },
  ];
  expect(suppress(faces, { overlap: 1 / 3, edge: 0 })).toHaveLength(2);
  expect(suppress(faces, { overlap: 0.33, edge: 0 })).toHaveLength(1);
});
