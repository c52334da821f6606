/** The ONNX runner: why a provider is not used, why a model cannot be. */
import type { Text } from '../types.ts';

const providerNames: Readonly<Record<string, string>> = {
  dml: 'DirectML',
  coreml: 'CoreML',
  cuda: 'CUDA',
  webgpu: 'WebGPU',
  cpu: 'the CPU',
};
const named = (provider: string) => providerNames[provider] ?? provider;
const modelOf = (kind: string | null) =>
  kind === null ? 'model' : kind === 'faces' ? 'face model' : `${kind} model`;
const ms = (value: number) => (value < 10 ? value.toFixed(1) : String(Math.round(value)));

export const runnerMessages = {
  RUNNER_PROVIDER_ABSENT: ({ provider }: { provider: string }) =>
    provider === 'cuda'
      ? "CUDA is not installed. On Linux for x64, run npm rebuild onnxruntime-node --ignore-scripts=false in Pilotlight's folder, then runner check."
      : `${named(provider)} is not part of onnxruntime for this system.`,
  RUNNER_PROVIDER_FAILED: ({ provider, reason }: { provider: string; reason: string }) =>
    `${named(provider)} cannot be used here: ${reason}`,
  RUNNER_PROVIDER_CRASHED: ({ provider }: { provider: string }) =>
    `${named(provider)} ended the process that tried it.`,
  RUNNER_PROVIDER_HUNG: ({ provider, seconds }: { provider: string; seconds: number }) =>
    `${named(provider)} did not answer within ${seconds} s.`,
  RUNNER_PROVIDER_SLOWER: ({ provider, time, cpu }: { provider: string; time: number; cpu: number }) =>
    `${named(provider)} takes ${ms(time)} ms where the CPU takes ${ms(cpu)} ms.`,
  RUNNER_PROVIDER_WRONG: ({ provider, agreement }: { provider: string; agreement: number }) =>
    `${named(provider)} gives other results than the CPU (agreement ${agreement.toFixed(4)}).`,
  RUNNER_PROVIDER_IDLE: ({ provider }: { provider: string }) =>
    `${named(provider)} ran no part of the graph: all of it fell back to the CPU.`,
  RUNNER_PROVIDER_LOST: ({ provider }: { provider: string }) =>
    `The device behind ${named(provider)} was removed or reset while it was in use.`,
  RUNNER_NOT_TIMED: () => 'There was no input to time it with.',

  RUNNER_NO_GRAPH: ({ folder }: { folder: string }) => `${folder} has no model.onnx.`,
  RUNNER_NO_PRECISION: ({
    folder,
    precision,
    others,
  }: {
    folder: string;
    precision: string;
    others: readonly string[];
  }) => `${folder} has no ${precision} weights. It has ${others.join(' and ')}.`,
  RUNNER_NO_DECODER: ({ folder }: { folder: string }) =>
    `${folder} has no encoder_model.onnx with a decoder of the same precision: decoder_model_merged.onnx, or decoder_model.onnx and decoder_with_past_model.onnx.`,
  RUNNER_NOT_SPEECH: ({ inputs }: { inputs: string }) =>
    `One of its graphs does not have the inputs of a Whisper model, but ${inputs}.`,
  RUNNER_DECODER_LACKS: ({ outputs }: { outputs: string }) => `Its decoder does not give ${outputs}.`,
  RUNNER_NO_SPEECH_MODEL: () => 'The runner has no model for speech.',
  RUNNER_OTHER_LANGUAGE: ({ language, known }: { language: string; known: readonly string[] }) =>
    known.length === 1
      ? `The model knows only the language ${known[0]}, not "${language}".`
      : `The model does not know the language "${language}". Use a code such as ${known.slice(0, 3).join(', ')}.`,
  RUNNER_NO_WORD_TIMES: () => 'The runner names the times of segments, not those of words.',
  RUNNER_RECORDING_TOO_LONG: ({ limit }: { limit: number }) =>
    `The recording is larger than ${Math.floor(limit / 1e6)} MB.`,
  RUNNER_RECORDINGS_WAIT: () => 'The runner has too many recordings waiting.',
  RECORDING_NOT_WAV: ({ format }: { format: string }) =>
    `The runner reads WAV files only${format === '' ? '' : `, and this is ${format}`}.`,
  RECORDING_CODING: ({ code, bits }: { code: number; bits: number }) =>
    `The runner cannot read WAV files of this coding (format ${code}, ${bits} bits).`,
  RECORDING_BROKEN: () => 'The WAV file is damaged or cut off.',
  RUNNER_NO_TOKENIZER: ({ folder }: { folder: string }) => `${folder} has no tokenizer.json.`,
  RUNNER_BAD_FILE: ({ file, reason }: { file: string; reason: string }) =>
    `${file} cannot be used: ${reason}`,
  RUNNER_FILE_CHANGED: ({ file }: { file: string }) => `${file} is no longer the file that was added.`,
  RUNNER_FILE_MISSING: ({ file }: { file: string }) => `${file} is missing.`,
  RUNNER_WRONG_INPUTS: ({ inputs }: { inputs: string }) =>
    `Its graph wants inputs that a text model does not have: ${inputs}.`,
  RUNNER_WRONG_OUTPUTS: ({ outputs }: { outputs: string }) =>
    `Its graph gives no vectors of the texts, but ${outputs}.`,
  RUNNER_NEWER_OPSET: ({ reason }: { reason: string }) =>
    `It was made for a newer onnxruntime than this one. (${reason})`,
  RUNNER_DATA_MISSING: ({ reason }: { reason: string }) =>
    `A file with its weights is missing beside it. (${reason})`,
  RUNNER_NOT_A_GRAPH: ({ reason }: { reason: string }) =>
    `It is damaged, cut off, or not an ONNX file. (${reason})`,
  RUNNER_OTHER_GRAPH_FAULT: ({ reason }: { reason: string }) => `onnxruntime says: ${reason}`,
  RUNNER_FOREIGN_BINARY: ({ platform, reason }: { platform: string; reason: string }) =>
    `onnxruntime has no working binary for ${platform}: ${reason}`,
  RUNNER_MODELS_ARE: ({ names, kind = null }: { names: readonly string[]; kind?: string | null }) =>
    names.length === 0
      ? `It has no ${modelOf(kind)}s yet.`
      : kind === null
        ? `It has ${names.length === 1 ? 'only ' : ''}${names.join(', ')}.`
        : `Its ${modelOf(kind)}${names.length === 1 ? ' is' : 's are'} ${names.join(', ')}.`,
  RUNNER_HAS_NO_MODEL: ({ kind }: { kind: string }) => `The runner has no ${modelOf(kind)} yet.`,
  RUNNER_UNKNOWN_MODEL: ({
    name,
    kind = null,
    models,
  }: {
    name: string;
    kind?: string | null;
    models: Text;
  }) => `The runner has no ${modelOf(kind)} "${name}". ${models}`,

  RUNNER_RELATIVE_PATH: ({ path }: { path: string }) => `"${path}" is not an absolute path.`,
  RUNNER_NOT_IN_CATALOGUE: ({ name }: { name: string }) => `The catalogue has no model "${name}".`,
  RUNNER_CATALOGUE_HAS: ({ names }: { names: readonly string[] }) => `Choose one of: ${names.join(', ')}.`,

  RUNNER_BAD_FIELD: ({ field }: { field: string }) =>
    `The field "${field}" of the request is missing or has another type.`,
  RUNNER_SOURCE_FAILED: ({ host, reason }: { host: string; reason: string }) =>
    `The download from ${host} failed: ${reason}.`,
  RUNNER_NO_TEXTS: () => 'There is no text in the request.',
  RUNNER_TOO_MANY_TEXTS: ({ count, most }: { count: number; most: number }) =>
    `The request has ${count} texts; the limit is ${most}.`,
  RUNNER_TOO_MANY_TOKENS: ({ count, most }: { count: number; most: number }) =>
    `The texts have ${count} tokens; the limit of a request is ${most}.`,
  RUNNER_UNKNOWN_PROMPT: ({ name, names }: { name: string; names: readonly string[] }) =>
    names.length === 0
      ? `The model has no prompts, so none is called "${name}".`
      : `The model has no prompt "${name}", but ${names.join(', ')}.`,
  RUNNER_DIMENSIONS_REFUSED: ({ most, shorter }: { most: number; shorter: readonly number[] }) =>
    shorter.length === 0
      ? `The vectors of this model have ${most} dimensions. Ask for as many, or fewer.`
      : `The vectors of this model have ${most} dimensions, and may be cut to ${shorter.join(', ')}.`,
  RUNNER_BAD_TOKENS: ({ size }: { size: number }) =>
    `A text is not a list of tokens of this model: whole numbers below ${size}.`,
  RUNNER_TEXT_TOO_LONG: ({ index, most }: { index: number; most: number }) =>
    `Text ${index + 1} has more than ${most} tokens.`,
} as const;
