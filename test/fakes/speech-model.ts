/**
 * Small folders with speech models that onnxruntime really runs. What they say is a table: one row of logits for each
 * place in the transcript, one table for windows that are full of sound, and one for all others. A window has one second.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { wavOf } from '../../electron/workers/media/pieces.ts';
import { encodeGraph, type GraphSpec } from '../../electron/workers/runner/onnx/encode.ts';

const WORDS = ['red', 'green', 'blue', 'round', 'square', 'and', 'the', 'one', 'two', 'three'];
const MARKS = [
  '<|endoftext|>',
  '<|startoftranscript|>',
  '<|en|>',
  '<|de|>',
  '<|transcribe|>',
  '<|startofprev|>',
  '<|nospeech|>',
  '<|notimestamps|>',
];
const STEPS = 51;
const VOCABULARY = WORDS.length + MARKS.length + STEPS;
const SIZE = 4;
const BINS = 8;
const POSITIONS = 50;

export const word = (name: string): number => WORDS.indexOf(name);
export const mark = (name: string): number => WORDS.length + MARKS.indexOf(`<|${name}|>`);
/** @param seconds 0 to 1 */
export const time = (seconds: number): number => mark('notimestamps') + 1 + Math.round(seconds / 0.02);

/** Logits of a place; others are 0. */
export type Row = Readonly<Record<number, number>>;
/** A likely token. */
export const likely = (token: number, logit = 20): Row => ({ [token]: logit });

export interface SpeechModelSpec {
  /** For windows full of sound, place by place; the last row goes on. Default: "red green" from 0 to 0.6 s. */
  full?: readonly Row[];
  /** For other windows. */
  other?: readonly Row[];
  layout?: 'split' | 'merged';
  multilingual?: boolean;
  /** Added to the names of the graphs. */
  ending?: string;
  encoder?: Partial<GraphSpec>;
  decoder?: Partial<GraphSpec>;
  /** More files, by path; null leaves a usual one out. */
  files?: Readonly<Record<string, unknown>>;
}

/** Rows of the table. */
const PLACES = 120;

function table(rows: readonly Row[]): Float32Array {
  const values = new Float32Array(PLACES * VOCABULARY);
  for (let place = 0; place < PLACES; place += 1) {
    const row = rows[Math.min(place, rows.length - 1)] ?? {};
    for (const [token, logit] of Object.entries(row)) values[place * VOCABULARY + Number(token)] = logit;
  }
  return values;
}

/** The mean of the sound, everywhere. */
const encoderGraph = (changes: Partial<GraphSpec> = {}): GraphSpec => ({
  inputs: [{ name: 'input_features', type: 'float32', dims: ['batch', BINS, 2 * POSITIONS] }],
  outputs: [{ name: 'last_hidden_state', type: 'float32', dims: ['batch', POSITIONS, SIZE] }],
  constants: [
    {
      name: 'zeros',
      type: 'float32',
      dims: [1, POSITIONS, SIZE],
      data: new Float32Array(POSITIONS * SIZE),
    },
  ],
  nodes: [
    { op: 'ReduceMean', inputs: ['input_features'], outputs: ['mean'], attributes: { keepdims: 1 } },
    { op: 'Add', inputs: ['zeros', 'mean'], outputs: ['last_hidden_state'] },
  ],
  ...changes,
});

const ints = (name: string, ...values: number[]) => ({
  name,
  type: 'int64' as const,
  dims: [values.length],
  data: BigInt64Array.from(values, BigInt),
});
const int = (name: string, value: number) => ({ ...ints(name, value), dims: [] });

