/**
 * The user's yt-dlp. It gets one address of YouTube that was checked, may use nothing but its part for YouTube, and
 * reads no configuration, plugins or cookies of the user.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { eitherOf } from '../../../shared/either.ts';
import { parseJson } from '../../../shared/json.ts';
import { fact } from '../../../shared/models/message.ts';
import type { Clock } from '../../core/ports/time.ts';
import type { CaptionChoice } from './captions.ts';
import { jsRuntimes } from './js-runtime.ts';
import { lastWords, runProgram } from './program.ts';

export interface YtDlpOptions {
  clock: Pick<Clock, 'timer'>;
  /** Where it runs, and writes. */
  folder: string;
  signal: AbortSignal;
  /** Default: the variable PILOTLIGHT_YT_DLP, or the one on PATH. */
  program?: string;
}

export interface VideoFacts {
  title: string;
  author: string | null;
  seconds: number | null;
  /** `2026-11-27`; null if it is not known. */
  date: string | null;
  /** Spoken; null if it is not known. */
  language: string | null;
  description: string | null;
  manual: Record<string, unknown>;
  automatic: Record<string, unknown>;
}

export const ytDlpVariable = 'PILOTLIGHT_YT_DLP';
export const ytDlpProgram = (): string => process.env[ytDlpVariable] || 'yt-dlp';

/** The first that takes a JavaScript runtime, without which YouTube hands little out. */
export const LEAST_VERSION = '2025.11.12';
const SILENCE_MS = 120_000;
const MOST_DESCRIPTION_BYTES = 32_000_000;
const MOST_CAPTION_BYTES = 16_000_000;
export const MOST_SOUND_BYTES = 1_000_000_000;

/** @param runtimes for the scripts of the site */
export const baseArgs = (runtimes: readonly string[] = jsRuntimes()): string[] => [
  ...['--ignore-config', '--no-plugin-dirs', '--no-cache-dir', '--no-cookies', '--no-cookies-from-browser'],
  ...['--use-extractors', 'youtube', '--no-playlist', '--no-exec', '--fixup', 'never', '--color', 'never'],
  '--no-js-runtimes',
  ...runtimes.flatMap((runtime) => ['--js-runtimes', runtime]),
  ...['--no-remote-components', '--no-update'],
  ...['--socket-timeout', '30', '--retries', '3', '--extractor-retries', '2', '--newline'],
];

async function run(
  args: readonly string[],
  { clock, folder, signal, program }: YtDlpOptions,
  mostBytes: number,
) {
  const name = program ?? ytDlpProgram();
  const ended = await runProgram({
    ...{ program: name, args, folder, clock, signal, mostBytes },
    silenceMs: SILENCE_MS,
  }).catch((error: unknown) => {
    const isMissing = error instanceof PilotlightError && error.code === 'PROGRAM_MISSING';
    throw isMissing ? new PilotlightError('YT_DLP_MISSING', { cause: error }) : error;
  });
  if (ended.code !== 0) throw failure(ended.said);
  return ended;
}

/** What it says about a video that cannot be fetched at all; any other failure may be temporary. */
const UNAVAILABLE =
  /private video|video unavailable|not available|has been removed|account .* terminated|sign in|members[- ]only|age[- ]restricted|copyright|premieres in|live event/i;

function failure(said: string): PilotlightError {
  const errors = said.split(/\r?\n/).filter((line) => /^ERROR:|error: /.test(line));
  const line = (errors.at(-1) ?? lastWords(said)).replace(/^.*?ERROR:\s*/, '').slice(0, 300);
  if (/no such option/i.test(said)) return new PilotlightError('YT_DLP_OLD');
  const message = fact('YT_DLP_SAID', { said: line });
  return new PilotlightError(UNAVAILABLE.test(line) ? 'YOUTUBE_UNAVAILABLE' : 'YT_DLP_FAILED', { message });
}

/** Rejects with YT_DLP_MISSING, YT_DLP_OLD, or MEDIA_PROGRAM_WRONG if it is something else. */
export async function ytDlpVersion(options: YtDlpOptions): Promise<string> {
  const { text } = await run(['--ignore-config', '--version'], options, 1_000_000);
  const version = /^\s*(\d{4}\.\d{2}\.\d{2})(?:\.\d+)?\b/.exec(text)?.[1];
  if (version === undefined) {
    const program = options.program ?? ytDlpProgram();
    throw new PilotlightError('MEDIA_PROGRAM_WRONG', {
      message: fact('PROGRAM_IS_ANOTHER', { program, wanted: 'yt-dlp' }),
    });
  }
  if (version < LEAST_VERSION) {
    throw new PilotlightError('YT_DLP_OLD', {
      message: fact('YT_DLP_HAS_VERSION', { version, least: LEAST_VERSION }),
    });
  }
  return version;
}

