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

/** The same by channel: value × factor − shift, in the plane with this number. */
export interface ChannelPlan {
  planes: Three;
  factors: Three;
  shifts: Three;
}
export type Three = [red: number, green: number, blue: number];

export function planOf({ order, scale, mean, deviation }: Normalisation): ChannelPlan {
  const each = (make: (channel: 0 | 1 | 2) => number) => channels.map((channel) => make(channel)) as Three;
  return {
    planes: each((channel) => (order === 'rgb' ? channel : 2 - channel)),
    factors: each((channel) => Math.fround(scale / deviation[channel])),
    shifts: each((channel) => Math.fround(mean[channel] / deviation[channel])),
  };
}

const numberOf = ({ factors, shifts }: ChannelPlan, channel: 0 | 1 | 2, value: number): number =>
  Math.fround(Math.fround(value * factors[channel]) - shifts[channel]);

/** What a black pixel gets, everywhere in three planes. */
export function fillBlack(into: Float32Array, offset: number, plane: number, plan: ChannelPlan): void {
  for (const channel of channels) {
    const start = offset + plan.planes[channel] * plane;
    into.fill(numberOf(plan, channel, 0), start, start + plane);
  }
}

/** Writes some pixels that follow each other. @param to where each plane's numbers begin */
export function writePixels(
  rgb: Uint8Array,
  { from, count }: { from: number; count: number },
  into: Float32Array,
  to: Three,
  plan: ChannelPlan,
): void {
  for (const channel of channels) {
    const start = to[channel];
    for (let at = 0; at < count; at += 1)
      into[start + at] = numberOf(plan, channel, rgb[from + at * 3 + channel] as number);
  }
}

/**
 * Writes the picture, top left, as three planes of width × height into `into` from `offset` on. The rest has the value
 * that a black pixel gets.
 */
export function writePlanes(
  picture: Picture,
  into: Float32Array,
  offset: number,
  { width, height }: { width: number; height: number },
  plan: ChannelPlan,
): void {
  const plane = width * height;
  if (picture.width !== width || picture.height !== height) fillBlack(into, offset, plane, plan);
  for (let y = 0; y < picture.height; y += 1) {
    const to = plan.planes.map((one) => offset + one * plane + y * width) as Three;
    writePixels(picture.rgb, { from: y * picture.width * 3, count: picture.width }, into, to, plan);
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
