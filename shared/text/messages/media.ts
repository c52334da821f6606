import { formatBytes, formatCount } from '../../units.ts';
import { clause } from '../grammar.ts';

/** Recordings, videos and pictures, and the programs and models that read them. */
export const mediaMessages = {
  PROGRAM_NOT_STARTED: ({ program, reason }: { program: string; reason: string }) =>
    `${program} could not be started (${reason}).`,
  PROGRAM_SILENT: ({ program, seconds }: { program: string; seconds: number }) =>
    `${program} did nothing for ${formatCount(seconds)} s and was ended.`,
  PROGRAM_PRINTED_TOO_MUCH: ({ program, limit }: { program: string; limit: number }) =>
    `${program} printed more than ${formatBytes(limit)} and was ended.`,
  PROGRAM_IS_ANOTHER: ({ program, wanted }: { program: string; wanted: string }) =>
    `${program} is not ${wanted}.`,
  FFMPEG_SAID: ({ said }: { said: string }) =>
    said === '' ? 'ffmpeg cannot read the file.' : `ffmpeg cannot read the file: ${clause(said)}.`,
  FFMPEG_FOR_FORMAT: ({ name }: { name: string }) => `"${name}" can only be read with ffmpeg.`,
  FFMPEG_FOR_LONG: ({ bytes, limit }: { bytes: number; limit: number }) =>
    `The file is ${formatBytes(bytes)}. Without ffmpeg, the limit is ${formatBytes(limit)}.`,
  SPEECH_SERVER_SAID: ({ status, said }: { status: number; said: string }) =>
    `The speech server answered with status ${status}: ${clause(said)}.`,
  SPEECH_ANSWER_UNREADABLE: () => 'The answer of the speech server contains no text.',
  VISION_SERVER_SAID: ({ status, said }: { status: number; said: string }) =>
    `The model did not describe the picture (status ${status}): ${clause(said)}.`,
  MODELS_GATEWAY_OFF: () => 'The gateway is off, so this worker cannot use the models of the fleet.',
  MODELS_GATEWAY_LOCAL: () =>
    'The gateway accepts only programs on its own computer, and this worker is on another one.',
  YT_DLP_SAID: ({ said }: { said: string }) =>
    said === '' ? 'yt-dlp ended without saying why.' : `yt-dlp: ${clause(said)}.`,
  YT_DLP_HAS_VERSION: ({ version, least }: { version: string; least: string }) =>
    `It is version ${version}; ${least} or newer is needed.`,
  YOUTUBE_IS_LIVE: () => 'The video is a live stream that has not ended yet.',
  YOUTUBE_WITHOUT_SOUND: () => 'The video has neither captions nor sound.',
};
