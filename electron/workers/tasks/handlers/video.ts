/** Videos: what is said in them, what is to be seen, and when. */
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { PLACES_FIELD } from '../../../../shared/models/places.ts';
import { pictureAt } from '../../../../shared/text/media-text.ts';
import { clockTime } from '../../../../shared/text/place-text.ts';
import { type Frame, readFrames } from '../../media/frames.ts';
import type { Transcript } from '../../media/transcribe.ts';
import { type Spoken, transcriptOf } from '../../media/transcript.ts';
import { createPictures } from '../../runner/pictures/pictures.ts';
import { noteOf } from './audio.ts';
import { describePictures } from './descriptions.ts';
import type { Handler, HandlerContext } from './handler.ts';
import { pictureLimits, type Thumbnails, thumbnailMaker } from './image.ts';
import {
  describeFile,
  ffmpegIn,
  fileOf,
  gapError,
  type MediaTools,
  transcribeFile,
  usualTools,
} from './media.ts';

/** Shares of the progress: speech takes longest. */
const SPEECH_SHARE = 0.8;
const FRAMES_SHARE = 0.85;
const MOST_THUMBNAILS = 6;

export function createVideoHandler(
  tools: MediaTools = usualTools(),
  thumbnails: Thumbnails = thumbnailMaker(createPictures({ limits: pictureLimits, atOnce: 1 })),
): Handler {
  return {
    contentTypes: ['video'],
    // Those of recordings are all that it needs.
    components: [],
    async handle(input, context) {
      const { means, signal, progress, log } = context;
      const file = await fileOf(input, context);
      const facts = await describeFile(file.path, context, tools);
      if (facts === null) throw new PilotlightError('FFMPEG_MISSING');
      signal.throwIfAborted();
      const missing: string[] = [];
      const canHear = 'server' in means.speech;
      if (facts.hasSound && !canHear) {
        // Without a word and without a description there would be nothing to find it by.
        if (!('server' in means.vision) && 'gap' in means.speech) throw gapError(means.speech.gap);
        missing.push('speech');
      }
      const transcript =
        facts.hasSound && canHear
          ? await transcribeFile(
              file,
              facts,
              { ...context, progress: within(progress, 0, SPEECH_SHARE) },
              tools,
            )
          : null;
      progress(SPEECH_SHARE, '');
      const frames = facts.hasPicture ? await framesOf(file.path, facts.seconds, context, tools) : [];
      progress(FRAMES_SHARE, '');
      const described = await describePictures(
        frames.map(({ jpeg }) => jpeg),
        {
          means: means.vision,
          tools,
          signal,
          log,
          progress: (share) => progress(FRAMES_SHARE + (1 - FRAMES_SHARE) * share),
        },
      );
      if (described === null) missing.push('descriptions');
      const small = await thumbnailsOf(frames, thumbnails, signal);
      if (small === null) missing.push('thumbnails');
      const { text, places } = transcriptOf(inOrder(transcript, frames, described ?? []));
      return {
        content: text,
        metadata: {
          title: file.name,
          format: facts.format ?? 'unknown',
          seconds: transcript?.seconds ?? facts.seconds,
          language: transcript?.language ?? null,
          ...(facts.width === null ? {} : { width: facts.width, height: facts.height }),
          frames: frames.map(({ seconds }) => seconds),
          ...(facts.hasSound && !canHear ? {} : noteOf(facts.hasSound ? transcript : null)),
          missing,
          ...(places.length > 0 ? { [PLACES_FIELD]: places } : {}),
        },
        thumbnails: small ?? [],
      };
    },
  };
}

const within =
  (progress: HandlerContext['progress'], from: number, to: number): HandlerContext['progress'] =>
  (share, text) =>
    progress(from + (to - from) * share, text);

/** A video whose pictures cannot be decoded still has its sound. */
async function framesOf(
  path: string,
  seconds: number | null,
  context: HandlerContext,
  tools: MediaTools,
): Promise<Frame[]> {
  const frames = await readFrames(path, seconds, ffmpegIn(context, tools));
  if (frames.length === 0) context.log('No picture of the video could be decoded.');
  return frames;
}

/** null without a decoder of pictures. */
async function thumbnailsOf(
  frames: readonly Frame[],
  make: Thumbnails,
  signal: AbortSignal,
): Promise<string[] | null> {
  const every = Math.max(1, Math.ceil(frames.length / MOST_THUMBNAILS));
  const made: string[] = [];
  for (const { jpeg } of frames.filter((_, index) => index % every === 0)) {
    const small = await make(jpeg, signal);
    if (small === null) return null;
    made.push(small);
  }
  return made;
}

/** What is said and what is to be seen, by time. */
function inOrder(
  transcript: Transcript | null,
  frames: readonly Frame[],
  described: readonly (string | null)[],
): Spoken[] {
  const seen = frames.flatMap(({ seconds }, index): (Spoken & { isSeen: boolean })[] => {
    const text = described[index] ?? null;
    if (text === null) return [];
    return [
      { start: seconds, end: seconds, text: `[${clockTime(seconds)}] ${pictureAt(text)}`, isSeen: true },
    ];
  });
  const said = (transcript?.spoken ?? []).map((part) => ({ ...part, isSeen: false }));
  return [...said, ...seen].sort(
    (one, other) => one.start - other.start || Number(one.isSeen) - Number(other.isSeen),
  );
}