/** Rejects with YT_DLP_FAILED, YOUTUBE_UNAVAILABLE, PROGRAM_STUCK, PROGRAM_OUTPUT_TOO_LARGE, or the signal's reason. */
export async function describeVideo(url: string, options: YtDlpOptions): Promise<VideoFacts> {
  const { text } = await run(
    [...baseArgs(), '--dump-single-json', '--', url],
    options,
    MOST_DESCRIPTION_BYTES,
  );
  const parsed = parseJson(text);
  const found = Object(parsed) as Record<string, unknown>;
  if (typeof found.id !== 'string' || typeof found.title !== 'string') {
    throw new PilotlightError('YT_DLP_FAILED', { message: fact('YT_DLP_SAID', { said: lastWords(text) }) });
  }
  if (found.is_live === true || found.live_status === 'is_live' || found.live_status === 'is_upcoming') {
    throw new PilotlightError('YOUTUBE_UNAVAILABLE', { message: fact('YOUTUBE_IS_LIVE') });
  }
  const { title, channel, uploader, duration, upload_date: day, language, description } = found;
  const date = typeof day === 'string' ? /^(\d{4})(\d{2})(\d{2})$/.exec(day) : null;
  return {
    title,
    author: textOf(channel) ?? textOf(uploader),
    seconds: typeof duration === 'number' && duration > 0 ? duration : null,
    date: date === null ? null : `${date[1]}-${date[2]}-${date[3]}`,
    language: textOf(language),
    description: textOf(description),
    manual: Object(found.subtitles) as Record<string, unknown>,
    automatic: Object(found.automatic_captions) as Record<string, unknown>,
  };
}

const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : null;

/** The captions as text; null if there were none after all. Rejects as `describeVideo`. */
export async function loadCaptions(
  url: string,
  { language, isAutomatic }: CaptionChoice,
  options: YtDlpOptions,
): Promise<string | null> {
  const args = [
    ...baseArgs(),
    ...['--skip-download', isAutomatic ? '--write-auto-subs' : '--write-subs', '--sub-langs', language],
    ...['--sub-format', 'json3/vtt', '-o', 'captions.%(ext)s', '--', url],
  ];
  await run(args, options, 10_000_000);
  const path = await made(options.folder, /^captions\..*\.(?:json3|vtt)$/, MOST_CAPTION_BYTES);
  return path === null ? null : readFile(path, 'utf8');
}

/** The path of the sound; null if there is none. Rejects as `describeVideo`, and with FILE_TOO_LARGE. */
export async function loadSound(url: string, options: YtDlpOptions): Promise<string | null> {
  const args = [
    ...baseArgs(),
    ...['-f', 'bestaudio[ext=m4a]/bestaudio/best', '--max-filesize', String(MOST_SOUND_BYTES)],
    ...['--no-part', '--no-mtime', '-o', 'sound.%(ext)s', '--', url],
  ];
  const late = new AbortController();
  using stopping = eitherOf(options.signal, late.signal);
  const watching = watchSize(options, (error) => late.abort(error));
  try {
    const { text, said } = await run(args, { ...options, signal: stopping.signal }, 50_000_000);
    if (/larger than max-filesize/i.test(text + said)) throw tooLarge(MOST_SOUND_BYTES);
  } finally {
    watching[Symbol.dispose]();
  }
  return made(options.folder, /^sound\.[a-z0-9]+$/i, MOST_SOUND_BYTES);
}

const tooLarge = (limit: number, bytes = limit) =>
  new PilotlightError('FILE_TOO_LARGE', { message: fact('FILE_OVER_LIMIT', { bytes, limit }) });

const WATCH_MS = 2000;

/** It may not keep to the limit that it was given. */
function watchSize({ clock, folder }: YtDlpOptions, fail: (error: PilotlightError) => void): Disposable {
  let isOver = false;
  async function check(): Promise<void> {
    const bytes = await sizeOf(folder);
    if (isOver) return;
    if (bytes > MOST_SOUND_BYTES) fail(tooLarge(MOST_SOUND_BYTES, bytes));
    else timer = clock.timer(WATCH_MS, () => void check());
  }
  let timer = clock.timer(WATCH_MS, () => void check());
  return {
    [Symbol.dispose]() {
      isOver = true;
      timer.cancel();
    },
  };
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder).catch(() => [])) {
    bytes += await stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0,
    );
  }
  return bytes;
}

async function made(folder: string, pattern: RegExp, most: number): Promise<string | null> {
  const name = (await readdir(folder)).filter((one) => pattern.test(one)).sort()[0];
  if (name === undefined) return null;
  const path = join(folder, name);
  const { size } = await stat(path);
  if (size > most) throw tooLarge(most, size);
  return path;
}
