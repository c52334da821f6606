/** Servers that speak only OpenAI's dialect: which paths they have, and what they say of themselves. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendJson } from './http-exchange.ts';
import type { ModelDefinition } from './model.ts';

export const OPENAI_PRODUCTS = ['llama.cpp', 'vllm', 'lm-studio'] as const;
export type OpenAiProduct = (typeof OPENAI_PRODUCTS)[number];

/** What each product answers to a path that it doesn't have. LM Studio answers with 200. */
const unknownPath: Readonly<Record<OpenAiProduct, (request: IncomingMessage) => [number, unknown]>> = {
  'llama.cpp': () => [404, { error: { code: 404, message: 'File Not Found', type: 'not_found_error' } }],
  vllm: () => [404, { detail: 'Not Found' }],
  'lm-studio': ({ method, url }) => [200, { error: `Unexpected endpoint or method. (${method} ${url})` }],
};

/** Answers what is not of the dialect; false if the path is one of `/v1`. */
export function answerBesideOpenAi(
  product: OpenAiProduct,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): boolean {
  if (product === 'llama.cpp') response.setHeader('Server', 'llama.cpp');
  if (product === 'vllm') response.setHeader('Server', 'uvicorn');
  if (path.startsWith('/v1/')) return false;
  if (path === '/version' && product === 'vllm') sendJson(response, 200, { version: '0.11.2' });
  else if (path === '/props' && product === 'llama.cpp')
    sendJson(response, 200, { build_info: 'b6942-4aaa5ba2', total_slots: 4 });
  else sendJson(response, ...unknownPath[product](request));
  return true;
}

/** An entry of `/v1/models`. */
export function openAiOnlyModel(product: OpenAiProduct, model: ModelDefinition, now: number): object {
  const created = Math.floor(now / 1000);
  const entry = { id: model.name, object: 'model' };
  if (product === 'lm-studio') return { ...entry, owned_by: 'organization_owner' };
  if (product === 'vllm')
    return { ...entry, created, owned_by: 'vllm', root: model.name, max_model_len: model.contextLength };
  return {
    ...entry,
    created,
    owned_by: 'llamacpp',
    meta: {
      vocab_type: 2,
      n_vocab: model.vocabSize ?? 32_000,
      n_ctx_train: model.contextLength,
      n_embd: model.embeddingLength,
      n_params: model.parameterCount,
      size: model.sizeBytes,
    },
  };
}
