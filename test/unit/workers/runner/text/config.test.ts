import { describe, expect, it } from 'vitest';
import { readTextConfig, UnusableConfig } from '../../../../../electron/workers/runner/text/config.ts';

const none = {
  model: undefined,
  tokenizer: undefined,
  modules: undefined,
  pooling: undefined,
  sentenceBert: undefined,
  sentenceTransformers: undefined,
};
const read = (files: Partial<typeof none> | Record<string, unknown>) => readTextConfig({ ...none, ...files });
const modules = (...types: string[]) => ({
  modules: types.map((type, idx) => ({ idx, type: `sentence_transformers.models.${type}`, path: '' })),
});

describe('the settings of a text model', () => {
  it('normalise by the list of modules, whether or not that module has a folder', () => {
    expect(read(modules('Transformer', 'Pooling', 'Normalize')).normalise).toBe(true);
    expect(read(modules('Transformer', 'Pooling')).normalise).toBe(false);
    expect(read({}).normalise).toBe(true);
  });

  it.each([
    [{ pooling_mode_cls_token: true, pooling_mode_mean_tokens: false }, 'cls'],
    [{ pooling_mode_mean_tokens: true }, 'mean'],
    [{ pooling_mode_lasttoken: true }, 'last'],
    [{ pooling_mode: 'mean' }, 'mean'],
    [{ word_embedding_dimension: 3 }, null],
    [undefined, null],
  ])('pool as %o says', (pooling, expected) => {
    expect(read({ pooling }).pooling).toBe(expected);
  });

  it.each([
    [{ pooling: { pooling_mode_max_tokens: true } }],
    [{ pooling: { pooling_mode_mean_tokens: true, pooling_mode_cls_token: true } }],
    [modules('Transformer', 'Pooling', 'Dense')],
  ])('refuse what would give other vectors: %o', (files) => {
    expect(() => read(files)).toThrow(UnusableConfig);
  });

  it.each([
    [
      'its own limit',
      {
        sentenceBert: { max_seq_length: 256 },
        model: { max_position_embeddings: 512 },
        tokenizer: { model_max_length: 128 },
      },
      256,
    ],
    [
      'no more than it has positions',
      { sentenceBert: { max_seq_length: 512 }, model: { max_position_embeddings: 128 } },
      128,
    ],
    [
      'positions that begin after the padding',
      { model: { model_type: 'xlm-roberta', max_position_embeddings: 514 } },
      512,
    ],
    [
      'the tokenizer’s',
      { tokenizer: { model_max_length: 384 }, model: { max_position_embeddings: 512 } },
      384,
    ],
    [
      'no limit of the tokenizer',
      { tokenizer: { model_max_length: 1e30 }, model: { max_position_embeddings: 77 } },
      77,
    ],
    ['the usual one', {}, 512],
    ['damaged files', { sentenceBert: { max_seq_length: -3 }, model: 'x' }, 512],
  ])('limit tokens: %s', (_name, files, expected) => {
    expect(read(files).maxTokens).toBe(expected);
  });

  it('know prompts by their names', () => {
    const sentenceTransformers = { prompts: { query: 'query: ', document: 'passage: ' } };
    expect(read({ sentenceTransformers }).prompts).toEqual({
      query: 'query: ',
      passage: 'passage: ',
      named: { query: 'query: ', document: 'passage: ' },
    });
    expect(read({}).prompts).toEqual({ query: '', passage: '', named: {} });
    expect(read({ model: { matryoshka_dimensions: [64, 32] } }).shorter).toEqual([64, 32]);
    expect(read({ model: { matryoshka_dimensions: 'some' } }).shorter).toBeNull();
  });
});
