import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asIs, evenly, type Normalisation } from '../../../../../electron/workers/runner/faces/planes.ts';
import {
  createPlainRoom,
  createPlaneRoom,
} from '../../../../../electron/workers/runner/pictures/plane-room.ts';
import type { PictureFeed } from '../../../../../electron/workers/runner/sessions.ts';

const imagenet: Normalisation = {
  order: 'rgb',
  scale: 1 / 255,
  mean: [0.485, 0.456, 0.406],
  deviation: [0.229, 0.224, 0.225],
};

/** One or two pictures, each no larger than the input. */
const feeds = fc
  .record({
    size: fc.tuple(fc.integer({ min: 1, max: 11 }), fc.integer({ min: 1, max: 5 })),
    smaller: fc.array(fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 2 }), fc.nat({ max: 3 })), {
      minLength: 1,
      maxLength: 2,
    }),
    bytes: fc.infiniteStream(fc.nat({ max: 255 })),
    normalisation: fc.constantFrom(asIs('rgb'), asIs('bgr'), evenly(127.5, 128), imagenet),
  })
  .map(({ size: [width, height], smaller, bytes, normalisation }): PictureFeed => {
    const data = smaller.map(([right, below, begin]) => {
      const own = { width: Math.max(1, width - right), height: Math.max(1, height - below) };
      // Decoders give a Buffer that begins anywhere.
      const rgb = Buffer.from([...bytes.take(begin + own.width * own.height * 3)]).subarray(begin);
      return { ...own, rgb };
    });
    return { type: 'pictures', dims: [data.length, 3, height, width], data, normalisation };
  });

function expected({ dims, data, normalisation }: PictureFeed): number[] {
  const [count, , height, width] = dims;
  const { order, scale, mean, deviation } = normalisation;
  return Array.from({ length: count * 3 * height * width }, (_, at) => {
    const picture = data[Math.floor(at / (3 * height * width))];
    const plane = Math.floor(at / (height * width)) % 3;
    const channel = (order === 'rgb' ? plane : 2 - plane) as 0 | 1 | 2;
    const y = Math.floor(at / width) % height;
    const x = at % width;
    const isInside = picture !== undefined && x < picture.width && y < picture.height;
    const value = isInside ? (picture.rgb[(y * picture.width + x) * 3 + channel] as number) : 0;
    return (value * scale - mean[channel]) / deviation[channel];
  });
}

describe.each([
  ['with WebAssembly', createPlaneRoom],
  ['in JavaScript', createPlainRoom],
] as const)('a room for pictures %s', (_, create) => {
  it('has each number in its place, whatever was there before', () => {
    const room = create();
    fc.assert(
      fc.property(feeds, (feed) => {
        const { dims, data } = room.tensorOf(feed);
        const wanted = expected(feed);
        expect([dims, data.length]).toEqual([feed.dims, wanted.length]);
        for (const [at, number] of wanted.entries()) expect(data[at]).toBeCloseTo(number, 5);
      }),
    );
  });

  it('grows for a larger picture', () => {
    const room = create();
    for (const side of [4, 300, 8]) {
      const rgb = new Uint8Array(side * side * 3).fill(side % 256);
      const { data } = room.tensorOf({
        type: 'pictures',
        dims: [1, 3, side, side],
        data: [{ width: side, height: side, rgb }],
        normalisation: asIs('bgr'),
      });
      expect([data.length, data[0], data.at(-1)]).toEqual([rgb.length, side % 256, side % 256]);
    }
    expect(room.bytes).toBeGreaterThanOrEqual(300 * 300 * 3 * 4);
  });
});

it('rooms of both kinds hold the same bits', () => {
  const [fast, plain] = [createPlaneRoom(), createPlainRoom()];
  fc.assert(
    fc.property(feeds, (feed) => {
      expect(fast.tensorOf(feed).data).toEqual(plain.tensorOf(feed).data);
    }),
  );
});
