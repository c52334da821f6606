import { describe, expect, it } from 'vitest';
import { templateFor } from '../../../../../electron/workers/runner/faces/alignment.ts';
import { cropRegion } from '../../../../../electron/workers/runner/faces/crop.ts';
import type { Face } from '../../../../../electron/workers/runner/faces/face.ts';
import {
  asIs,
  evenly,
  normalisePlanes,
  planOf,
  writePlanes,
} from '../../../../../electron/workers/runner/faces/planes.ts';
import { qualityOf, qualityParts } from '../../../../../electron/workers/runner/faces/quality.ts';
import { fitOf } from '../../../../../electron/workers/runner/faces/sizing.ts';

describe('fitOf', () => {
  const own = { kind: 'own', most: 1024 } as const;
  const square = { kind: 'fixed', width: 640, height: 640, enlarge: true } as const;

  it.each([
    [{ width: 512, height: 512 }, own, [512, 512, 512, 512]],
    [{ width: 400, height: 500 }, own, [400, 500, 416, 512]],
    [{ width: 1024, height: 512 }, own, [1024, 512, 1024, 512]],
    [{ width: 4000, height: 3000 }, own, [1024, 768, 1024, 768]],
    [{ width: 1025, height: 3 }, own, [1024, 2, 1024, 32]],
    [{ width: 1, height: 1 }, own, [1, 1, 32, 32]],
    [{ width: 40_000, height: 1 }, own, [1024, 1, 1024, 32]],
    [{ width: 4000, height: 3000 }, square, [640, 480, 640, 640]],
    [{ width: 3000, height: 4000 }, square, [480, 640, 640, 640]],
    [{ width: 100, height: 50 }, square, [640, 320, 640, 640]],
    [{ width: 100, height: 50 }, { ...square, enlarge: false }, [100, 50, 640, 640]],
  ])('%o at %o', (picture, sizing, expected) => {
    const { width, height, paddedWidth, paddedHeight } = fitOf(picture, sizing);
    expect([width, height, paddedWidth, paddedHeight]).toEqual(expected);
  });
});

describe('planes', () => {
  const picture = { width: 2, height: 1, rgb: Uint8Array.from([1, 2, 3, 4, 5, 6]) };

  it('are blue, green, red where the graph wants it, with black around', () => {
    const into = new Float32Array(12);
    writePlanes(picture, into, 0, { width: 2, height: 2 }, planOf(asIs('bgr')));
    expect([...into]).toEqual([3, 6, 0, 0, 2, 5, 0, 0, 1, 4, 0, 0]);
  });

  it('are normalised, black around too, and leave the rest of the batch alone', () => {
    const into = new Float32Array(18).fill(9);
    writePlanes(picture, into, 6, { width: 2, height: 2 }, planOf({ ...evenly(2, 2), scale: 2 }));
    expect([...into.subarray(0, 6)]).toEqual(Array(6).fill(9));
    expect([...into.subarray(6)]).toEqual([0, 3, -1, -1, 1, 4, -1, -1, 2, 5, -1, -1]);
  });

  it('of a face keep the order that is wanted', () => {
    const into = new Float32Array(6);
    normalisePlanes(Float32Array.from([1, 2, 3, 4, 5, 6]), into, 0, { ...evenly(1, 2), order: 'bgr' });
    expect([...into]).toEqual([2, 2.5, 1, 1.5, 0, 0.5]);
  });
});

describe('cropRegion', () => {
  const picture = { width: 100, height: 80 };

  it('has a margin, and stays inside the picture', () => {
    expect(cropRegion({ x1: 40, y1: 30, x2: 60, y2: 50 }, picture, 0.2)).toEqual({
      left: 36,
      top: 26,
      width: 28,
      height: 28,
    });
    expect(cropRegion({ x1: -5, y1: -5, x2: 15, y2: 15 }, picture, 0.2)).toEqual({
      left: 0,
      top: 0,
      width: 19,
      height: 19,
    });
    expect(cropRegion({ x1: 90.5, y1: 70.5, x2: 130, y2: 99 }, picture, 0)).toEqual({
      left: 90,
      top: 70,
      width: 10,
      height: 10,
    });
  });

  it('is null outside, and for what is no box', () => {
    expect(cropRegion({ x1: 200, y1: 10, x2: 220, y2: 20 }, picture, 0.2)).toBeNull();
    expect(cropRegion({ x1: Number.NaN, y1: 10, x2: 20, y2: 20 }, picture, 0.2)).toBeNull();
  });
});

describe('quality', () => {
  const picture = { width: 1000, height: 1000 };
  const frontal = templateFor(112).map(({ x, y }) => ({ x: x + 100, y: y + 100 }));
  const face = (changes: Partial<Face> = {}): Face => ({
    box: { x1: 100, y1: 100, x2: 212, y2: 212 },
    score: 0.95,
    landmarks: frontal,
    ...changes,
  });
  /** Stripes of a width: the wider, the less sharp. */
  const stripes = (width: number) =>
    Float32Array.from({ length: 3 * 112 * 112 }, (_, at) => (Math.floor((at % 112) / width) % 2) * 60 + 100);
  const quality = (changes: Partial<Face> = {}, planes = stripes(4)) =>
    qualityOf(qualityParts(face(changes), picture, planes, 112));

  it('is high for a large, sharp face from the front', () => {
    expect(quality()).toBeGreaterThan(0.9);
    expect(quality()).toBeLessThanOrEqual(1);
  });

  it('falls with size, sharpness, pose and score', () => {
    const small = { x1: 100, y1: 100, x2: 130, y2: 130 };
    const outside = { x1: 980, y1: 100, x2: 1092, y2: 212 };
    const turned = frontal.map((point, at) => (at === 2 ? { ...point, x: point.x + 14 } : point));
    const raised = frontal.map((point, at) => (at === 2 ? { ...point, y: point.y - 14 } : point));
    for (const worse of [
      quality({ box: small }),
      quality({ box: outside }),
      quality({ landmarks: turned }),
      quality({ landmarks: raised }),
      quality({ score: 0.5 }),
      quality({}, stripes(28)),
    ])
      expect(worse).toBeLessThan(quality() - 0.04);
  });

  it('is 0 for what nobody can be known by', () => {
    const profile = frontal.map((point, at) => (at === 2 ? { ...point, x: point.x - 40 } : point));
    expect(quality({ box: { x1: 0, y1: 0, x2: 12, y2: 12 } })).toBe(0);
    expect(quality({ landmarks: profile })).toBe(0);
    expect(quality({ landmarks: Array(5).fill({ x: 1, y: 1 }) })).toBe(0);
    expect(quality({}, new Float32Array(3 * 112 * 112).fill(80))).toBe(0);
    expect(quality({ box: { x1: Number.NaN, y1: 0, x2: 12, y2: 12 } })).toBe(0);
  });

  it('does not judge a pose that it does not know', () => {
    expect(qualityParts(face({ landmarks: null }), picture, stripes(4), 112).pose).toBe(1);
  });
});
