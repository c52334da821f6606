import { describe, expect, it } from 'vitest';
import {
  describeOpenAiModel,
  modelsSchema,
  type OpenAiModel,
  productOf,
  readOpenAiEmbeddings,
  readOpenAiModel,
} from '../../../../electron/adapters/inference/openai-readings.ts';

const read = (data: unknown[]) => modelsSchema.parse({ object: 'list', data }).data;
const model = (own: object) => read([{ id: 'qwen3-8b', ...own }])[0] as OpenAiModel;

describe('the list of models', () => {
  it('drops odd entries, and odd values of an entry', () => {
    const models = read([
      { id: 'a', owned_by: 'vllm', max_model_len: 8192 },
      null,
      { id: '' },
      { object: 'model' },
      { id: 'b', owned_by: 5, max_model_len: 'x', meta: 'none' },
    ]);
    expect(models.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(models[1]).toEqual({ id: 'b', owned_by: '', max_model_len: null, meta: null });
    expect(modelsSchema.safeParse({ models: [] }).success).toBe(false);
    expect(() => read(Array.from({ length: 5001 }, () => ({})))).toThrowError(
      expect.objectContaining({ code: 'RESPONSE_TOO_LARGE' }),
    );
  });

  it('names the product', () => {
    expect(productOf('llama.cpp', [])).toBe('llama.cpp');
    expect(productOf(undefined, [model({ owned_by: 'llamacpp' })])).toBe('llama.cpp');
    expect(productOf('uvicorn', [model({ owned_by: 'vllm' })])).toBe('vLLM');
    expect(productOf(undefined, [model({ owned_by: 'organization_owner' })])).toBe('LM Studio');
    expect(productOf(undefined, [model({})])).toBe('OpenAI-compatible server');
  });

  it('has what the product says', () => {
    const meta = { n_embd: 4096, n_ctx_train: 32_768, n_params: 8_190_735_360, size: 5e9 };
    expect(readOpenAiModel(model({ meta }), 'llama.cpp')).toMatchObject({
      name: 'qwen3-8b',
      sizeBytes: 5e9,
      parameterSize: '8.2B',
      capabilities: null,
      embeddingLength: 4096,
      contextLength: 32_768,
    });
    expect(readOpenAiModel(model({ meta: { n_params: 22_570_000 } }), 'x').parameterSize).toBe('23M');
    expect(readOpenAiModel(model({}), 'x')).toMatchObject({ sizeBytes: 0, parameterSize: '' });
    expect(describeOpenAiModel(model({ meta }))).toMatchObject({
      contextLength: 32_768,
      embeddingLength: 4096,
    });
    expect(describeOpenAiModel(model({ max_model_len: 8192 })).contextLength).toBe(8192);
    expect(describeOpenAiModel(undefined)).toMatchObject({ capabilities: null, contextLength: null });
  });

  it('tells models apart although none has a digest', () => {
    const digest = (own: object, product = 'vLLM') => readOpenAiModel(model(own), product).digest;
    expect(digest({})).toMatch(/^[0-9a-f]{64}$/);
    expect(digest({})).toBe(digest({ owned_by: 'x' }));
    const others = [digest({ id: 'b' }), digest({}, 'llama.cpp'), digest({ meta: { size: 1 } })];
    expect(new Set([digest({}), ...others]).size).toBe(4);
  });
});

describe('vectors', () => {
  const entry = (index: number, embedding: unknown) => ({ object: 'embedding', index, embedding });
  it('are in the order of the texts', () => {
    const vectors = readOpenAiEmbeddings({ data: [entry(1, [3, 4]), entry(0, [1, 2])] }, 2);
    expect(vectors?.map((vector) => [...vector])).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it.each([
    ['one is missing', [entry(0, [1])]],
    ['there are too many', [entry(0, [1]), entry(1, [1]), entry(2, [1])]],
    ['one is there twice', [entry(0, [1]), entry(0, [1])]],
    ['they are uneven', [entry(0, [1]), entry(1, [1, 2])]],
    ['one is empty', [entry(0, []), entry(1, [])]],
    ['one has no numbers', [entry(0, ['1']), entry(1, [1])]],
    ['one is too large for 32 bits', [entry(0, [1e300]), entry(1, [1])]],
  ])('are refused if %s', (_, data) => {
    expect(() => readOpenAiEmbeddings({ data }, 2)).toThrowError(
      expect.objectContaining({ code: 'SERVER_ERROR' }),
    );
  });

  it('are nothing else', () => {
    expect(readOpenAiEmbeddings({ data: 'x' }, 1)).toBeNull();
    expect(readOpenAiEmbeddings(undefined, 1)).toBeNull();
    expect(readOpenAiEmbeddings({ data: [entry(0, 'AAAA')] }, 1)).toBeNull();
  });
});
