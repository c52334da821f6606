/**
 * The user's ffmpeg. Files come from other people: it reads no file but the one it is given, opens no connection, and
 * takes only formats that contain their own sound and pictures, not playlists of other files.
 */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import type { Clock } from '../../core/ports/time.ts';
import { lastWords, type ProgramEnd, runProgram, startProgram } from './program.ts';

export interface MediaFacts {
  /** null if the file does not say. */
  seconds: number | null;
  hasSound: boolean;
  hasPicture: boolean;
  width: number | null;
  height: number | null;
  /** As ffmpeg calls it, such as `mov,mp4,m4a,3gp,3g2,mj2`. */
  format: string | null;
}

export interface FfmpegOptions {
  clock: Pick<Clock, 'timer'>;
  /** Where it runs: a folder of the task. */
  folder: string;
  signal: AbortSignal;
  /** Default: the variable PILOTLIGHT_FFMPEG, or the one on PATH. */
  program?: string;
}

export const ffmpegVariable = 'PILOTLIGHT_FFMPEG';
export const ffmpegProgram = (): string => process.env[ffmpegVariable] || 'ffmpeg';

/** Without a byte or a word for this long, it hangs. */
export const SILENCE_MS = 60_000;

const FORMATS = [
  ...[
    'aac',
    'ac3',
    'aiff',
    'amr',
    'ape',
    'asf',
    'au',
    'avi',
    'caf',
    'dts',
    'dv',
    'eac3',
    'flac',
    'flv',
    'gif',
  ],
  ...[
    'ivf',
    'matroska',
    'webm',
    'mov',
    'mp4',
    'm4a',
    'mp3',
    'mpeg',
    'mpegts',
    'mpegvideo',
    'mxf',
    'nut',
    'ogg',
  ],
  ...['rm', 'tta', 'voc', 'w64', 'wav', 'wv', 'xwma'],
].join(',');

/** @param path absolute */
const inputArgs = (path: string): string[] => [
  ...['-hide_banner', '-nostdin', '-protocol_whitelist', 'file', '-format_whitelist', FORMATS],
  ...['-max_pixels', '100000000', '-i', `file:${path}`],
];

function missing(error: unknown): never {
  if (error instanceof PilotlightError && error.code === 'PROGRAM_MISSING') {
    throw new PilotlightError('FFMPEG_MISSING', { cause: error });
  }
  throw error;
}

const options = ({ clock, folder, signal, program }: FfmpegOptions) => ({
  program: program ?? ffmpegProgram(),
  ...{ clock, folder, signal, silenceMs: SILENCE_MS },
});

/** Its version, as it prints it. Rejects with FFMPEG_MISSING, or MEDIA_PROGRAM_WRONG if it is something else. */
export async function ffmpegVersion(given: FfmpegOptions): Promise<string> {
  const { text } = await runProgram({ ...options(given), args: ['-version'], mostBytes: 1_000_000 }).catch(
    missing,
  );
  const version = /^ffmpeg version (\S+)/.exec(text)?.[1];
  if (version === undefined) {
    throw new PilotlightError('MEDIA_PROGRAM_WRONG', {
      message: fact('PROGRAM_IS_ANOTHER', { program: options(given).program, wanted: 'ffmpeg' }),
    });
  }
  return version;
}

/** Rejects with FFMPEG_MISSING, PROGRAM_STUCK, MEDIA_BROKEN if it contains neither sound nor pictures that are known. */
export async function describeMedia(path: string, given: FfmpegOptions): Promise<MediaFacts> {
  // Without an output it only describes the input, and reports that as a failure.
  const run = { ...options(given), args: inputArgs(path), mostBytes: 1_000_000 };
  const { said } = await runProgram(run).catch(missing);
  const facts = readDescription(said);
  if (!facts.hasSound && !facts.hasPicture) throw broken(said);
  return facts;
}

const broken = (said: string) =>
  new PilotlightError('MEDIA_BROKEN', {
    message: fact('FFMPEG_SAID', {
      said: lastWords(said.replace(/At least one output file must be specified\s*$/, '')),
    }),
  });

/** Lines of its own begin with two spaces; those of a title in the file go on behind a colon. */
export function readDescription(said: string): MediaFacts {
  const lines = said.split(/\r?\n/);
  const streams = lines.filter((line) => /^ {2}Stream #0:\d+/.test(line));
  const pictures = streams.filter((line) => /: Video: /.test(line) && !/\(attached pic\)/.test(line));
  const size = /, (\d{1,5})x(\d{1,5})\b/.exec(pictures[0] ?? '');
  const time = /^ {2}Duration: (\d{1,4}):(\d{2}):(\d{2}(?:\.\d+)?),/m.exec(said);
  return {
    seconds: time === null ? null : Number(time[1]) * 3600 + Number(time[2]) * 60 + Number(time[3]),
    hasSound: streams.some((line) => /: Audio: /.test(line)),
    hasPicture: pictures.length > 0,
    width: size === null ? null : Number(size[1]),
    height: size === null ? null : Number(size[2]),
    format: /^Input #0, (\S+), from /m.exec(said)?.[1] ?? null,
  };
}

/**
 * The sound as samples, as `cutPieces` takes them; decoded no faster than they are read. Rejects with FFMPEG_MISSING,
 * PROGRAM_STUCK, MEDIA_BROKEN, or the signal's reason.
 */
export async function* openSamples(
  path: string,
  given: FfmpegOptions,
  rate: number,
): AsyncGenerator<Buffer, void> {
  const args = [
    ...inputArgs(path),
    ...['-map', '0:a:0', '-vn', '-sn', '-dn', '-ac', '1', '-ar', String(rate), '-f', 's16le', 'pipe:1'],
  ];
  const { output } = await startProgram({ ...options(given), args: quiet(args), mostBytes: null }).catch(
    missing,
  );
  try {
    let isEmpty = true;
    for (;;) {
      const next = await output.next();
      if (next.done === true) {
        // A file that is cut off has something to say at its end; what came before counts.
        if (next.value.code !== 0 && isEmpty) throw broken(next.value.said);
        return;
      }
      isEmpty = false;
      yield next.value;
    }
  } finally {
    await output.return({ code: null, said: '' } satisfies ProgramEnd);
  }
}

/** Only errors: a damaged file would otherwise print megabytes. */
export const quiet = (args: readonly string[]): string[] => ['-loglevel', 'error', ...args];

export { inputArgs, missing as ffmpegMissing, options as ffmpegRun };
