/** The graphs of a speech model, as exporters name and lay them out: `onnx/encoder_model.onnx` and its decoders. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import { orderOf, type Precision } from '../models/folder.ts';

/** Relative to the model's folder. */
export interface SpeechGraphs {
  encoder: string;
  /** Without a memory. */
  first: string;
  /** With it; the same one if it can do both. */
  next: string;
}

const endings: readonly (readonly [string, Precision])[] = [
  ['_quantized', 'int8'],
  ['_int8', 'int8'],
  ['_uint8', 'int8'],
  ['', 'float32'],
  ['_fp16', 'float16'],
];

export interface SpeechFiles {
  graphs: SpeechGraphs;
  precision: Precision;
}

/** Files beside the graphs that change what is heard. */
export const speechFiles = [
  'tokenizer.json',
  'tokenizer_config.json',
  'config.json',
  'generation_config.json',
  'preprocessor_config.json',
] as const;

/** Whether the folder has an encoder and a decoder of any kind, by their names. */
export const isSpeechFolder = (folder: string): boolean =>
  endings.some(([ending]) =>
    ['onnx/', ''].some((within) => existsSync(join(folder, `${within}encoder_model${ending}.onnx`))),
  );

/** Every set of graphs that is complete; those in `onnx/` first. */
function setsIn(folder: string): SpeechFiles[] {
  const has = (path: string) => existsSync(join(folder, path));
  return ['onnx/', ''].flatMap((within) =>
    endings.flatMap(([ending, precision]) => {
      const [encoder, merged, first, next] = [
        'encoder_model',
        'decoder_model_merged',
        'decoder_model',
        'decoder_with_past_model',
      ].map((name) => `${within}${name}${ending}.onnx`) as [string, string, string, string];
      if (!has(encoder)) return [];
      if (has(merged)) return [{ graphs: { encoder, first: merged, next: merged }, precision }];
      return has(first) && has(next) ? [{ graphs: { encoder, first, next }, precision }] : [];
    }),
  );
}

/** Integers are fastest on a CPU, floating point on a GPU. Throws RUNNER_BAD_MODEL if no set is complete. */
export function chooseSpeechGraphs(folder: string, wanted: Precision | 'cpu' | 'gpu'): SpeechFiles {
  const sets = setsIn(folder);
  const found = orderOf(wanted)
    .map((precision) => sets.find((one) => one.precision === precision))
    .find(Boolean);
  if (found === undefined)
    throw new PilotlightError('RUNNER_BAD_MODEL', { message: fact('RUNNER_NO_DECODER', { folder }) });
  return found;
}
