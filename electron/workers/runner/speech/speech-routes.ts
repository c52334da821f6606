/** OpenAI's transcriptions, for clients that were written for them. */
import { deflateSync } from 'node:zlib';
import * as z from 'zod';
import { isPilotlightError, PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import { createSlots } from '../../../core/runtime/slots.ts';
import { readForm } from '../doors/form.ts';
import { openaiRefusal } from '../http/openai-refusal.ts';
import { parsed } from '../http/parsed.ts';
import type { RunnerAnswer, RunnerRequest, RunnerRoute } from '../http/route.ts';
import type { Shelf } from '../models/shelf.ts';
import type { SpeechModel } from './speech-kind.ts';
import { srtOf, vttOf } from './subtitles.ts';
import { type Segment, type Transcription, transcribe } from './transcriber.ts';
import { readWav } from './wav.ts';

export interface SpeechRoutesOptions {
  shelf: Shelf;
  /** Of each recording, when it has been heard. */
  onSpeech(seconds: number): void;
}

/** An hour of one channel at 16,000 samples a second. */
const RECORDING_BYTES = 120_000_000;
/** Of recordings that wait in memory. */
const WAITING_BYTES = 256_000_000;

const fieldsSchema = z.object({
  model: z.string().optional(),
  language: z.string().optional(),
  prompt: z.string().default(''),
  response_format: z.enum(['json', 'text', 'verbose_json', 'srt', 'vtt']).default('json'),
  temperature: z.coerce.number().min(0).max(1).default(0),
});

/** For OpenAI's clients, any name of theirs means the only model there is. */
const usualNames = new Set(['', 'whisper-1']);

export function createSpeechRoutes({ shelf, onSpeech }: SpeechRoutesOptions): RunnerRoute[] {
  const slots = createSlots(1);
  let waitingBytes = 0;

  async function read(request: RunnerRequest) {
    const { fields, files } = await readForm(request, {
      fileBytes: RECORDING_BYTES,
      files: 1,
      fileFields: ['file'],
      signal: request.signal,
    });
    const granularities = ['timestamp_granularities[]', 'timestamp_granularities'].map((name) =>
      fields.get(name),
    );
    if (granularities.includes('word'))
      throw new PilotlightError('BAD_REQUEST', { message: fact('RUNNER_NO_WORD_TIMES') });
    const wanted = parsed(fieldsSchema, Object.fromEntries(fields));
    const [file] = files;
    if (file === undefined)
      throw new PilotlightError('BAD_REQUEST', { message: fact('RUNNER_BAD_FIELD', { field: 'file' }) });
    if (file.isCut)
      throw new PilotlightError('RUNNER_BODY_TOO_LARGE', {
        message: fact('RUNNER_RECORDING_TOO_LONG', { limit: RECORDING_BYTES }),
      });
    return { wanted, sound: readWav(file.bytes) };
  }

  async function answer(request: RunnerRequest): Promise<RunnerAnswer> {
    const { signal } = request;
    const { wanted, sound } = await read(request);
    const { model = '', language = '', prompt, temperature } = wanted;
    const options = {
      language: language === '' ? null : language.toLowerCase(),
      prompt,
      temperature: temperature === 0 ? null : temperature,
      signal,
    };
    const name = usualNames.has(model) && !hasModel(model) ? null : model;
    const found = await slots.run(
      () =>
        shelf.use<SpeechModel, Heard>('speech', name, async (loaded, entry) => ({
          ...(await transcribe(loaded, sound, options)),
          model: entry.name,
          provider: loaded.provider(),
        })),
      signal,
    );
    onSpeech(found.seconds);
    return shaped(found, wanted.response_format);
  }

  const hasModel = (name: string) => shelf.added().some((one) => one.kind === 'speech' && one.name === name);

  return [
    {
      method: 'POST',
      path: '/v1/audio/transcriptions',
      refusal: openaiRefusal,
      async handle(request) {
        if (shelf.usual('speech') === null) throw noModel();
        const bytes = Number(request.headers['content-length'] ?? RECORDING_BYTES);
        if (waitingBytes > 0 && waitingBytes + bytes > WAITING_BYTES)
          throw new PilotlightError('RUNNER_QUEUE_FULL', { message: fact('RUNNER_RECORDINGS_WAIT') });
        waitingBytes += bytes;
        try {
          return await answer(request);
        } catch (error) {
          throw isPilotlightError(error) && error.code === 'PICTURES_TOO_MANY'
            ? new PilotlightError('BAD_REQUEST', { message: fact('RUNNER_BAD_FIELD', { field: 'file' }) })
            : error;
        } finally {
          waitingBytes -= bytes;
        }
      },
    },
  ];
}

const noModel = () =>
  new PilotlightError('RUNNER_NO_MODEL', {
    message: fact('RUNNER_NO_SPEECH_MODEL'),
    details: { models: [] },
  });

type Heard = Transcription & { model: string; provider: string };

function shaped(found: Heard, format: z.infer<typeof fieldsSchema>['response_format']): RunnerAnswer {
  const { segments, seconds, language, model, provider } = found;
  const text = segments
    .map((one) => one.text)
    .join('')
    .trim();
  if (format === 'json') return { status: 200, body: { text } };
  if (format === 'verbose_json')
    return {
      status: 200,
      body: {
        task: 'transcribe',
        language: language === null ? '' : nameOf(language),
        duration: rounded(seconds),
        text,
        segments: segments.map(shapedSegment),
        model,
        provider,
      },
    };
  const type = format === 'srt' ? 'application/x-subrip' : format === 'vtt' ? 'text/vtt' : 'text/plain';
  const body = format === 'srt' ? srtOf(segments) : format === 'vtt' ? vttOf(segments) : `${text}\n`;
  return { status: 200, headers: { 'content-type': `${type}; charset=utf-8` }, body };
}

const rounded = (value: number) => Math.round(value * 1000) / 1000;

function shapedSegment({ start, end, text, tokens, seek, window }: Segment, id: number) {
  const bytes = Buffer.from(text);
  return {
    id,
    // In steps of 10 ms, as OpenAI counts.
    seek: Math.round(seek * 100),
    start: rounded(start),
    end: rounded(end),
    text,
    tokens,
    temperature: window.temperature,
    avg_logprob: window.logprob,
    compression_ratio: bytes.length / deflateSync(bytes).length,
    no_speech_prob: window.noSpeech,
  };
}

/** In English, as OpenAI names it: `english`. */
function nameOf(code: string): string {
  const name = new Intl.DisplayNames(['en'], { type: 'language' }).of(code) ?? code;
  return name.toLowerCase();
}
