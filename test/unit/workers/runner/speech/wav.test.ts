import { describe, expect, it } from 'vitest';
import { wavOf } from '../../../../../electron/workers/media/pieces.ts';
import { readWav } from '../../../../../electron/workers/runner/speech/wav.ts';

interface Spec {
  code?: number;
  channels?: number;
  rate?: number;
  bits?: number;
  size?: number;
  before?: Buffer;
}

function wav(
  data: Buffer,
  { code = 1, channels = 1, rate = 16_000, bits = 16, size, before }: Spec = {},
): Buffer {
  const head = Buffer.alloc(36);
  head.write('RIFF\0\0\0\0WAVEfmt ', 0, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(code, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(((rate * channels * bits) / 8) >>> 0, 28);
  head.writeUInt16LE(((channels * bits) / 8) & 0xffff, 32);
  head.writeUInt16LE(bits, 34);
  const begin = Buffer.alloc(8);
  begin.write('data', 0, 'latin1');
  begin.writeUInt32LE(size ?? data.length, 4);
  return Buffer.concat([head, before ?? Buffer.alloc(0), begin, data]);
}
const int16 = (...values: number[]) => Buffer.from(Int16Array.from(values).buffer);
const all = (bytes: Buffer) => {
  const sound = readWav(bytes);
  return [...sound.part(0, sound.samples)];
};
const refusal = (bytes: Buffer) => {
  try {
    readWav(bytes);
  } catch (error) {
    return (error as { said: { code: string; params: unknown } }).said;
  }
  return null;
};

describe('readWav', () => {
  it('reads what the task worker sends, part by part', () => {
    const sound = readWav(Buffer.concat(wavOf(int16(1, -2, 3, 32_767, -32_768))));
    expect(sound.samples).toBe(5);
    expect([...sound.part(1, 2)]).toEqual([-2, 3]);
    expect([...sound.part(3, 100)]).toEqual([32_767, -32_768]);
    expect([...sound.part(5, 1)]).toEqual([]);
  });

  it.each([
    ['8 bits', wav(Buffer.of(128, 0, 255), { bits: 8 }), [0, -32_768, 32_512]],
    ['24 bits', wav(Buffer.of(0, 0, 0x40, 0, 0, 0xc0), { bits: 24 }), [16_384, -16_384]],
    ['32 bits', wav(Buffer.from(Int32Array.of(2 ** 30, -(2 ** 31)).buffer), { bits: 32 }), [16_384, -32_768]],
    [
      'floats, the loud and the broken ones too',
      wav(Buffer.from(Float32Array.of(0.5, -2, 7, Number.NaN).buffer), { code: 3, bits: 32 }),
      [16_384, -32_768, 32_767, 0],
    ],
    ['doubles', wav(Buffer.from(Float64Array.of(-0.25).buffer), { code: 3, bits: 64 }), [-8192]],
    ['two channels as their mean', wav(int16(100, 300, -50, 50), { channels: 2 }), [200, 0]],
    ['a size that a pipe left open', wav(int16(7, 8), { size: 0xffffffff }), [7, 8]],
    ['a size of nothing', wav(int16(7, 8), { size: 0 }), [7, 8]],
    ['a block of odd length before it', wav(int16(9), { before: Buffer.from('LIST\x03\0\0\0abc\0') }), [9]],
    ['no sound', wav(Buffer.alloc(0)), []],
  ])('reads %s', (_, bytes, samples) => {
    expect(all(bytes)).toEqual(samples);
  });

  it('reads the format that lies behind the usual fields', () => {
    const file = wav(int16(5), { code: 0xfffe });
    const more = Buffer.alloc(24);
    more.writeUInt16LE(22, 0);
    more.writeUInt16LE(1, 8);
    const whole = Buffer.concat([file.subarray(0, 36), more, file.subarray(36)]);
    whole.writeUInt32LE(40, 16);
    expect(all(whole)).toEqual([5]);
  });

  it.each([8000, 22_050, 44_100, 48_000])('hears a tone of 1 kHz at %i samples a second', (rate) => {
    const tone = Int16Array.from({ length: rate }, (_, index) =>
      Math.round(10_000 * Math.sin((2 * Math.PI * 1000 * index) / rate)),
    );
    const sound = readWav(wav(Buffer.from(tone.buffer), { rate }));
    expect(sound.samples).toBe(16_000);
    const heard = sound.part(0, 16_000);
    let worst = 0;
    for (let index = 200; index < 15_800; index += 1) {
      const wanted = 10_000 * Math.sin((2 * Math.PI * 1000 * index) / 16_000);
      worst = Math.max(worst, Math.abs((heard[index] as number) - wanted));
    }
    expect(worst).toBeLessThan(150);
    // In parts it is the same.
    expect([...sound.part(5000, 300)]).toEqual([...heard.subarray(5000, 5300)]);
  });

  it('leaves out what would be heard as something else', () => {
    const rate = 48_000;
    const tone = Int16Array.from({ length: rate }, (_, index) =>
      Math.round(10_000 * Math.sin((2 * Math.PI * 12_000 * index) / rate)),
    );
    const heard = readWav(wav(Buffer.from(tone.buffer), { rate })).part(1000, 10_000);
    expect(Math.max(...heard.map(Math.abs))).toBeLessThan(100);
  });

  it.each([
    ['an MP3', Buffer.from('ID3\x04aaaaaaaaaaaaaa', 'latin1'), 'MP3'],
    ['an MP3 without tags', Buffer.from([0xff, 0xfb, 0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0]), 'MP3'],
    ['a FLAC', Buffer.from('fLaC\0\0\0\0aaaaaaaa'), 'FLAC'],
    ['an Ogg', Buffer.from('OggS\0\0\0\0aaaaaaaa'), 'Ogg'],
    ['an MP4', Buffer.from('\0\0\0\x20ftypM4A aaaa'), 'MP4'],
    ['a WebM', Buffer.from([0x1a, 0x45, 0xdf, 0xa3, 0, 0, 0, 0, 0, 0, 0, 0]), 'WebM'],
    ['something else', Buffer.from('hello, world, hello'), ''],
    ['nothing', Buffer.alloc(0), ''],
  ])('refuses %s, and names it', (_, bytes, format) => {
    expect(refusal(bytes)).toEqual({ code: 'RECORDING_NOT_WAV', params: { format } });
  });

  it('looks for the sound behind many blocks, but not behind any number', () => {
    const blocks = (count: number) => Buffer.concat(Array(count).fill(Buffer.from('junk\0\0\0\0')));
    expect(all(wav(int16(5), { before: blocks(5000) }))).toEqual([5]);
    expect(refusal(wav(int16(5), { before: blocks(20_000) }))?.code).toBe('RECORDING_BROKEN');
  });

  it('refuses rates that would need millions of weights, and no rate that is used', () => {
    for (const rate of [383_983, 191_999, 2 ** 32 - 1, 384_001, 3999])
      expect([rate, refusal(wav(int16(5), { rate }))?.code]).toEqual([rate, 'RECORDING_BROKEN']);
    for (const rate of [
      8000, 11_025, 11_127, 37_800, 44_056, 44_101, 47_952, 88_200, 96_000, 176_400, 384_000,
    ])
      expect([rate, refusal(wav(int16(5), { rate }))]).toEqual([rate, null]);
  });

  it.each([
    ['no bits', { bits: 0 }],
    ['odd bits', { bits: 12 }],
    ['floats of 16 bits', { code: 3, bits: 16 }],
    ['a format that is named further on, and is not', { code: 0xfffe }],
  ])('refuses %s', (_, spec) => {
    expect(refusal(wav(Buffer.alloc(64), spec))?.code).toBe('RECORDING_CODING');
  });

  it('refuses more channels than there are, and reads fewer bytes than one sample as none', () => {
    expect(refusal(wav(int16(1), { channels: 65_535 }))?.code).toBe('RECORDING_BROKEN');
    expect(all(wav(Buffer.alloc(5), { channels: 64, bits: 64, code: 3 }))).toEqual([]);
  });

  it('refuses every beginning of a file in the same way', () => {
    const whole = wav(int16(1, 2, 3));
    for (let length = 0; length < 44; length += 1)
      expect(refusal(whole.subarray(0, length))?.code).toMatch(/^RECORDING_(BROKEN|NOT_WAV)$/);
  });

  it('refuses codings that it cannot read, and what is damaged', () => {
    expect(refusal(wav(int16(1), { code: 2, bits: 4 }))).toEqual({
      code: 'RECORDING_CODING',
      params: { code: 2, bits: 4 },
    });
    expect(refusal(wav(int16(1), { rate: 0 }))?.code).toBe('RECORDING_BROKEN');
    expect(refusal(wav(int16(1), { channels: 0 }))?.code).toBe('RECORDING_BROKEN');
    expect(refusal(wav(int16(1)).subarray(0, 30))?.code).toBe('RECORDING_BROKEN');
    expect(refusal(Buffer.from('RIFF\0\0\0\0WAVEdata\x04\0\0\0abcd'))?.code).toBe('RECORDING_BROKEN');
  });
});
