import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readExif } from '../../../../electron/workers/pictures/exif.ts';
import { makeExif } from '../../../fakes/exif.ts';

const fields = {
  main: { 270: 'A lamp', 271: 'Example Corp', 272: 'Example One' },
  camera: {
    36867: '2026:11:27 18:04:00',
    33434: [1, 125],
    33437: [28, 10],
    34855: 400,
    37386: [35, 1],
    42036: 'Lens 35',
  },
  position: { 1: 'N', 2: [48, 1, 8, 1, 30, 1], 3: 'W', 4: [11, 1, 30, 1, 0, 1] },
} as const;
const expected = {
  takenAt: '2026-11-27 18:04:00',
  camera: 'Example One',
  lens: 'Lens 35',
  exposureSeconds: 0.008,
  aperture: 2.8,
  iso: 400,
  focalLengthMm: 35,
  latitude: 48.141667,
  longitude: -11.5,
  description: 'A lamp',
};

function jpegWith(exif: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(exif.length + 8);
  const before = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xe1]);
  return Buffer.concat([before, length, Buffer.from('Exif\0\0'), exif, Buffer.from([0xff, 0xda])]);
}
function chunk(name: string, content: Buffer, isLittle: boolean): Buffer {
  const length = Buffer.alloc(4);
  if (isLittle) length.writeUInt32LE(content.length);
  else length.writeUInt32BE(content.length);
  return isLittle
    ? Buffer.concat([Buffer.from(name), length, content, Buffer.alloc(content.length % 2)])
    : Buffer.concat([length, Buffer.from(name), content, Buffer.alloc(4)]);
}

describe('what a camera wrote into a picture', () => {
  for (const order of ['II', 'MM'] as const) {
    const exif = makeExif(fields, order);
    it.each([
      ['TIFF', exif],
      ['JPEG', jpegWith(exif)],
      [
        'PNG',
        Buffer.concat([
          Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
          chunk('tEXt', Buffer.from('x'), false),
          chunk('eXIf', exif, false),
        ]),
      ],
      [
        'WebP',
        Buffer.concat([
          Buffer.from('RIFF\0\0\0\0WEBP'),
          chunk('VP8 ', Buffer.from('x'), true),
          chunk('EXIF', exif, true),
        ]),
      ],
    ])(`is read from %s (${order})`, (_format, bytes) => {
      expect(readExif(bytes)).toEqual(expected);
    });
  }

  it('is nothing where there is nothing, or only zeros', () => {
    expect(readExif(Buffer.from('text'))).toEqual({});
    expect(readExif(Buffer.alloc(0))).toEqual({});
    const zeros = {
      main: {},
      camera: { 36867: '0000:00:00 00:00:00', 33434: [0, 0] },
      position: { 1: 'N', 2: [0, 0, 0, 0, 0, 0] },
    };
    expect(readExif(makeExif(zeros, 'II'))).toEqual({});
  });

  it('names the maker where the model does not', () => {
    expect(
      readExif(makeExif({ main: { 271: 'Acme', 272: 'X100' }, camera: {}, position: {} }, 'MM')).camera,
    ).toBe('Acme X100');
  });

  it('never fails, wherever it is damaged', () => {
    const whole = jpegWith(makeExif(fields, 'II'));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 10 }),
        fc.nat(whole.length),
        (changes, end) => {
          const damaged = Buffer.from(whole);
          for (const [at, byte] of changes) damaged[at] = byte;
          expect(typeof readExif(damaged.subarray(0, end))).toBe('object');
        },
      ),
      { numRuns: 2000 },
    );
  });
});
