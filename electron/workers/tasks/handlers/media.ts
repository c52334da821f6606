/** What handlers of recordings, videos and pictures have in common. */
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isPilotlightError, PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import { createSystemClock } from '../../../adapters/clock.ts';
import { createNodeHttp } from '../../../adapters/network/http.ts';
import type { Clock } from '../../../core/ports/time.ts';
import { describeMedia, type FfmpegOptions, type MediaFacts, openSamples } from '../../media/ffmpeg.ts';
import type { SendModelCall } from '../../media/model-call.ts';
import { SAMPLE_RATE } from '../../media/pieces.ts';
import { createSpeech } from '../../media/speech-server.ts';
import { type Transcript, transcribeSamples, transcribeWhole } from '../../media/transcribe.ts';
import { fetchLimits, fetchPage } from '../../web/fetch-page.ts';
import { createWebGuard } from '../../web/web-guard.ts';
import type { Means, MeansGap, SpeechServer } from '../means.ts';
import type { HandlerContext, HandlerInput } from './handler.ts';

/** Injected by tests. */
export interface MediaTools {
  clock: Pick<Clock, 'timer' | 'sleep'>;
  send?: SendModelCall;
  ffmpeg?: string;
  ytDlp?: string;
}

export const usualTools = (): MediaTools => ({ clock: createSystemClock() });

export const ffmpegIn = (
  { folder, signal }: Pick<HandlerContext, 'folder' | 'signal'>,
  { clock, ffmpeg }: MediaTools,
): FfmpegOptions => ({ clock, folder, signal, ...(ffmpeg === undefined ? {} : { program: ffmpeg }) });

/** Why there is no server, as an error. */
export function gapError(gap: MeansGap): PilotlightError {
  if (gap === 'not-set') return new PilotlightError('SPEECH_NOT_SET');
  return new PilotlightError('MODELS_OUT_OF_REACH', {
    message: fact(gap === 'gateway-off' ? 'MODELS_GATEWAY_OFF' : 'MODELS_GATEWAY_LOCAL'),
  });
}

/** Throws SPEECH_NOT_SET or MODELS_OUT_OF_REACH. `options.language` of the sender counts before the setting. */
export function speechIn(
  speech: Means<SpeechServer>,
  options: HandlerContext['options'],
  { clock, send }: MediaTools,
) {
  if ('gap' in speech) throw gapError(speech.gap);
  const { language } = options;
  const wanted =
    typeof language === 'string' && /^[a-z]{2,3}$/.test(language) ? language : speech.server.language;
  return createSpeech({
    server: { ...speech.server, language: wanted },
    clock,
    ...(send === undefined ? {} : { send }),
  });
}

export const isMissingFfmpeg = (error: unknown): boolean =>
  isPilotlightError(error) && error.code === 'FFMPEG_MISSING';

/** null for a file without sound. */
export async function transcribeFile(
  file: { path: string; name: string },
  facts: MediaFacts | null,
  context: Pick<HandlerContext, 'folder' | 'signal' | 'means' | 'options' | 'progress'>,
  tools: MediaTools,
): Promise<Transcript | null> {
  if (facts?.hasSound === false) return null;
  const { signal } = context;
  const options = {
    speech: speechIn(context.means.speech, context.options, tools),
    signal,
    progress: (share: number | null, text: string) => context.progress(share ?? 0, text),
  };
  if (facts === null) return transcribeWhole(file, options);
  return transcribeSamples(openSamples(file.path, ffmpegIn(context, tools), SAMPLE_RATE), facts, options);
}

/** null if there is no ffmpeg. */
export const describeFile = (
  path: string,
  context: HandlerContext,
  tools: MediaTools,
): Promise<MediaFacts | null> =>
  describeMedia(path, ffmpegIn(context, tools)).catch((error: unknown) => {
    if (isMissingFfmpeg(error)) return null;
    throw error;
  });

const MOST_FETCHED = 512 * 1024 * 1024;
const FETCH_MS = 30 * 60_000;

/** The file that a task is about; one at an address is fetched, under the rules of web pages. */
export async function fileOf(
  input: HandlerInput,
  { folder, allowedHosts, signal }: Pick<HandlerContext, 'folder' | 'allowedHosts' | 'signal'>,
): Promise<{ path: string; name: string }> {
  if (input.kind === 'file') return input;
  const http = createNodeHttp();
  try {
    const limits = { ...fetchLimits, bytes: MOST_FETCHED, timeMs: FETCH_MS };
    const guard = createWebGuard({ allowedHosts });
    const { url, bytes } = await fetchPage(
      input.url,
      { http, clock: createSystemClock(), guard, limits },
      signal,
    );
    const path = join(folder, 'fetched');
    await writeFile(path, bytes);
    return { path, name: basename(new URL(url).pathname) || new URL(url).hostname };
  } finally {
    http.close();
  }
}
