/** What the files of a speech model say: what it hears, its tokens, the sizes of its memory. Pure. */
import * as z from 'zod';
import type { SpeechPlan } from './task.ts';
import type { SpeechTokens } from './tokens.ts';

/** The parsed files of a folder; undefined for one that is not there. */
export interface SpeechSettings {
  model: unknown;
  generation: unknown;
  preprocessor: unknown;
  tokenizer: unknown;
}

/** A file that makes the model unusable. */
export class UnusableSettings extends Error {
  readonly file: string;

  constructor(file: string, reason: string) {
    super(reason);
    this.file = file;
  }
}

const id = z.number().int().nonnegative();
const size = z.number().int().positive();
const ids = z.array(id).nullish();

const modelSchema = z.object({
  model_type: z.literal('whisper'),
  d_model: size,
  decoder_attention_heads: size,
  vocab_size: size,
  max_source_positions: size.default(1500),
  max_target_positions: size.default(448),
  num_mel_bins: size.default(80),
  decoder_start_token_id: id,
  eos_token_id: id,
  suppress_tokens: ids,
  begin_suppress_tokens: ids,
});
const generationSchema = z.object({
  suppress_tokens: ids,
  begin_suppress_tokens: ids,
  no_timestamps_token_id: id.nullish(),
  max_initial_timestamp_index: id.nullish(),
  is_multilingual: z.boolean().nullish(),
  lang_to_id: z.record(z.string(), id).nullish(),
  task_to_id: z.record(z.string(), id).nullish(),
});
const preprocessorSchema = z.object({
  feature_size: size.default(80),
  n_fft: size.multipleOf(2).default(400),
  hop_length: size.default(160),
  sampling_rate: size.default(16_000),
  chunk_length: size.default(30),
});
const tokenizerSchema = z.object({
  added_tokens: z.array(z.object({ id, content: z.string() })),
});

function read<Schema extends z.ZodType>(schema: Schema, value: unknown, file: string): z.infer<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new UnusableSettings(file, [issue?.path.join('.'), issue?.message].filter(Boolean).join(': '));
}

/** Samples a second of all sound here. */
export const RATE = 16_000;
const LANGUAGE = /^<\|([a-z]{2,3})\|>$/;

/** Throws UnusableSettings. */
export function readSpeechPlan(files: SpeechSettings): SpeechPlan {
  const model = read(modelSchema, files.model ?? {}, 'config.json');
  const preprocessor = read(preprocessorSchema, files.preprocessor ?? {}, 'preprocessor_config.json');
  const { sampling_rate: rate, chunk_length: seconds, hop_length: hop } = preprocessor;
  if (rate !== RATE)
    throw new UnusableSettings('preprocessor_config.json', `sampling_rate: ${rate}, not ${RATE}`);
  const samples = rate * seconds;
  // The encoder halves the frames.
  if (samples !== model.max_source_positions * 2 * hop)
    throw new UnusableSettings('preprocessor_config.json', `chunk_length: ${seconds}`);
  if (files.preprocessor !== undefined && preprocessor.feature_size !== model.num_mel_bins)
    throw new UnusableSettings('preprocessor_config.json', `feature_size: ${preprocessor.feature_size}`);
  return {
    mel: { bins: model.num_mel_bins, transform: preprocessor.n_fft, hop, rate, samples },
    tokens: readTokens(model, files),
    heads: model.decoder_attention_heads,
    headSize: model.d_model / model.decoder_attention_heads,
    mostTokens: model.max_target_positions,
  };
}

function readTokens(model: z.infer<typeof modelSchema>, files: SpeechSettings): SpeechTokens {
  const generation = read(generationSchema, files.generation ?? {}, 'generation_config.json');
  const { added_tokens: added } = read(tokenizerSchema, files.tokenizer, 'tokenizer.json');
  const named = new Map(added.map((token) => [token.content, token.id]));
  const withoutTimes = generation.no_timestamps_token_id ?? named.get('<|notimestamps|>');
  if (withoutTimes === undefined || withoutTimes >= model.vocab_size)
    throw new UnusableSettings('generation_config.json', 'no_timestamps_token_id');
  const languages = Object.fromEntries(
    Object.entries(generation.lang_to_id ?? Object.fromEntries(named)).flatMap(([name, token]) => {
      const code = LANGUAGE.exec(name)?.[1];
      return code === undefined || token >= withoutTimes ? [] : [[code, token]];
    }),
  );
  // The tokenizer of a model of one language names those of the others, too.
  const isMultilingual = generation.is_multilingual ?? generation.lang_to_id != null;
  const transcribe = generation.task_to_id?.transcribe ?? named.get('<|transcribe|>') ?? null;
  return {
    start: model.decoder_start_token_id,
    end: model.eos_token_id,
    transcribe: isMultilingual ? transcribe : null,
    previous: named.get('<|startofprev|>') ?? null,
    // Its name has changed; its place has not.
    noSpeech: withoutTimes - 1,
    firstTime: withoutTimes + 1,
    languages: isMultilingual ? languages : {},
    suppressed: generation.suppress_tokens ?? model.suppress_tokens ?? [],
    suppressedFirst: generation.begin_suppress_tokens ?? model.begin_suppress_tokens ?? [],
    latestStart: generation.max_initial_timestamp_index ?? null,
  };
}
