import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Alignment,
  alignmentOf,
  templateFor,
  warp,
} from '../../../../../electron/workers/runner/faces/alignment.ts';
import type { Picture } from '../../../../../electron/workers/runner/pictures/picture.ts';

const identity: Alignment = { a: 1, b: 0, c: 0, d: 0, e: 1, f: 0 };

describe('alignmentOf', () => {
  it('finds the turn, scale and shift that a face was moved by', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -3, max: 3, noNaN: true }),
        fc.double({ min: 0.05, max: 20, noNaN: true }),
        fc.double({ min: -2000, max: 2000, noNaN: true }),
        fc.double({ min: -2000, max: 2000, noNaN: true }),
        (angle, scale, across, down) => {
          const cos = Math.cos(angle) * scale;
          const sin = Math.sin(angle) * scale;
          const moved = templateFor(112).map(({ x, y }) => ({
            x: cos * x - sin * y + across,
            y: sin * x + cos * y + down,
          }));
          const found = alignmentOf(moved, 112) as Alignment;
          for (const [at, { x, y }] of moved.entries()) {
            const target = templateFor(112)[at] as { x: number; y: number };
            expect(found.a * x + found.b * y + found.c).toBeCloseTo(target.x, 5);
            expect(found.d * x + found.e * y + found.f).toBeCloseTo(target.y, 5);
          }
        },
      ),
    );
  });

  it('never mirrors a face', () => {
    const mirrored = templateFor(112).map(({ x, y }) => ({ x: 112 - x, y }));
    const { a, b, d, e } = alignmentOf(mirrored, 112) as Alignment;
    expect(a * e - b * d).toBeGreaterThan(0);
  });

  it('is null for points that are all in one place, or are no numbers', () => {
    expect(alignmentOf(Array(5).fill({ x: 7, y: 9 }), 112)).toBeNull();
    expect(alignmentOf(Array(5).fill({ x: Number.NaN, y: 9 }), 112)).toBeNull();
    expect(alignmentOf([{ x: 1, y: 2 }], 112)).toBeNull();
  });

  it('has the points of larger crops where insightface has them', () => {
    expect(templateFor(224)[0]).toEqual({ x: 38.2946 * 2, y: 51.6963 * 2 });
    expect(templateFor(128)[0]).toEqual({ x: 38.2946 + 8, y: 51.6963 });
    expect(templateFor(256)[0]).toEqual({ x: (38.2946 + 8) * 2, y: 51.6963 * 2 });
  });
});

describe('warp', () => {
  /** Red is 10 × x, green 10 × y, blue 255. */
  const ramp: Picture = { width: 8, height: 6, rgb: new Uint8Array(8 * 6 * 3) };
  for (let y = 0; y < 6; y += 1)
    for (let x = 0; x < 8; x += 1) ramp.rgb.set([10 * x, 10 * y, 255], (y * 8 + x) * 3);
  const at = (planes: Float32Array, side: number, x: number, y: number) =>
    [0, 1, 2].map((channel) => planes[channel * side * side + y * side + x]);

  it('copies pixels where nothing is moved, and is 0 outside', () => {
    const planes = warp(ramp, identity, 8);
    expect(at(planes, 8, 3, 2)).toEqual([30, 20, 255]);
    expect(at(planes, 8, 7, 5)).toEqual([70, 50, 255]);
    expect(at(planes, 8, 3, 6)).toEqual([0, 0, 0]);
  });

  it('mixes four neighbours without rounding', () => {
    const planes = warp(ramp, { ...identity, c: -0.25, f: -0.5 }, 4);
    expect(at(planes, 4, 1, 1)).toEqual([12.5, 15, 255]);
  });

  it('fades to 0 over the last pixel of each edge', () => {
    expect(at(warp(ramp, { ...identity, c: 0.5 }, 4), 4, 0, 0)[2]).toBe(127.5);
    expect(at(warp(ramp, { ...identity, f: 0.5 }, 4), 4, 0, 0)[2]).toBe(127.5);
    expect(at(warp(ramp, { ...identity, c: -7.5 }, 4), 4, 0, 0)[2]).toBe(127.5);
    expect(at(warp(ramp, { ...identity, f: -5.5 }, 4), 4, 0, 0)[2]).toBe(127.5);
    expect(at(warp(ramp, { ...identity, c: 1 }, 4), 4, 0, 0)[2]).toBe(0);
  });

  it('is finite wherever the face lies', () => {
    fc.assert(
      fc.property(fc.double({ min: -50, max: 50, noNaN: true }), (shift) => {
        const planes = warp(ramp, { a: 0.7, b: 0.3, c: shift, d: -0.3, e: 0.7, f: -shift }, 16);
        expect(planes.every((value) => value >= 0 && value <= 255.001)).toBe(true);
      }),
    );
  });
});
