/** Makes the input of a graph from a picture. Pure. */
import type { Picture } from '../pictures/picture.ts';

/** How a channel's value, 0 to 255, becomes a number of the input: (value × scale − mean) / deviation. */
export interface Normalisation {
  order: 'rgb' | 'bgr';
  scale: number;
  /** Red, green, blue. */
  mean: readonly [number, number, number];
  deviation: readonly [number, number, number];
}

const channels = [0, 1, 2] as const;

export const asIs = (order: 'rgb' | 'bgr'): Normalisation => ({
  order,
  scale: 1,
  mean: [0, 0, 0],
  deviation: [1, 1, 1],
});

/** The same for the three channels: (value − mean) / deviation. */
export const evenly = (mean: number, deviation: number): Normalisation => ({
  order: 'rgb',
  scale: 1,
  mean: [mean, mean, mean],
  deviation: [deviation, deviation, deviation],
});

/**
 * Writes the picture, top left, as three planes of width × height into `into` from `offset` on. The rest has the value
 * that a black pixel gets.
 */
export function writePlanes(
  picture: Picture,
  into: Float32Array,
  offset: number,
  { width, height }: { width: number; height: number },
  { order, scale, mean, deviation }: Normalisation,
): void {
  const plane = width * height;
  const isFull = picture.width === width && picture.height === height;
  const factors = channels.map((channel) => scale / deviation[channel]);
  const shifts = channels.map((channel) => mean[channel] / deviation[channel]);
  const starts = channels.map((channel) => offset + plane * (order === 'rgb' ? channel : 2 - channel));
  for (const channel of channels) {
    const start = starts[channel] as number;
    if (!isFull && shifts[channel] !== 0) into.fill(-(shifts[channel] as number), start, start + plane);
  }
  const [redFactor = 1, greenFactor = 1, blueFactor = 1] = factors;
  const [redShift = 0, greenShift = 0, blueShift = 0] = shifts;
  const [red = 0, green = 0, blue = 0] = starts;
  const { rgb } = picture;
  let from = 0;
  // One pass over the bytes: this is most of what the process does between two runs.
  for (let y = 0; y < picture.height; y += 1) {
    const row = y * width;
    for (let to = row; to < row + picture.width; to += 1) {
      into[red + to] = (rgb[from] as number) * redFactor - redShift;
      into[green + to] = (rgb[from + 1] as number) * greenFactor - greenShift;
      into[blue + to] = (rgb[from + 2] as number) * blueFactor - blueShift;
      from += 3;
    }
  }
}

/** The same for planes that are red, green and blue already, such as an aligned face. */
export function normalisePlanes(
  planes: Float32Array,
  into: Float32Array,
  offset: number,
  { order, scale, mean, deviation }: Normalisation,
): void {
  const plane = planes.length / 3;
  for (let channel = 0; channel < 3; channel += 1) {
    const factor = scale / (deviation[channel] as number);
    const shift = (mean[channel] as number) / (deviation[channel] as number);
    const start = offset + plane * (order === 'rgb' ? channel : 2 - channel);
    const source = channel * plane;
    for (let at = 0; at < plane; at += 1) into[start + at] = (planes[source + at] as number) * factor - shift;
  }
}
