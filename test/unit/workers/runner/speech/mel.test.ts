/**
 * References by numpy: the signal's window is padded by reflection, cut into frames of 400 by a sliding window in steps of
 * 160, weighted with np.hanning(401)[:-1], transformed by np.fft.rfft; the squares go through Slaney's triangles, then
 * log10, the range of 8, (x + 4) / 4.
 */
import { describe, expect, it } from 'vitest';
import { createFourier } from '../../../../../electron/workers/runner/speech/fourier.ts';
import { createLogMel } from '../../../../../electron/workers/runner/speech/mel.ts';

describe('createFourier', () => {
  it.each([1, 2, 3, 7, 12, 25, 77, 400])('transforms %i numbers as the definition does', (size) => {
    const real = Float64Array.from({ length: size }, (_, index) => Math.sin(index * 1.7) + index / size);
    const imaginary = Float64Array.from({ length: size }, (_, index) => Math.cos(index * index));
    const wanted = Array.from({ length: size }, (_, row) => {
      let [a, b] = [0, 0];
      for (let index = 0; index < size; index += 1) {
        const angle = (-2 * Math.PI * row * index) / size;
        const [x, y] = [real[index] as number, imaginary[index] as number];
        a += x * Math.cos(angle) - y * Math.sin(angle);
        b += x * Math.sin(angle) + y * Math.cos(angle);
      }
      return [a, b] as const;
    });
    createFourier(size).transform(real, imaginary);
    for (const [row, [a, b]] of wanted.entries()) {
      expect(real[row]).toBeCloseTo(a, 8);
      expect(imaginary[row]).toBeCloseTo(b, 8);
    }
  });
});

/** A tone, and one that rises: two seconds. */
const signal = Int16Array.from({ length: 32_000 }, (_, t) =>
  Math.round(
    8000 * Math.sin((2 * Math.PI * 440 * t) / 16_000) +
      3000 * Math.sin((2 * Math.PI * (200 + t * 0.05) * t) / 16_000),
  ),
);
const shape = { transform: 400, hop: 160, rate: 16_000, samples: 480_000 };

const references = [
  {
    bins: 80,
    mean: -0.635357,
    sum57: -33.5184,
    points: [
      [0, 0, 0.96464],
      [5, 0, 0.86457],
      [13, 1, 0.35034],
      [20, 57, -0.63363],
      [40, 100, 0.78823],
      [79, 150, -0.64893],
      [10, 198, 1.19307],
      [30, 199, -0.287],
      [3, 200, 0.70938],
      [40, 201, -0.64893],
      [7, 2999, -0.64893],
    ],
  },
  {
    bins: 128,
    mean: -0.590516,
    sum57: -52.4037,
    points: [
      [0, 0, 0.88888],
      [5, 0, 0.99071],
      [13, 1, 0.51393],
      [20, 57, 1.13173],
      [40, 100, -0.60182],
      [127, 150, -0.60182],
      [10, 198, -0.60182],
      [30, 199, 0.09298],
      [3, 200, 0.65426],
      [64, 201, -0.60182],
      [7, 2999, -0.60182],
    ],
  },
] as const;

describe('createLogMel', () => {
  it.each(references)('hears what numpy computes, with $bins bins', ({ bins, mean, sum57, points }) => {
    const mel = createLogMel({ ...shape, bins });
    const values = mel.of(signal);
    expect(mel.frames).toBe(3000);
    expect(values).toHaveLength(bins * 3000);
    const at = (bin: number, frame: number) => values[bin * 3000 + frame] as number;
    for (const [bin, frame, wanted] of points)
      expect(at(bin, frame), `${bin}, ${frame}`).toBeCloseTo(wanted, 3);
    const all = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(all).toBeCloseTo(mean, 4);
    const column = Array.from({ length: bins }, (_, bin) => at(bin, 57)).reduce((sum, one) => sum + one, 0);
    expect(column).toBeCloseTo(sum57, 1);
  });

  it('mirrors the end of a window that is full, and takes an odd number of frames', () => {
    const small = createLogMel({ bins: 4, transform: 8, hop: 4, rate: 16_000, samples: 20 });
    const values = small.of(Int16Array.from({ length: 20 }, (_, index) => (index % 3) * 9000 - 9000));
    expect(small.frames).toBe(5);
    expect(values).toHaveLength(20);
    expect([...values].every(Number.isFinite)).toBe(true);
  });

  it('makes silence of nothing', () => {
    const values = createLogMel({ ...shape, bins: 80 }).of(new Int16Array(0));
    expect(new Set(values)).toEqual(new Set([-1.5]));
  });
});
