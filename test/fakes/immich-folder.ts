/** A model folder as Immich's machine learning keeps it, with small graphs. */
import { join } from 'node:path';
import { clipTextualGraph, clipVisualGraph, embedderGraph, scrfdGraph } from './face-graphs.ts';

export const CLIP_CONTEXT = 8;
const words = ['<start>', '<end>', '<pad>', 'Hund', 'am', 'Strand', ',', '日没', '<unknown>'];

/** The files by their paths: ViT-B-32__openai and buffalo_l. */
export function immichFiles(folder: string): Record<string, unknown> {
  const clip = join(folder, 'clip/ViT-B-32__openai');
  const faces = join(folder, 'facial-recognition/buffalo_l');
  return {
    [`${clip}/config.json`]: { text_cfg: { context_length: CLIP_CONTEXT } },
    [`${clip}/visual/model.onnx`]: clipVisualGraph(16),
    [`${clip}/visual/preprocess_cfg.json`]: {
      size: [16, 16],
      mode: 'RGB',
      mean: [0, 0, 0],
      std: [1, 1, 1],
      interpolation: 'bicubic',
      resize_mode: 'shortest',
    },
    [`${clip}/textual/model.onnx`]: clipTextualGraph(CLIP_CONTEXT),
    [`${clip}/textual/tokenizer.json`]: tokenizer,
    [`${clip}/textual/tokenizer_config.json`]: { pad_token: '<pad>' },
    [`${faces}/detection/model.onnx`]: scrfdGraph([
      { column: 10, row: 6, score: 0.75 },
      { column: 3, row: 3, score: 0.6 },
    ]),
    [`${faces}/recognition/model.onnx`]: embedderGraph(),
  };
}

const tokenizer = {
  model: {
    type: 'WordLevel',
    vocab: Object.fromEntries(words.map((word, id) => [word, id])),
    unk_token: '<unknown>',
  },
  normalizer: null,
  pre_tokenizer: { type: 'Whitespace' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [
      { SpecialToken: { id: '<start>', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '<end>', type_id: 0 } },
    ],
    pair: [],
    special_tokens: {
      '<start>': { id: '<start>', ids: [0], tokens: ['<start>'] },
      '<end>': { id: '<end>', ids: [1], tokens: ['<end>'] },
    },
  },
  decoder: null,
  added_tokens: words.slice(0, 3).map((content, id) => ({
    id,
    content,
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  })),
};