/** `first` hears the sound and remembers it, `next` remembers what was said, `merged` does both. */
function decoderGraph(
  role: 'first' | 'next' | 'merged',
  { full = usual, other = [likely(mark('endoftext'))] }: SpeechModelSpec,
): GraphSpec {
  const remembers = role !== 'first';
  const hears = role !== 'next';
  const cache = (name: string, length: string) => ({
    name,
    type: 'float32' as const,
    dims: ['batch', 1, length, SIZE],
  });
  const pasts = ['decoder.key', 'decoder.value', 'encoder.key', 'encoder.value'];
  const sound = hears ? 'sound' : 'past_key_values.0.encoder.key';
  return {
    inputs: [
      { name: 'input_ids', type: 'int64', dims: ['batch', 'length'] },
      ...(hears
        ? [{ name: 'encoder_hidden_states', type: 'float32' as const, dims: ['batch', POSITIONS, SIZE] }]
        : []),
      ...(remembers ? pasts.map((name) => cache(`past_key_values.0.${name}`, 'past')) : []),
      ...(role === 'merged' ? [{ name: 'use_cache_branch', type: 'bool' as const, dims: [1] }] : []),
    ],
    outputs: [
      { name: 'logits', type: 'float32', dims: ['batch', 'length', VOCABULARY] },
      ...pasts
        .filter((name) => hears || name.startsWith('decoder'))
        .map((name) => cache(`present.0.${name}`, 'all')),
    ],
    constants: [
      { name: 'full', type: 'float32', dims: [PLACES, VOCABULARY], data: table(full) },
      { name: 'other', type: 'float32', dims: [PLACES, VOCABULARY], data: table(other) },
      { name: 'words', type: 'float32', dims: [VOCABULARY, SIZE], data: new Float32Array(VOCABULARY * SIZE) },
      { name: 'level', type: 'float32', dims: [], data: Float32Array.of(LEVEL) },
      ...[ints('ones', 1), ints('zero', 0), int('nought', 0), int('unit', 1), int('two', 2)],
    ],
    nodes: [
      { op: 'Gather', inputs: ['words', 'input_ids'], outputs: ['said'] },
      { op: 'Unsqueeze', inputs: ['said', 'ones'], outputs: ['new'] },
      ...['key', 'value'].map((part) =>
        remembers
          ? {
              op: 'Concat',
              inputs: [`past_key_values.0.decoder.${part}`, 'new'],
              outputs: [`present.0.decoder.${part}`],
              attributes: { axis: 2 },
            }
          : { op: 'Identity', inputs: ['new'], outputs: [`present.0.decoder.${part}`] },
      ),
      ...(hears
        ? [
            { op: 'Unsqueeze', inputs: ['encoder_hidden_states', 'ones'], outputs: ['sound'] },
            ...['key', 'value'].map((part) => ({
              op: 'Identity',
              inputs: ['sound'],
              outputs: [`present.0.encoder.${part}`],
            })),
          ]
        : []),
      { op: 'Shape', inputs: ['present.0.decoder.key'], outputs: ['all_shape'] },
      { op: 'Gather', inputs: ['all_shape', 'two'], outputs: ['all_length'] },
      { op: 'Shape', inputs: ['input_ids'], outputs: ['ids_shape'] },
      { op: 'Gather', inputs: ['ids_shape', 'unit'], outputs: ['new_length'] },
      { op: 'Sub', inputs: ['all_length', 'new_length'], outputs: ['past_length'] },
      { op: 'Range', inputs: ['past_length', 'all_length', 'unit'], outputs: ['places'] },
      { op: 'Gather', inputs: ['full', 'places'], outputs: ['full_rows'] },
      { op: 'Gather', inputs: ['other', 'places'], outputs: ['other_rows'] },
      { op: 'ReduceMean', inputs: [sound], outputs: ['loudness'], attributes: { keepdims: 0 } },
      { op: 'Greater', inputs: ['loudness', 'level'], outputs: ['is_full'] },
      { op: 'Where', inputs: ['is_full', 'full_rows', 'other_rows'], outputs: ['rows'] },
      { op: 'Unsqueeze', inputs: ['rows', 'zero'], outputs: ['logits'] },
    ],
  };
}

/** Between the means of a window with a tone all the time and with one for a while. */
const LEVEL = -0.2;
const usual: readonly Row[] = [
  likely(time(0)),
  likely(word('red')),
  likely(word('green')),
  likely(time(0.6)),
  likely(mark('endoftext')),
];

const settings = ({ multilingual = false }: SpeechModelSpec): Readonly<Record<string, unknown>> => ({
  'config.json': {
    model_type: 'whisper',
    d_model: SIZE,
    decoder_attention_heads: 1,
    vocab_size: VOCABULARY,
    max_source_positions: POSITIONS,
    max_target_positions: 40,
    num_mel_bins: BINS,
    decoder_start_token_id: mark('startoftranscript'),
    eos_token_id: mark('endoftext'),
  },
  'generation_config.json': {
    no_timestamps_token_id: mark('notimestamps'),
    max_initial_timestamp_index: 50,
    suppress_tokens: [word('three')],
    begin_suppress_tokens: [mark('endoftext')],
    is_multilingual: multilingual,
    ...(multilingual ? { lang_to_id: { '<|en|>': mark('en'), '<|de|>': mark('de') } } : {}),
  },
  'preprocessor_config.json': {
    feature_size: BINS,
    n_fft: 400,
    hop_length: 160,
    sampling_rate: 16_000,
    chunk_length: 1,
  },
  'tokenizer.json': {
    version: '1.0',
    added_tokens: MARKS.map((content, index) => ({
      id: WORDS.length + index,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'WordLevel',
      vocab: Object.fromEntries(WORDS.map((name, id) => [`Ġ${name}`, id])),
      unk_token: 'Ġthe',
    },
  },
});

/** @returns the folder */
export function writeSpeechModel(folder: string, spec: SpeechModelSpec = {}): string {
  const { layout = 'split', ending = '', encoder, decoder, files = {} } = spec;
  const graph = (role: Parameters<typeof decoderGraph>[0]) =>
    encodeGraph({ ...decoderGraph(role, spec), ...decoder });
  const graphs: Record<string, Uint8Array> = {
    encoder_model: encodeGraph(encoderGraph(encoder)),
    ...(layout === 'merged'
      ? { decoder_model_merged: graph('merged') }
      : { decoder_model: graph('first'), decoder_with_past_model: graph('next') }),
  };
  const all: Record<string, unknown> = {
    ...settings(spec),
    ...Object.fromEntries(
      Object.entries(graphs).map(([name, bytes]) => [`onnx/${name}${ending}.onnx`, bytes]),
    ),
    ...files,
  };
  for (const [path, content] of Object.entries(all)) {
    if (content === null) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content instanceof Uint8Array ? content : JSON.stringify(content));
  }
  return folder;
}

const RATE = 16_000;

/** A WAV file: for each window the seconds of sound with which it begins. A window with 1 is full of it. */
export function recording(...windows: number[]): Buffer {
  const pcm = Buffer.alloc(windows.length * RATE * 2);
  for (const [window, seconds] of windows.entries()) {
    for (let index = 0; index < seconds * RATE; index += 1) {
      const sample = ((index * 7919) % 20_011) - 10_000;
      pcm.writeInt16LE(sample, (window * RATE + index) * 2);
    }
  }
  return Buffer.concat(wavOf(pcm));
}
