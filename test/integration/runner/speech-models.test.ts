/** Folders with speech models, real graphs in this process: what can be used, and why the others cannot. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeGraph, type GraphSpec, type ValueSpec } from '../../../electron/workers/runner/onnx/encode.ts';
import { createSpeechKind } from '../../../electron/workers/runner/speech/speech-kind.ts';
import { createInProcessSessions } from '../../fakes/runner-sessions.ts';
import { mark, type SpeechModelSpec, writeSpeechModel } from '../../fakes/speech-model.ts';

let models: string;
beforeAll(() => {
  models = mkdtempSync(join(tmpdir(), 'pilotlight-speech-folders-'));
});
afterAll(() => rmSync(models, { recursive: true, force: true }));

let folders = 0;
async function load(spec: SpeechModelSpec) {
  folders += 1;
  const folder = writeSpeechModel(join(models, `model-${folders}`), spec);
  const sessions = createInProcessSessions();
  const kind = createSpeechKind({ sessions, provider: () => 'cpu' });
  try {
    const found = await kind.recognise(folder, { precision: 'auto' });
    if (found === null) return null;
    const about = { name: 'a', kind: 'speech' as const, folder, hash: 'hash', addedAt: 0 };
    const model = await kind.load({ ...about, ...found });
    await model.close();
    return { found, plan: model.plan };
  } finally {
    expect([...sessions.opened]).toEqual([]);
  }
}

/** A graph that passes its first input on. */
const passing = (inputs: ValueSpec[], output: string): Partial<GraphSpec> => ({
  inputs,
  outputs: [{ name: output, type: 'float32', dims: inputs[0]?.dims ?? [] }],
  constants: [],
  nodes: [{ op: 'Identity', inputs: [inputs[0]?.name ?? ''], outputs: [output] }],
});
const floats = (name: string): ValueSpec => ({ name, type: 'float32', dims: [1] });
const graph = (inputs: ValueSpec[], output: string) =>
  encodeGraph({ inputs, outputs: [], nodes: [], ...passing(inputs, output) });

describe('a folder with a speech model', () => {
  it('is described by what its files say', async () => {
    const loaded = await load({ multilingual: true });
    expect(loaded?.found).toMatchObject({
      precision: 'float32',
      graphs: {
        encoder: 'onnx/encoder_model.onnx',
        first: 'onnx/decoder_model.onnx',
        next: 'onnx/decoder_with_past_model.onnx',
      },
    });
    expect(loaded?.found.files.map(({ path }) => path)).toEqual([
      'onnx/encoder_model.onnx',
      'onnx/decoder_model.onnx',
      'onnx/decoder_with_past_model.onnx',
      'tokenizer.json',
      'config.json',
      'generation_config.json',
      'preprocessor_config.json',
    ]);
    expect(loaded?.plan).toMatchObject({
      mel: { bins: 8, transform: 400, hop: 160, rate: 16_000, samples: 16_000 },
      heads: 1,
      headSize: 4,
      mostTokens: 40,
      tokens: {
        languages: { en: mark('en'), de: mark('de') },
        transcribe: mark('transcribe'),
        previous: mark('startofprev'),
        noSpeech: mark('nospeech'),
        firstTime: mark('notimestamps') + 1,
      },
    });
  });

  it('needs no more than the oldest exporters wrote', async () => {
    const loaded = await load({ layout: 'merged', files: { 'generation_config.json': null } });
    expect(loaded?.plan.tokens).toMatchObject({
      firstTime: mark('notimestamps') + 1,
      languages: {},
      suppressed: [],
      latestStart: null,
    });
  });

  it('is of another kind without an encoder', async () => {
    expect(await load({ ending: '_q4' })).toBeNull();
  });

  it.each<[string, SpeechModelSpec, string]>([
    ['half a model', { files: { 'onnx/decoder_with_past_model.onnx': null } }, 'RUNNER_NO_DECODER'],
    ['no tokenizer', { files: { 'tokenizer.json': null } }, 'RUNNER_NO_TOKENIZER'],
    ['a model of another kind', { files: { 'config.json': { model_type: 't5' } } }, 'RUNNER_BAD_FILE'],
    ['no settings', { files: { 'config.json': null } }, 'RUNNER_BAD_FILE'],
    [
      'settings that are no JSON',
      { files: { 'generation_config.json': Buffer.from('{') } },
      'RUNNER_BAD_FILE',
    ],
    [
      'a preprocessor for another rate',
      { files: { 'preprocessor_config.json': { sampling_rate: 8000 } } },
      'RUNNER_BAD_FILE',
    ],
    [
      'windows of another length',
      { files: { 'preprocessor_config.json': { feature_size: 8, chunk_length: 30 } } },
      'RUNNER_BAD_FILE',
    ],
    ['another encoder', { encoder: passing([floats('pixels')], 'vectors') }, 'RUNNER_NOT_SPEECH'],
    [
      'a decoder that wants more',
      {
        files: {
          'onnx/decoder_model.onnx': graph([floats('encoder_hidden_states'), floats('mood')], 'logits'),
        },
      },
      'RUNNER_NOT_SPEECH',
    ],
    [
      'a decoder that hears nothing',
      { files: { 'onnx/decoder_model.onnx': graph([floats('vectors')], 'logits') } },
      'RUNNER_NOT_SPEECH',
    ],
    [
      'a decoder that forgets',
      { files: { 'onnx/decoder_model.onnx': graph([floats('encoder_hidden_states')], 'logits') } },
      'RUNNER_DECODER_LACKS',
    ],
  ])('is refused with %s', async (_, spec, code) => {
    await expect(load(spec)).rejects.toMatchObject({ code: 'RUNNER_BAD_MODEL', said: { code } });
  });
});
