/** What a Whisper model hears: the log-mel spectrogram of a window, as its preprocessor makes it. Pure. */
import { createFourier } from './fourier.ts';

export interface MelShape {
  /** 80, or 128 for large-v3 and its kin. */
  bins: number;
  /** Samples of one transform, and from one to the next. */
  transform: number;
  hop: number;
  rate: number;
  /** Of a window; shorter ones are filled up with silence. */
  samples: number;
}

export interface LogMel {
  readonly shape: MelShape;
  readonly frames: number;
  /** @returns [bins, frames], row by row */
  of(samples: Int16Array): Float32Array;
}

/** Slaney's scale: even steps up to 1 kHz, even ratios above. */
const LINEAR_HZ = 1000;
const HZ_A_MEL = 200 / 3;
const LOG_STEP = Math.log(6.4) / 27;
const LINEAR_MELS = LINEAR_HZ / HZ_A_MEL;
const toMel = (hz: number) =>
  hz < LINEAR_HZ ? hz / HZ_A_MEL : LINEAR_MELS + Math.log(hz / LINEAR_HZ) / LOG_STEP;
const toHz = (mel: number) =>
  mel < LINEAR_MELS ? mel * HZ_A_MEL : LINEAR_HZ * Math.exp((mel - LINEAR_MELS) * LOG_STEP);

interface Filter {
  /** The first frequency that counts. */
  from: number;
  weights: Float64Array;
}

/** Triangles of equal area, from 0 Hz to half the rate. */
function melFilters({ bins, transform, rate }: MelShape): Filter[] {
  const highest = toMel(rate / 2);
  const edges = Array.from({ length: bins + 2 }, (_, index) => toHz((highest * index) / (bins + 1)));
  return Array.from({ length: bins }, (_, bin) => {
    const [low, middle, high] = edges.slice(bin, bin + 3) as [number, number, number];
    const weights = Float64Array.from({ length: transform / 2 + 1 }, (_, index) => {
      const hz = (index * rate) / transform;
      const rise = (hz - low) / (middle - low);
      const fall = (high - hz) / (high - middle);
      return (Math.max(0, Math.min(rise, fall)) * 2) / (high - low);
    });
    const from = weights.findIndex((weight) => weight > 0);
    const last = weights.findLastIndex((weight) => weight > 0);
    return from < 0
      ? { from: 0, weights: new Float64Array(0) }
      : { from, weights: weights.slice(from, last + 1) };
  });
}

const SMALLEST = 1e-10;
/** What is so much quieter than the loudest part is as good as silence, in powers of ten. */
const RANGE = 8;
const FULL_SCALE = 32_768;

export function createLogMel(shape: MelShape): LogMel {
  const { bins, transform, hop, samples: length } = shape;
  const frames = Math.floor(length / hop);
  const filters = melFilters(shape);
  const fourier = createFourier(transform);
  const hann = Float64Array.from(
    { length: transform },
    (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / transform),
  );
  const real = new Float64Array(transform);
  const imaginary = new Float64Array(transform);
  const power = [new Float64Array(transform / 2 + 1), new Float64Array(transform / 2 + 1)] as const;

  /** The window is mirrored at both ends. False where all of it is silent. */
  function fill(into: Float64Array, samples: Int16Array, frame: number): boolean {
    let isSilent = true;
    const begin = frame * hop - transform / 2;
    for (let index = 0; index < transform; index += 1) {
      const place = begin + index;
      const inside = place < 0 ? -place : place >= length ? 2 * (length - 1) - place : place;
      const sample = samples[inside] ?? 0;
      if (sample !== 0) isSilent = false;
      into[index] = (sample / FULL_SCALE) * (hann[index] as number);
    }
    return !isSilent;
  }

  /** Two frames at a time: the transform of real numbers leaves half of it unused. */
  function powers(): void {
    fourier.transform(real, imaginary);
    for (let index = 0; index <= transform / 2; index += 1) {
      const other = index === 0 ? 0 : transform - index;
      const [a, b] = [real[index] as number, real[other] as number];
      const [c, d] = [imaginary[index] as number, imaginary[other] as number];
      power[0][index] = ((a + b) ** 2 + (c - d) ** 2) / 4;
      power[1][index] = ((c + d) ** 2 + (b - a) ** 2) / 4;
    }
  }

  function energy({ from, weights }: Filter, spectrum: Float64Array): number {
    let sum = 0;
    for (let index = 0; index < weights.length; index += 1)
      sum += (weights[index] as number) * (spectrum[from + index] as number);
    return sum;
  }

  return {
    shape,
    frames,
    of(samples) {
      const values = new Float32Array(bins * frames).fill(Math.log10(SMALLEST));
      for (let frame = 0; frame < frames; frame += 2) {
        const hears = [fill(real, samples, frame), fill(imaginary, samples, frame + 1)];
        if (!hears.includes(true)) continue;
        powers();
        for (const [second, spectrum] of power.entries()) {
          const at = frame + second;
          if (at >= frames) continue;
          for (let bin = 0; bin < bins; bin += 1)
            values[bin * frames + at] = Math.log10(
              Math.max(SMALLEST, energy(filters[bin] as Filter, spectrum)),
            );
        }
      }
      const loudest = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
      return values.map((value) => (Math.max(value, loudest - RANGE) + 4) / 4);
    },
  };
}
