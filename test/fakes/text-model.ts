/** Small folders with text models that onnxruntime really runs: a vector per word, from a table. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encodeGraph, type GraphSpec } from '../../electron/workers/runner/onnx/encode.ts';

export const WORDS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'red', 'green', 'blue', 'nan', 'round', 'square'];
export const SIZE = 4;

/** Row `id` is (id + 1, (id + 1)², 1, −id); that of "nan" is not finite. */
export function tableRow(id: number): number[] {
  return WORDS[id] === 'nan' ? [Number.NaN, 1, 1, 1] : [id + 1, (id + 1) ** 2, 1, -id];
}

const special = (id: number, content: string) => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
});

export const tokenizerJson = {
  version: '1.0',
  // Neither is wanted: a loader pads and truncates itself.
  truncation: { max_length: 3, strategy: 'LongestFirst', stride: 0, direction: 'Right' },
  padding: { strategy: { Fixed: 12 }, pad_id: 0, pad_type_id: 0, pad_token: '[PAD]', direction: 'Right' },
  added_tokens: [special(0, '[PAD]'), special(1, '[UNK]'), special(2, '[CLS]'), special(3, '[SEP]')],
  normalizer: { type: 'Lowercase' },
  pre_tokenizer: { type: 'WhitespaceSplit' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [
      { SpecialToken: { id: '[CLS]', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '[SEP]', type_id: 0 } },
    ],
    pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
    special_tokens: {
      '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
      '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
    },
  },
  decoder: null,
  model: {
    type: 'WordLevel',
    vocab: Object.fromEntries(WORDS.map((word, id) => [word, id])),
    unk_token: '[UNK]',
  },
};

export const tokenizerConfig = {
  tokenizer_class: 'PreTrainedTokenizerFast',
  pad_token: '[PAD]',
  unk_token: '[UNK]',
  cls_token: '[CLS]',
  sep_token: '[SEP]',
  model_max_length: 16,
};

export interface TextModelSpec {
  /** Default: the table's rows, as `last_hidden_state`. */
  graph?: Partial<GraphSpec>;
  /** Where the graph lies. Default `onnx/model.onnx`. */
  graphPath?: string;
  /** More files, by path; null removes a usual one. */
  files?: Readonly<Record<string, unknown>>;
}

/** ids → rows of the table. */
export function tableGraph(changes: Partial<GraphSpec> = {}): GraphSpec {
  return {
    inputs: [
      { name: 'input_ids', type: 'int64', dims: ['batch', 'sequence'] },
      { name: 'attention_mask', type: 'int64', dims: ['batch', 'sequence'] },
    ],
    outputs: [{ name: 'last_hidden_state', type: 'float32', dims: ['batch', 'sequence', SIZE] }],
    constants: [
      {
        name: 'table',
        type: 'float32',
        dims: [WORDS.length, SIZE],
        data: Float32Array.from(WORDS.flatMap((_, id) => tableRow(id))),
      },
    ],
    nodes: [
      {
        op: 'Gather',
        inputs: ['table', 'input_ids'],
        outputs: ['last_hidden_state'],
        attributes: { axis: 0 },
      },
    ],
    ...changes,
  };
}

/** Writes the folder and returns its path. */
export function writeTextModel(
  folder: string,
  { graph, graphPath = 'onnx/model.onnx', files = {} }: TextModelSpec = {},
): string {
  const all: Record<string, unknown> = {
    'tokenizer.json': tokenizerJson,
    'tokenizer_config.json': tokenizerConfig,
    'config.json': { model_type: 'bert', max_position_embeddings: 16 },
    [graphPath]: encodeGraph(tableGraph(graph)),
    ...files,
  };
  for (const [path, content] of Object.entries(all)) {
    if (content === null) continue;
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(
      file,
      content instanceof Uint8Array || typeof content === 'string' ? content : JSON.stringify(content),
    );
  }
  return folder;
}

/** The mean of the words' rows between the special ones, not normalised. */
export function meanOf(words: readonly string[]): number[] {
  const ids = ['[CLS]', ...words, '[SEP]'].map((word) => WORDS.indexOf(word));
  return Array.from(
    { length: SIZE },
    (_, at) => ids.reduce((sum, id) => sum + (tableRow(id)[at] ?? 0), 0) / ids.length,
  );
}
