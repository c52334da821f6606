/** OpenAI's transcriptions, for clients that were written for them. */
import * as z from 'zod';
import { isPilotlightError, PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import { createSlots } from '../../../core/runtime/slots.ts';
import { readForm } from '../doors/form.ts';
import { openaiRefusal } from '../http/openai-refusal.ts';
import { parsed } from '../http/parsed.ts';
import type { RunnerAnswer, RunnerRequest, RunnerRoute } from '../http/route.ts';
import type { Shelf } from '../models/shelf.ts';
import { type Heard, shaped, speechFormats } from './openai-shape.ts';
import type { SpeechModel } from './speech-kind.ts';
import { type TranscribeOptions, transcribe } from './transcriber.ts';
import { readWav, type Sound } from './wav.ts';

export const SPEECH_PATH = '/v1/audio/transcriptions';

export interface SpeechRoutesOptions {
  shelf: Shelf;
  /** Of each recording, when it has been heard. */
  onSpeech(seconds: number): void;
  pause(): Promise<void>;
}

/** An hour of one channel at 16,000 samples a second. */
const RECORDING_BYTES = 120_000_000;
/** With it in base64, and what is asked beside it. */
const BODY_BYTES = RECORDING_BYTES * 1.4;
/** Of recordings that wait in memory. */
const WAITING_BYTES = 256_000_000;

const wishSchema = z.object({
  model: z.string().nullish(),
  language: z.string().nullish(),
  prompt: z.string().default(''),
});
const fieldsSchema = wishSchema.extend({
  response_format: z.enum(speechFormats).default('json'),
  temperature: z.coerce.number().min(0).max(1).default(0),
});

/** The bytes of the file in base64. */
const bodySchema = wishSchema.extend({ data: z.base64() });

/** For OpenAI's clients, any name of theirs means the only model there is. */
const usualNames = new Set(['', 'whisper-1']);

export function createSpeechRoutes({ shelf, onSpeech, pause }: SpeechRoutesOptions): RunnerRoute[] {
  const slots = createSlots(1);
  let waitingBytes = 0;

  const hasModel = (name: string) => shelf.added().some((one) => one.kind === 'speech' && one.name === name);

  async function hear(
    sound: Sound,
    { model, language, prompt }: z.infer<typeof wishSchema>,
    more: Pick<TranscribeOptions, 'temperature' | 'signal'>,
  ): Promise<Heard> {
    const name = model == null || (usualNames.has(model) && !hasModel(model)) ? null : model;
    const options = { ...more, pause, prompt, language: language ? language.toLowerCase() : null };
    const found = await slots.run(
      () =>
        shelf.use<SpeechModel, Heard>('speech', name, async (loaded, entry) => ({
          ...(await transcribe(loaded, sound, options)),
          model: entry.name,
          provider: loaded.provider(),
        })),
      more.signal,
    );
    onSpeech(found.seconds);
    return found;
  }

  async function fromForm(request: RunnerRequest): Promise<RunnerAnswer> {
    const { signal } = request;
    const { fields, files } = await readForm(request, {
      fileBytes: RECORDING_BYTES,
      files: 1,
      fileFields: ['file'],
      signal,
    }).catch((error: unknown) => {
      throw isPilotlightError(error) && error.code === 'PICTURES_TOO_MANY' ? wrongFile() : error;
    });
    const granularities = ['timestamp_granularities[]', 'timestamp_granularities'].map((name) =>
      fields.get(name),
    );
    if (granularities.includes('word'))
      throw new PilotlightError('BAD_REQUEST', { message: fact('RUNNER_NO_WORD_TIMES') });
    const wanted = parsed(fieldsSchema, Object.fromEntries(fields));
    const [file] = files;
    if (file === undefined) throw wrongFile();
    if (file.isCut) throw tooLong();
    const temperature = wanted.temperature === 0 ? null : wanted.temperature;
    return shaped(await hear(readWav(file.bytes), wanted, { temperature, signal }), wanted.response_format);
  }

  async function fromJson(request: RunnerRequest): Promise<RunnerAnswer> {
    const body = parsed(bodySchema, await request.json(BODY_BYTES));
    const bytes = Buffer.from(body.data, 'base64');
    if (bytes.length > RECORDING_BYTES) throw tooLong();
    const { signal } = request;
    return shaped(await hear(readWav(bytes), body, { temperature: null, signal }), 'verbose_json');
  }

  /** Recordings wait in memory, so there is a limit for all of them together. */
  const limited =
    (handle: (request: RunnerRequest) => Promise<RunnerAnswer>) => async (request: RunnerRequest) => {
      if (shelf.usual('speech') === null) throw noModel();
      const bytes = Number(request.headers['content-length'] ?? RECORDING_BYTES);
      // Otherwise one that only announces it would keep all others out while it is awaited.
      if (bytes > BODY_BYTES) throw tooLong();
      if (waitingBytes > 0 && waitingBytes + bytes > WAITING_BYTES)
        throw new PilotlightError('RUNNER_QUEUE_FULL', { message: fact('RUNNER_RECORDINGS_WAIT') });
      waitingBytes += bytes;
      try {
        return await handle(request);
      } finally {
        waitingBytes -= bytes;
      }
    };

  return [
    { method: 'POST', path: SPEECH_PATH, refusal: openaiRefusal, handle: limited(fromForm) },
    { method: 'POST', path: '/runner/transcribe', handle: limited(fromJson) },
  ];
}

const wrongFile = () =>
  new PilotlightError('BAD_REQUEST', { message: fact('RUNNER_BAD_FIELD', { field: 'file' }) });
const tooLong = () =>
  new PilotlightError('RUNNER_BODY_TOO_LARGE', {
    message: fact('RUNNER_RECORDING_TOO_LONG', { limit: RECORDING_BYTES }),
  });
const noModel = () =>
  new PilotlightError('RUNNER_NO_MODEL', {
    message: fact('RUNNER_NO_SPEECH_MODEL'),
    details: { models: [] },
  });
