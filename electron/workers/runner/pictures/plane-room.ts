/**
 * Where the numbers of pictures are written, again and again: fresh memory costs more than the writing. A WebAssembly
 * memory if the engine has SIMD there, else plain JavaScript with the same numbers.
 */
import {
  type ChannelPlan,
  fillBlack,
  planOf,
  type Three,
  writePixels,
  writePlanes,
} from '../faces/planes.ts';
import type { PictureFeed, Tensor } from '../sessions.ts';
import type { Picture } from './picture.ts';
import { assemblePlaneKernel, SLACK, STEP } from './plane-kernel.ts';

export interface PlaneRoom {
  readonly bytes: number;
  /** Its numbers are valid until the room is used again. */
  tensorOf(feed: PictureFeed): Tensor;
}

type Run = (
  from: number,
  end: number,
  ...rest: [...planes: Three, ...factors: Three, ...shifts: Three]
) => void;

interface Size {
  width: number;
  height: number;
}

const PAGE = 65_536;
const FLOAT = Float32Array.BYTES_PER_ELEMENT;
let compiled: WebAssembly.Module | null | undefined;

function kernelModule(): WebAssembly.Module | null {
  if (compiled !== undefined) return compiled;
  const bytes = assemblePlaneKernel();
  compiled =
    typeof WebAssembly === 'object' && WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
  return compiled;
}

export function createPlaneRoom(): PlaneRoom {
  const module = kernelModule();
  return module === null ? createPlainRoom() : createWasmRoom(module);
}

const valuesOf = ({ dims: [count, channels, height, width] }: PictureFeed) =>
  count * channels * height * width;

function createWasmRoom(module: WebAssembly.Module): PlaneRoom {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const run = new WebAssembly.Instance(module, { world: { memory } }).exports.run as Run;

  /** The numbers of all pictures come first, then the pixels of this one. */
  function write(
    { rgb, width, height }: Picture,
    { at, pixelsAt, size, plan }: { at: number; pixelsAt: number; size: Size; plan: ChannelPlan },
  ): void {
    const pixels = new Uint8Array(memory.buffer, pixelsAt, rgb.length);
    pixels.set(rgb);
    const numbers = new Float32Array(memory.buffer, 0, pixelsAt / FLOAT);
    // Rows that follow each other in the planes, too, are one.
    const isFull = width === size.width;
    const rows = isFull ? 1 : height;
    const count = isFull ? width * height : width;
    const whole = count - (count % STEP);
    const { planes, factors, shifts } = plan;
    for (let row = 0; row < rows; row += 1) {
      const from = row * count * 3;
      const starts = planes.map((one) => at + one * size.width * size.height + row * size.width);
      const addresses = starts.map((start) => start * FLOAT) as Three;
      if (whole > 0) run(pixelsAt + from, pixelsAt + from + whole * 3, ...addresses, ...factors, ...shifts);
      const rest = { from: from + whole * 3, count: count - whole };
      writePixels(pixels, rest, numbers, starts.map((start) => start + whole) as Three, plan);
    }
  }

  return {
    get bytes() {
      return memory.buffer.byteLength;
    },
    tensorOf(feed) {
      const { dims, data, normalisation } = feed;
      const [, channels, height, width] = dims;
      const plane = width * height;
      const values = valuesOf(feed);
      const pixelsAt = Math.ceil((values * FLOAT) / 16) * 16;
      const needed = pixelsAt + Math.max(0, ...data.map(({ rgb }) => rgb.length)) + SLACK;
      const pages = Math.ceil((needed - memory.buffer.byteLength) / PAGE);
      if (pages > 0) memory.grow(pages);
      const numbers = new Float32Array(memory.buffer, 0, values);
      const plan = planOf(normalisation);
      for (const [index, picture] of data.entries()) {
        const at = index * channels * plane;
        if (picture.width !== width || picture.height !== height) fillBlack(numbers, at, plane, plan);
        write(picture, { at, pixelsAt, size: { width, height }, plan });
      }
      return { type: 'float32', dims, data: numbers };
    },
  };
}

export function createPlainRoom(): PlaneRoom {
  let room = new Float32Array();
  return {
    get bytes() {
      return room.byteLength;
    },
    tensorOf(feed) {
      const { dims, data, normalisation } = feed;
      const [, channels, height, width] = dims;
      const values = valuesOf(feed);
      if (room.length < values) room = new Float32Array(values);
      const plan = planOf(normalisation);
      for (const [index, picture] of data.entries())
        writePlanes(picture, room, index * channels * height * width, { width, height }, plan);
      return { type: 'float32', dims, data: room.subarray(0, values) };
    },
  };
}
