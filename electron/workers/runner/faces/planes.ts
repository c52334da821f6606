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
  const starts = channels.map((channel) => offset + plane * (order === 'rgb' ? channel : 2 - channel));
  const tables = channels.map((channel) => {
    const factor = scale / deviation[channel];
    const shift = mean[channel] / deviation[channel];
    // Looked up, which is faster than computed.
    return Float32Array.from({ length: 256 }, (_, value) => value * factor - shift);
  });
  for (const [channel, start] of starts.entries()) {
    const black = (tables[channel] as Float32Array)[0] as number;
    if (!isFull && black !== 0) into.fill(black, start, start + plane);
  }
  const [red = 0, green = 0, blue = 0] = starts;
  const [reds, greens, blues] = tables as [Float32Array, Float32Array, Float32Array];
  const words = wordsOf(picture);
  const { rgb } = picture;
  // One pass over the bytes: this is most of what the process does between two runs.
  for (let y = 0; y < picture.height; y += 1) {
    let to = y * width;
    const end = to + picture.width;
    if (words !== null) {
      for (let at = (y * picture.width * 3) / 4; to < end; to += 4) {
        const first = words[at] as number;
        const second = words[at + 1] as number;
        const third = words[at + 2] as number;
        at += 3;
        into[red + to] = reds[first & 255] as number;
        into[green + to] = greens[(first >>> 8) & 255] as number;
        into[blue + to] = blues[(first >>> 16) & 255] as number;
        into[red + to + 1] = reds[first >>> 24] as number;
        into[green + to + 1] = greens[second & 255] as number;
        into[blue + to + 1] = blues[(second >>> 8) & 255] as number;
        into[red + to + 2] = reds[(second >>> 16) & 255] as number;
        into[green + to + 2] = greens[second >>> 24] as number;
        into[blue + to + 2] = blues[third & 255] as number;
        into[red + to + 3] = reds[(third >>> 8) & 255] as number;
        into[green + to + 3] = greens[(third >>> 16) & 255] as number;
        into[blue + to + 3] = blues[third >>> 24] as number;
      }
    }
    for (let from = y * picture.width * 3; to < end; to += 1) {
      into[red + to] = reds[rgb[from] as number] as number;
      into[green + to] = greens[rgb[from + 1] as number] as number;
      into[blue + to] = blues[rgb[from + 2] as number] as number;
      from += 3;
    }
  }
}

/** Three words are four pixels, read in less than half the time; null where rows do not begin with a word. */
function wordsOf({ rgb, width }: Picture): Uint32Array | null {
  if (width % 4 !== 0) return null;
  // What came from another process begins anywhere in its message. All systems of the runner have the low byte first.
  const aligned = rgb.byteOffset % 4 === 0 ? rgb : new Uint8Array(rgb);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2);
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
