/** Videos on YouTube: their captions, or else what is said in them. */
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import { PLACES_FIELD } from '../../../../shared/models/places.ts';
import { chooseCaptions, readCaptions } from '../../media/captions.ts';
import { type Spoken, transcriptOf } from '../../media/transcript.ts';
import { youtubeAddress } from '../../media/youtube-address.ts';
import {
  describeVideo,
  loadCaptions,
  loadSound,
  type VideoFacts,
  type YtDlpOptions,
  ytDlpVersion,
} from '../../media/yt-dlp.ts';
import { noteOf } from './audio.ts';
import type { Handler, HandlerContext } from './handler.ts';
import { describeFile, type MediaTools, transcribeFile, usualTools } from './media.ts';
import { ytDlpComponent } from './media-components.ts';

/** Shares of the progress. */
const DESCRIBED = 0.1;
const LOADED = 0.3;
const MOST_DESCRIPTION = 5000;

interface Heard {
  spoken: readonly Spoken[];
  from: 'captions' | 'automatic captions' | 'sound';
  language: string | null;
  note?: string;
}

export function createYoutubeHandler(tools: MediaTools = usualTools()): Handler {
  return {
    contentTypes: ['youtube'],
    components: [ytDlpComponent(tools)],
    async handle(input, context) {
      if (input.kind !== 'url') throw new PilotlightError('YOUTUBE_ADDRESS_WRONG');
      const { id, url } = youtubeAddress(input.url);
      const { folder, signal, progress } = context;
      const { clock, ytDlp } = tools;
      const program: YtDlpOptions = {
        clock,
        folder,
        signal,
        ...(ytDlp === undefined ? {} : { program: ytDlp }),
      };
      await ytDlpVersion(program);
      const facts = await describeVideo(url, program);
      progress(DESCRIBED, facts.title);
      const heard =
        (await captionsOf(url, facts, context, program)) ?? (await soundOf(url, context, program));
      const { text, places } = transcriptOf(heard.spoken);
      return {
        content: text,
        metadata: {
          title: facts.title,
          format: 'youtube',
          video: id,
          address: url,
          author: facts.author,
          date: facts.date,
          seconds: facts.seconds,
          language: heard.language,
          from: heard.from,
          description: facts.description?.slice(0, MOST_DESCRIPTION) ?? null,
          ...(heard.note === undefined ? {} : { note: heard.note }),
          ...(places.length > 0 ? { [PLACES_FIELD]: places } : {}),
        },
      };
    },
  };

  /** null if there are none that can be read. */
  async function captionsOf(
    url: string,
    facts: VideoFacts,
    { options, means, log }: HandlerContext,
    program: YtDlpOptions,
  ): Promise<Heard | null> {
    const wanted =
      typeof options.language === 'string' && options.language !== ''
        ? options.language
        : 'server' in means.speech
          ? means.speech.server.language
          : null;
    const choice = chooseCaptions({ ...facts, spoken: facts.language }, wanted);
    if (choice === null) return null;
    const content = await loadCaptions(url, choice, program);
    const spoken = content === null ? null : readCaptions(content);
    if (spoken === null || spoken.length === 0) {
      log(`The captions "${choice.language}" could not be read.`);
      return null;
    }
    const language = choice.language.replace(/-orig$/, '');
    return { spoken, from: choice.isAutomatic ? 'automatic captions' : 'captions', language };
  }

  async function soundOf(url: string, context: HandlerContext, program: YtDlpOptions): Promise<Heard> {
    const path = await loadSound(url, program);
    if (path === null) {
      throw new PilotlightError('YOUTUBE_UNAVAILABLE', { message: fact('YOUTUBE_WITHOUT_SOUND') });
    }
    context.progress(LOADED);
    const facts = await describeFile(path, context, tools);
    const transcript = await transcribeFile(
      { path, name: path },
      facts,
      { ...context, progress: (share, text) => context.progress(LOADED + (1 - LOADED) * share, text) },
      tools,
    );
    const { spoken = [], language = null } = transcript ?? {};
    return { spoken, from: 'sound', language, ...noteOf(transcript) };
  }
}
