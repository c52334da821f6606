/** Errors of recordings, videos and pictures that tasks read, and of the programs and models that do it. */
import type { Catalogue } from './entry.ts';

export const mediaErrors = {
  SPEECH_NOT_SET: {
    message: 'Nothing is chosen that turns speech into text.',
    next: 'Choose a speech server and its model in Settings → Tasks.',
    status: 409,
  },
  SPEECH_REFUSED: {
    message: 'The speech server refused the recording.',
    next: 'Check the model, the address and the key in Settings → Tasks.',
    status: 422,
  },
  SPEECH_FAILED: {
    message: 'The speech server could not turn the recording into text.',
    next: 'Look into the log of the speech server. The task is tried again.',
    status: 502,
  },
  VISION_FAILED: {
    message: 'The model could not describe the picture.',
    next: 'Choose a model that can see in Settings → Tasks.',
    status: 502,
  },
  MODELS_OUT_OF_REACH: {
    message: 'This worker cannot use the models of the fleet.',
    next: 'Switch the gateway on, and let other computers connect if the worker is on one, in Settings → Gateway.',
    status: 409,
  },
  MEDIA_BROKEN: {
    message: 'The file is no recording or video that can be read.',
    next: 'Play it; if that works, convert it to MP4, MP3 or WAV and send that.',
    status: 422,
  },
  MEDIA_PROGRAM_WRONG: {
    message: 'A program that the worker needs is another one than its name says.',
    next: 'Install the right program, and name its path in the environment of the worker.',
    status: 501,
  },
  FFMPEG_MISSING: {
    message: 'The worker has no ffmpeg.',
    next: 'Install ffmpeg on the machine of the worker, or name its path in PILOTLIGHT_FFMPEG.',
    status: 501,
  },
  PROGRAM_MISSING: {
    message: 'A program that the worker needs could not be started.',
    next: 'Install it on the machine of the worker.',
    status: 501,
  },
  PROGRAM_STUCK: {
    message: 'A program that worked on the file stopped responding, and was ended.',
    next: 'Try the file with the program itself: it may be damaged.',
    status: 504,
  },
  PROGRAM_OUTPUT_TOO_LARGE: {
    message: 'A program that worked on the file printed too much, and was ended.',
    next: 'Check that the right program is installed on the machine of the worker.',
    status: 502,
  },
  YT_DLP_MISSING: {
    message: 'The worker has no yt-dlp.',
    next: 'Install yt-dlp on the machine of the worker, or name its path in PILOTLIGHT_YT_DLP.',
    status: 501,
  },
  YT_DLP_OLD: {
    message: 'The yt-dlp of the worker is too old for YouTube.',
    next: 'Update it: "yt-dlp -U", or "pip install --upgrade yt-dlp[default]".',
    status: 501,
  },
  YT_DLP_FAILED: {
    message: 'The video could not be fetched by yt-dlp.',
    next: 'Try the address with yt-dlp itself, and update it: YouTube changes often.',
    status: 502,
  },
  YOUTUBE_ADDRESS_WRONG: {
    message: 'This is no address of a video on YouTube.',
    next: 'Use one such as https://www.youtube.com/watch?v=… or https://youtu.be/….',
    status: 422,
  },
  YOUTUBE_UNAVAILABLE: {
    message: 'YouTube does not hand this video out.',
    next: 'Open it in a browser without signing in: private, blocked and live videos cannot be read.',
    status: 422,
  },
} as const satisfies Catalogue;
