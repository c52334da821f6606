import { createHash } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { defaultPictureLimits } from '../../../electron/workers/runner/pictures/picture.ts';
import { createPictures } from '../../../electron/workers/runner/pictures/pictures.ts';

const pictures = createPictures({ limits: defaultPictureLimits, atOnce: 2 });
const { signal } = new AbortController();
const decode = (bytes: Uint8Array) => pictures.decode(bytes, signal);

/** Red left, blue right; 40 × 20. */
const halves = () =>
  sharp({ create: { width: 40, height: 20, channels: 3, background: { r: 250, g: 10, b: 20 } } }).composite([
    {
      input: { create: { width: 20, height: 20, channels: 3, background: { r: 10, g: 20, b: 240 } } },
      left: 20,
      top: 0,
    },
  ]);

const colour = ({ rgb, width }: { rgb: Uint8Array; width: number }, x: number, y: number) =>
  [...rgb.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)].map(Number);

function expectNear(found: readonly number[], wanted: readonly number[], tolerance: number): void {
  for (const [at, value] of wanted.entries()) {
    expect(Math.abs((found[at] as number) - value)).toBeLessThanOrEqual(tolerance);
  }
}

describe('what is read', () => {
  it.each(['png', 'webp', 'tiff', 'gif', 'avif', 'jpeg'] as const)('%s', async (format) => {
    const bytes = await halves()
      .toFormat(format, { quality: 95, lossless: format === 'webp', chromaSubsampling: '4:4:4' })
      .toBuffer();
    const picture = await decode(bytes);
    expect(picture).toMatchObject({ width: 40, height: 20 });
    expect(picture.rgb).toHaveLength(40 * 20 * 3);
    expectNear(colour(picture, 4, 10), [250, 10, 20], format === 'avif' || format === 'gif' ? 12 : 4);
    expectNear(colour(picture, 35, 10), [10, 20, 240], format === 'avif' || format === 'gif' ? 12 : 4);
  });

  it('grey, with transparency, of 16 bits, and of print as three channels of 8 bits', async () => {
    const grey = await halves().removeAlpha().toColourspace('b-w').png().toBuffer();
    const greyAndClear = await halves().toColourspace('b-w').png().toBuffer();
    const clear = await halves().ensureAlpha(0.5).png().toBuffer();
    const deep = await halves().toColourspace('rgb16').png().toBuffer();
    const print = await halves().toColourspace('cmyk').jpeg().toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    expect((await sharp(print).metadata()).space).toBe('cmyk');
    expect((await sharp(grey).metadata()).channels).toBe(1);
    expect((await sharp(greyAndClear).metadata()).channels).toBe(2);
    for (const bytes of [grey, greyAndClear, clear, deep, print]) {
      expect((await decode(bytes)).rgb).toHaveLength(40 * 20 * 3);
    }
    expectNear(colour(await decode(clear), 4, 10), [250, 10, 20], 0);
    expectNear(colour(await decode(deep), 4, 10), [250, 10, 20], 1);
    expectNear(colour(await decode(print), 4, 10), [250, 10, 20], 60);
    const [red, green, blue] = colour(await decode(grey), 4, 10);
    expect([green, blue]).toEqual([red, red]);
  });

  it('turned as its orientation says', async () => {
    for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const bytes = await halves().withMetadata({ orientation }).png().toBuffer();
      const picture = await decode(bytes);
      const isTurned = orientation >= 5;
      expect([picture.width, picture.height]).toEqual(isTurned ? [20, 40] : [40, 20]);
      const redIsFirst = [1, 4, 5, 6].includes(orientation);
      expectNear(
        colour(picture, isTurned ? 10 : 4, isTurned ? 4 : 10),
        redIsFirst ? [250, 10, 20] : [10, 20, 240],
        0,
      );
    }
  });

  it('the first frame of an animation', async () => {
    const frames = Buffer.concat([Buffer.alloc(30 * 30 * 3, 200), Buffer.alloc(30 * 30 * 3, 30)]);
    const bytes = await sharp(frames, { raw: { width: 30, height: 60, channels: 3, pageHeight: 30 } })
      .gif({ delay: [100, 100] })
      .toBuffer();
    expect((await sharp(bytes).metadata()).pages).toBe(2);
    const picture = await decode(bytes);
    expect(picture).toMatchObject({ width: 30, height: 30 });
    expectNear(colour(picture, 5, 5), [200, 200, 200], 8);
  });

  it('many at once, each its own', async () => {
    const made = await Promise.all(
      Array.from({ length: 12 }, (_, at) =>
        sharp({ create: { width: 8, height: 8, channels: 3, background: { r: at * 20, g: 0, b: 0 } } })
          .png()
          .toBuffer(),
      ),
    );
    const decoded = await Promise.all(made.map(decode));
    expect(decoded.map((picture) => colour(picture, 3, 3)[0])).toEqual(made.map((_, at) => at * 20));
  });
});

