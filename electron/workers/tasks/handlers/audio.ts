/** Recordings: what is said in them, and when. */
import { PLACES_FIELD } from '../../../../shared/models/places.ts';
import { mediaNotes } from '../../../../shared/text/media-text.ts';
import type { MediaFacts } from '../../media/ffmpeg.ts';
import type { Transcript } from '../../media/transcribe.ts';
import { transcriptOf } from '../../media/transcript.ts';
import type { Handler, HandlerOutput } from './handler.ts';
import { describeFile, fileOf, type MediaTools, transcribeFile, usualTools } from './media.ts';
import { mediaComponents } from './media-components.ts';

export function createAudioHandler(tools: MediaTools = usualTools()): Handler {
  return {
    contentTypes: ['audio'],
    components: mediaComponents(tools),
    async handle(input, context) {
      const file = await fileOf(input, context);
      const facts = await describeFile(file.path, context, tools);
      context.signal.throwIfAborted();
      if (facts === null) context.log('ffmpeg is missing: the file is sent as it is.');
      const transcript = await transcribeFile(file, facts, context, tools);
      return audioOutput(file.name, facts, transcript);
    },
  };
}

function audioOutput(name: string, facts: MediaFacts | null, transcript: Transcript | null): HandlerOutput {
  const { text, places } = transcriptOf(transcript?.spoken ?? []);
  return {
    content: text,
    metadata: {
      title: name,
      format: facts?.format ?? 'unknown',
      seconds: transcript?.seconds ?? facts?.seconds ?? null,
      language: transcript?.language ?? null,
      ...noteOf(transcript),
      ...(places.length > 0 ? { [PLACES_FIELD]: places } : {}),
    },
  };
}

/** What is said instead of an error where nothing could be heard. */
export function noteOf(transcript: Transcript | null): { note?: string } {
  if (transcript === null) return { note: mediaNotes.withoutSound };
  return transcript.isSilent || transcript.spoken.length === 0 ? { note: mediaNotes.silent } : {};
}
