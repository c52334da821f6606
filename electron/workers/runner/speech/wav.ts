/** Reads WAV files as the sound that speech models hear: one channel, 16,000 samples a second. Pure. */
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact, type Message } from '../../../../shared/models/message.ts';
import { RATE } from './config.ts';
import { createResampler } from './resample.ts';

const PCM = 1;
const FLOAT = 3;
/** The format is named further on. */
const EXTENSIBLE = 0xfffe;

/** Of a file, before its sound: empty ones could be millions. */
const MOST_BLOCKS = 10_000;

interface Format {
  code: number;
  channels: number;
  rate: number;
  bits: number;
}

const unreadable = (message: Message) => new PilotlightError('RECORDING_UNREADABLE', { message });

/** A recording, of which only a part at a time is decoded: a long one would keep the door from answering. */
export interface Sound {
  readonly samples: number;
  /** From a place on, at most so many; fewer at the end. */
  part(from: number, most: number): Int16Array;
}

/** Throws RECORDING_UNREADABLE with the reason. */
export function readWav(bytes: Buffer): Sound {
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE')
    throw unreadable(fact('RECORDING_NOT_WAV', { format: formatOf(bytes) }));
  let format: Format | null = null;
  for (let at = 12, blocks = 0; at + 8 <= bytes.length && blocks < MOST_BLOCKS; blocks += 1) {
    const name = bytes.toString('latin1', at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    const begin = at + 8;
    if (name === 'fmt ' && size >= 16 && begin + size <= bytes.length)
      format = readFormat(bytes, begin, size);
    if (name === 'data') {
      if (format === null) break;
      // A program that writes into a pipe does not know the size, and leaves it at 0 or at the most.
      const isKnown = size > 0 && begin + size <= bytes.length;
      return soundOf(bytes.subarray(begin, isKnown ? begin + size : bytes.length), format);
    }
    at = begin + size + (size % 2);
  }
  throw unreadable(fact('RECORDING_BROKEN'));
}

function readFormat(bytes: Buffer, at: number, size: number): Format {
  const code = bytes.readUInt16LE(at);
  return {
    code: code === EXTENSIBLE && size >= 26 ? bytes.readUInt16LE(at + 24) : code,
    channels: bytes.readUInt16LE(at + 2),
    rate: bytes.readUInt32LE(at + 4),
    bits: bytes.readUInt16LE(at + 14),
  };
}

type ReadSample = (bytes: Buffer, at: number) => number;

/** From -1 to 1. */
const readers: Readonly<Record<string, ReadSample>> = {
  [`${PCM} 8`]: (bytes, at) => (bytes.readUInt8(at) - 128) / 2 ** 7,
  [`${PCM} 16`]: (bytes, at) => bytes.readInt16LE(at) / 2 ** 15,
  [`${PCM} 24`]: (bytes, at) => bytes.readIntLE(at, 3) / 2 ** 23,
  [`${PCM} 32`]: (bytes, at) => bytes.readInt32LE(at) / 2 ** 31,
  [`${FLOAT} 32`]: (bytes, at) => bytes.readFloatLE(at),
  [`${FLOAT} 64`]: (bytes, at) => bytes.readDoubleLE(at),
};

const LEAST_RATE = 4000;
const MOST_RATE = 384_000;
const MOST_CHANNELS = 64;
/** Rates that are used have far fewer. */
const MOST_WEIGHTS = 2_000_000;

function soundOf(data: Buffer, { code, channels, rate, bits }: Format): Sound {
  const found = readers[`${code} ${bits}`];
  if (found === undefined) throw unreadable(fact('RECORDING_CODING', { code, bits }));
  if (rate < LEAST_RATE || rate > MOST_RATE || channels < 1 || channels > MOST_CHANNELS)
    throw unreadable(fact('RECORDING_BROKEN'));
  const read: ReadSample = found;
  const width = bits / 8;
  const length = Math.floor(data.length / (width * channels));

  function mixed(from: number, count: number): Float32Array {
    const values = new Float32Array(count);
    const end = Math.min(count, length - from);
    for (let index = Math.max(0, -from); index < end; index += 1) {
      let sum = 0;
      for (let channel = 0; channel < channels; channel += 1)
        sum += read(data, ((from + index) * channels + channel) * width);
      values[index] = sum / channels;
    }
    return values;
  }

  const resampler = rate === RATE ? null : createResampler(rate, RATE);
  if (resampler !== null && resampler.weights > MOST_WEIGHTS) throw unreadable(fact('RECORDING_BROKEN'));
  const samples = resampler?.lengthOf(length) ?? length;
  return {
    samples,
    part(from, most) {
      const count = Math.max(0, Math.min(most, samples - from));
      if (count === 0) return new Int16Array(0);
      return toSamples(resampler?.part(from, count, mixed) ?? mixed(from, count));
    },
  };
}

function toSamples(values: Float32Array): Int16Array {
  return Int16Array.from(values, (value) =>
    Number.isFinite(value) ? Math.max(-32_768, Math.min(32_767, Math.round(value * 32_768))) : 0,
  );
}

const marks: readonly (readonly [RegExp, string])[] = [
  [/^ID3|^\xff[\xe2-\xff]/, 'MP3'],
  [/^fLaC/, 'FLAC'],
  [/^OggS/, 'Ogg'],
  [/^....ftyp/s, 'MP4'],
  [/^.E\xdf\xa3/s, 'WebM'],
  [/^RIFF|^RIFX|^RF64/, 'RIFF'],
];

/** By its first bytes; empty if they say nothing. */
const formatOf = (bytes: Buffer): string =>
  marks.find(([mark]) => mark.test(bytes.toString('latin1', 0, 12)))?.[1] ?? '';