describe('what is refused', () => {
  const textOf = (text: string) => Buffer.from(text);
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>';

  it.each([
    ['nothing', Buffer.alloc(0), 'PICTURE_EMPTY'],
    ['text', textOf('Dear picture,'), 'PICTURE_UNKNOWN'],
    ['zeros', Buffer.alloc(1000), 'PICTURE_UNKNOWN'],
    ['SVG', textOf(svg), 'PICTURE_NOT_SUPPORTED'],
    [
      'SVG after a declaration',
      textOf(`\ufeff <?xml version="1.0"?>\n<!-- a -->${svg}`),
      'PICTURE_NOT_SUPPORTED',
    ],
    ['a PDF document', textOf('%PDF-1.7\n'), 'PICTURE_NOT_SUPPORTED'],
    ['a BMP picture', textOf('BM000000'), 'PICTURE_NOT_SUPPORTED'],
    ['an HEIC picture', textOf('\0\0\0\x18ftypheic\0\0\0\0mif1heic'), 'PICTURE_NOT_SUPPORTED'],
    ['the beginning of a JPEG alone', Buffer.from([0xff, 0xd8, 0xff, 0xe0]), 'PICTURE_DAMAGED'],
    ['the signature of a PNG alone', Buffer.from('89504e470d0a1a0a', 'hex'), 'PICTURE_DAMAGED'],
    ['too many bytes', Buffer.alloc(defaultPictureLimits.bytes + 1, 0xff), 'PICTURE_TOO_LARGE'],
  ])('%s', async (_, bytes, code) => {
    await expect(decode(bytes)).rejects.toMatchObject({ code });
  });

  it.each(['jpeg', 'png', 'webp', 'gif', 'tiff'] as const)('a %s that is cut off', async (format) => {
    const noisy = createHash('shake256', { outputLength: 300 * 300 * 3 })
      .update('noise')
      .digest();
    const bytes = await sharp(noisy, { raw: { width: 300, height: 300, channels: 3 } })
      .toFormat(format)
      .toBuffer();
    await expect(decode(bytes.subarray(0, Math.floor(bytes.length / 2)))).rejects.toMatchObject({
      code: 'PICTURE_DAMAGED',
    });
  });

  it('a bomb, by its header, without decoding it', async () => {
    const bomb = pngOf(30_000, 30_000);
    expect(bomb.length).toBeLessThan(3_000_000);
    const before = process.memoryUsage().rss;
    await expect(decode(bomb)).rejects.toMatchObject({
      code: 'PICTURE_TOO_LARGE',
      said: { code: 'PICTURE_HAS_PIXELS', params: { width: 30_000, height: 30_000 } },
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
  });

  it('one whose sides would overflow a product of 32 bits', async () => {
    await expect(decode(pngOf(65_536, 65_537, false))).rejects.toMatchObject({ code: 'PICTURE_TOO_LARGE' });
  });

  it('when nobody waits any more', async () => {
    const reason = new Error('gone');
    await expect(pictures.decode(pngOf(4, 4), AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('where sharp cannot be loaded, and tries again next time', async () => {
    let isThere = false;
    const lame = createPictures({
      limits: defaultPictureLimits,
      atOnce: 1,
      load: async () => {
        if (!isThere) throw new Error("Cannot find module 'sharp'");
        return sharp;
      },
    });
    await expect(lame.decode(pngOf(4, 4), signal)).rejects.toMatchObject({ code: 'PICTURES_NOT_READABLE' });
    isThere = true;
    await expect(lame.decode(pngOf(4, 4), signal)).resolves.toMatchObject({ width: 4, height: 4 });
  });
});

/** A black PNG of one channel, row by row compressed: small even if its picture is not. */
function pngOf(width: number, height: number, hasRows = true): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  const rows = hasRows ? deflateSync(Buffer.alloc((width + 1) * height), { level: 9 }) : Buffer.alloc(0);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', rows),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(type), data]);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
