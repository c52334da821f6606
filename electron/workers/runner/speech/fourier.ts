/** The discrete Fourier transform of any length; fast where its factors are small. Pure. */

export interface Fourier {
  readonly size: number;
  /** Of complex numbers. The result replaces what is in the arrays. */
  transform(real: Float64Array, imaginary: Float64Array): void;
}

function factorsOf(size: number): number[] {
  const factors: number[] = [];
  let rest = size;
  for (const factor of [4, 2, 3, 5]) {
    while (rest % factor === 0) {
      factors.push(factor);
      rest /= factor;
    }
  }
  for (let factor = 7; rest > 1; factor += 2) {
    while (rest % factor === 0) {
      factors.push(factor);
      rest /= factor;
    }
  }
  return factors;
}

export function createFourier(size: number): Fourier {
  const factors = factorsOf(size);
  const cosines = Float64Array.from({ length: size }, (_, index) => Math.cos((2 * Math.PI * index) / size));
  const sines = Float64Array.from({ length: size }, (_, index) => -Math.sin((2 * Math.PI * index) / size));
  const widest = Math.max(1, ...factors);
  const partReal = new Float64Array(widest);
  const partImaginary = new Float64Array(widest);
  const outReal = new Float64Array(size);
  const outImaginary = new Float64Array(size);

  /** Every `stride`-th number from `from` on, transformed to `to`. */
  function part(
    source: { real: Float64Array; imaginary: Float64Array },
    at: { from: number; to: number; stride: number; length: number; depth: number },
  ): void {
    const { from, to, stride, length, depth } = at;
    const factor = factors[depth] ?? 1;
    const each = length / factor;
    if (each === 1) {
      for (let index = 0; index < factor; index += 1) {
        outReal[to + index] = source.real[from + index * stride] as number;
        outImaginary[to + index] = source.imaginary[from + index * stride] as number;
      }
    } else {
      for (let index = 0; index < factor; index += 1) {
        part(source, {
          from: from + index * stride,
          to: to + index * each,
          stride: stride * factor,
          length: each,
          depth: depth + 1,
        });
      }
    }
    join(to, each, factor, size / length);
  }

  /** The transforms of `factor` parts as one. */
  function join(to: number, each: number, factor: number, step: number): void {
    for (let place = 0; place < each; place += 1) {
      for (let index = 0; index < factor; index += 1) {
        const at = to + index * each + place;
        const turn = index * place * step;
        const [cosine, sine] = [cosines[turn] as number, sines[turn] as number];
        const [real, imaginary] = [outReal[at] as number, outImaginary[at] as number];
        partReal[index] = real * cosine - imaginary * sine;
        partImaginary[index] = real * sine + imaginary * cosine;
      }
      for (let row = 0; row < factor; row += 1) {
        let [real, imaginary] = [partReal[0] as number, partImaginary[0] as number];
        const turn = row * (size / factor);
        for (let index = 1, angle = turn; index < factor; index += 1) {
          const [cosine, sine] = [cosines[angle] as number, sines[angle] as number];
          real += (partReal[index] as number) * cosine - (partImaginary[index] as number) * sine;
          imaginary += (partReal[index] as number) * sine + (partImaginary[index] as number) * cosine;
          angle += turn;
          if (angle >= size) angle -= size;
        }
        outReal[to + row * each + place] = real;
        outImaginary[to + row * each + place] = imaginary;
      }
    }
  }

  return {
    size,
    transform(real, imaginary) {
      if (size === 0) return;
      part({ real, imaginary }, { from: 0, to: 0, stride: 1, length: size, depth: 0 });
      real.set(outReal);
      imaginary.set(outImaginary);
    },
  };
}
