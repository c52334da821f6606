/** Errors of recordings, videos and pictures that tasks read, and of the programs and models that do it. */
import type { Catalogue } from './entry.ts';

export const mediaErrors = {
  SPEECH_NOT_SET: {
    message: 'No speech server has been chosen.',
    next: 'Choose one, and its model, in Settings → Tasks.',
    status: 409,
  },
  SPEECH_REFUSED: {
    message: 'The speech server refused the recording.',
    next: 'Check the model, the address and the key in Settings → Tasks.',
    status: 422,
  },
  SPEECH_FAILED: {
    message: 'The speech server could not turn the recording into text.',
    next: 'Check the log of the speech server. The task will be tried again.',
    status: 502,
  },
  VISION_FAILED: {
    message: 'The model could not describe the picture.',
    next: 'Choose a model that can see in Settings → Tasks.',
    status: 502,
  },
  MODELS_OUT_OF_REACH: {
    message: 'This worker cannot use the models of the fleet.',
    next: 'Turn the gateway on in Settings → Gateway. If the worker is on another computer, let other computers connect, too.',
    status: 409,
  },
  MEDIA_BROKEN: {
    message: 'The file could not be read as a recording or a video.',
    next: 'Check that it plays. If it does, convert it to MP4, MP3 or WAV and send that.',
    status: 422,
  },
  MEDIA_PROGRAM_WRONG: {
    message: 'A program that the worker needs is not the one its name suggests.',
    next: "Install the right program, and set its path in the worker's environment.",
    status: 501,
  },
  FFMPEG_MISSING: {
    message: 'The worker cannot find ffmpeg.',
    next: "Install ffmpeg on the worker's machine, or set PILOTLIGHT_FFMPEG to its path.",
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
    message: 'The worker cannot find yt-dlp.',
    next: "Install yt-dlp on the worker's machine, or set PILOTLIGHT_YT_DLP to its path.",
    status: 501,
  },
  YT_DLP_OLD: {
    message: 'The yt-dlp of the worker is too old for YouTube.',
    next: 'Update it: "yt-dlp -U", or "pip install --upgrade yt-dlp[default]".',
    status: 501,
  },
  YT_DLP_FAILED: {
    message: 'The video could not be fetched with yt-dlp.',
    next: 'Try the address with yt-dlp itself, and update it: YouTube changes often.',
    status: 502,
  },
  YOUTUBE_ADDRESS_WRONG: {
    message: 'This is not the address of a YouTube video.',
    next: 'Use one like https://www.youtube.com/watch?v=… or https://youtu.be/….',
    status: 422,
  },
  YOUTUBE_UNAVAILABLE: {
    message: 'YouTube does not make this video available.',
    next: 'Try it in a browser that is not signed in: private, blocked and live videos cannot be read.',
    status: 422,
  },
} as const satisfies Catalogue;
