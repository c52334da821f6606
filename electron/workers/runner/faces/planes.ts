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
  const { rgb } = picture;
  const plane = width * height;
  const isFull = picture.width === width && picture.height === height;
  for (let channel = 0; channel < 3; channel += 1) {
    const factor = scale / (deviation[channel] as number);
    const shift = (mean[channel] as number) / (deviation[channel] as number);
    const start = offset + plane * (order === 'rgb' ? channel : 2 - channel);
    if (!isFull && shift !== 0) into.fill(-shift, start, start + plane);
    for (let y = 0; y < picture.height; y += 1) {
      let to = start + y * width;
      let from = y * picture.width * 3 + channel;
      for (let x = 0; x < picture.width; x += 1) {
        into[to] = (rgb[from] as number) * factor - shift;
        to += 1;
        from += 3;
      }
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
