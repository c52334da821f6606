/** A recording of any length as text: decoded and sent piece by piece, in a bounded amount of memory. */
import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import { clockTime } from '../../../shared/text/place-text.ts';
import type { MediaFacts } from './ffmpeg.ts';
import { cutPieces, type Piece, wavOf } from './pieces.ts';
import type { Speech } from './speech-server.ts';
import { joinSpoken, type Spoken } from './transcript.ts';

export interface Transcript {
  spoken: Spoken[];
  /** As the server names it; null if it does not say. */
  language: string | null;
  /** null if it is not known. */
  seconds: number | null;
  /** Whether there was nothing that could be speech: nothing was sent then. */
  isSilent: boolean;
}

export interface TranscribeOptions {
  speech: Speech;
  signal: AbortSignal;
  /** @param share 0 to 1; null if the length of the recording is not known */
  progress(share: number | null, text: string): void;
}

/** The first one shows whether the server names times: with those, longer ones are as exact. */
const FIRST_SECONDS = 30;
const LONG_SECONDS = 300;

/** @param samples its sound, as `openSamples` decodes it */
export async function transcribeSamples(
  samples: AsyncIterable<Buffer>,
  { seconds }: Pick<MediaFacts, 'seconds'>,
  { speech, signal, progress }: TranscribeOptions,
): Promise<Transcript> {
  let wanted = FIRST_SECONDS;
  let isFirst = true;
  let spoken: Spoken[] = [];
  let language: string | null = null;
  let done = 0;
  let isSilent = true;
  const pieces = cutPieces(samples, () => wanted);

  async function hear(piece: Piece): Promise<void> {
    if (!piece.isSilent) {
      isSilent = false;
      const heard = await speech.hear(
        { name: 'speech.wav', type: 'audio/wav', content: wavOf(piece.pcm), seconds: piece.seconds },
        signal,
      );
      language ??= heard.language;
      wanted = heard.hasTimes ? LONG_SECONDS : FIRST_SECONDS;
      isFirst = false;
      const shifted = heard.spoken.map((part) => within(part, piece));
      spoken = joinSpoken(spoken, shifted, piece.overlapSeconds);
    }
    done = piece.startSeconds + piece.seconds;
    const share = seconds === null || seconds <= 0 ? null : Math.min(1, done / seconds);
    progress(share, seconds === null ? clockTime(done) : `${clockTime(done)} of ${clockTime(seconds)}`);
  }

  try {
    let next = pieces.next();
    for (;;) {
      const result = await next;
      if (result.done === true) break;
      // The next one is decoded while the server works, once it is known how long it may be.
      if (isFirst) {
        await hear(result.value);
        next = pieces.next();
      } else {
        next = pieces.next();
        next.catch(() => {});
        await hear(result.value);
      }
    }
  } finally {
    await pieces.return();
  }
  return { spoken, language, seconds: seconds ?? done, isSilent };
}

/** A model may name times beyond the end of what it heard. */
function within({ start, end, text }: Spoken, { startSeconds, seconds }: Piece): Spoken {
  return { start: startSeconds + Math.min(start, seconds), end: startSeconds + Math.min(end, seconds), text };
}

/** What servers take as it is. */
const types: Readonly<Record<string, string>> = {
  '.wav': 'audio/wav',
  '.mp3': 'audio/mpeg',
  '.mpga': 'audio/mpeg',
  '.m4a': 'audio/mp4',
  '.mp4': 'video/mp4',
  '.flac': 'audio/flac',
  '.ogg': 'audio/ogg',
  '.oga': 'audio/ogg',
  '.opus': 'audio/ogg',
  '.webm': 'audio/webm',
};
/** The limit of OpenAI's, and about 13 minutes of WAV. */
const MOST_WHOLE_BYTES = 25_000_000;

/** Without ffmpeg: the file as it is. Rejects with FFMPEG_MISSING if it is too long or of another format. */
export async function transcribeWhole(
  { path, name }: { path: string; name: string },
  { speech, signal, progress }: TranscribeOptions,
): Promise<Transcript> {
  const { size } = await stat(path);
  const type = types[extname(name).toLowerCase()];
  if (type === undefined) {
    throw new PilotlightError('FFMPEG_MISSING', { message: fact('FFMPEG_FOR_FORMAT', { name }) });
  }
  if (size > MOST_WHOLE_BYTES) {
    throw new PilotlightError('FFMPEG_MISSING', {
      message: fact('FFMPEG_FOR_LONG', { bytes: size, limit: MOST_WHOLE_BYTES }),
    });
  }
  progress(null, '');
  const content = [await readFile(path)];
  const ending = extname(name).toLowerCase();
  const heard = await speech.hear({ name: `speech${ending}`, type, content, seconds: null }, signal);
  const { spoken, language, seconds } = heard;
  return { spoken, language, seconds, isSilent: false };
}
