/** The paths of text-embeddings-inference (TEI). */
import * as z from 'zod';
import { parsed } from '../http/parsed.ts';
import type { RunnerRefusal, RunnerRequest, RunnerRoute } from '../http/route.ts';
import { inputOf, inputSchema, MAX_BODY_BYTES, priorityOf, purposeOf } from './routes-openai.ts';
import type { TextService } from './service.ts';

const embedSchema = z.object({
  inputs: inputSchema,
  model: z.string().nullish(),
  truncate: z.boolean().nullish(),
  prompt_name: z.string().nullish(),
});
const tokenizeSchema = z.object({ inputs: inputSchema, model: z.string().nullish() });
const similaritySchema = z.object({
  inputs: z.object({ source_sentence: z.string(), sentences: z.array(z.string()).min(1) }),
  model: z.string().nullish(),
});

const errorTypes: Readonly<Record<number, string>> = {
  400: 'Validation',
  404: 'Validation',
  413: 'Validation',
  503: 'Overloaded',
};

function refusal({ text, status }: RunnerRefusal) {
  return { status, body: { error: text, error_type: errorTypes[status] ?? 'Backend' } };
}

const post = (path: string, handle: RunnerRoute['handle']): RunnerRoute => ({
  method: 'POST',
  path,
  handle,
  refusal,
});

export function teiRoutes({ texts, version }: { texts: TextService; version: string }): RunnerRoute[] {
  async function embed(request: RunnerRequest) {
    const body = parsed(embedSchema, await request.json(MAX_BODY_BYTES));
    const { vectors } = await texts.embed({
      model: body.model ?? null,
      input: inputOf(body.inputs),
      purpose: purposeOf(body.prompt_name),
      priority: priorityOf(null, request),
      refuseLong: body.truncate === false,
      signal: request.signal,
    });
    return { status: 200, body: vectors.map((vector) => Array.from(vector)) };
  }

  async function tokenize(request: RunnerRequest) {
    const body = parsed(tokenizeSchema, await request.json(MAX_BODY_BYTES));
    const all = await texts.tokenize({
      model: body.model ?? null,
      input: inputOf(body.inputs),
      signal: request.signal,
    });
    const shaped = all.map((tokens) => tokens.map((token) => ({ ...token, start: null, stop: null })));
    return { status: 200, body: shaped };
  }

  async function similarity(request: RunnerRequest) {
    const { inputs, model } = parsed(similaritySchema, await request.json(MAX_BODY_BYTES));
    const { vectors } = await texts.embed({
      model: model ?? null,
      input: [inputs.source_sentence, ...inputs.sentences],
      purpose: null,
      priority: priorityOf(null, request),
      signal: request.signal,
    });
    const [source, ...others] = vectors as [Float32Array, ...Float32Array[]];
    return { status: 200, body: others.map((other) => cosineOf(source, other)) };
  }

  async function info({ query }: RunnerRequest) {
    const { model, hash, precision, maxTokens, pooling } = await texts.info(query.get('model'));
    return {
      status: 200,
      body: {
        model_id: model,
        model_sha: hash,
        model_dtype: precision,
        model_type: { embedding: { pooling } },
        max_concurrent_requests: 512,
        max_input_length: maxTokens,
        max_batch_tokens: 16_384,
        max_batch_requests: null,
        max_client_batch_size: 10_000,
        auto_truncate: true,
        tokenization_workers: 1,
        version,
        sha: null,
        docker_label: null,
      },
    };
  }

  return [
    post('/embed', embed),
    post('/tokenize', tokenize),
    post('/similarity', similarity),
    { method: 'GET', path: '/info', handle: info, refusal },
  ];
}

function cosineOf(one: Float32Array, other: Float32Array): number {
  let [product, squareOne, squareOther] = [0, 0, 0];
  for (let index = 0; index < one.length; index += 1) {
    const [x, y] = [one[index] as number, other[index] as number];
    product += x * y;
    squareOne += x * x;
    squareOther += y * y;
  }
  const length = Math.sqrt(squareOne * squareOther);
  return length === 0 ? 0 : product / length;
}
