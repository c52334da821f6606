/** OpenAI's embeddings. */
import * as z from 'zod';
import { openaiRefusal as refusal } from '../http/openai-refusal.ts';
import { parsed } from '../http/parsed.ts';
import type { RunnerRequest, RunnerRoute } from '../http/route.ts';
import type { Shelf } from '../models/shelf.ts';
import type { TextInput, TextRequest, TextService } from './service.ts';

export const MAX_BODY_BYTES = 64 * 1024 ** 2;

const ids = z.array(z.number());
export const inputSchema = z.union([z.string(), z.array(z.string()), ids, z.array(ids)]);

/** One text or many, as texts or tokens. */
export function inputOf(given: z.infer<typeof inputSchema>): TextInput {
  if (typeof given === 'string') return [given];
  return typeof given[0] === 'number' ? [given as number[]] : (given as string[] | number[][]);
}

const embeddingsSchema = z.object({
  input: inputSchema,
  model: z.string().nullish(),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.number().int().positive().nullish(),
  /** Of other servers that take the same requests. */
  input_type: z.string().nullish(),
  priority: z.enum(['query', 'bulk']).nullish(),
  /** Of the model's files: another model under its name is refused. */
  hash: z.string().nullish(),
});

export function purposeOf(named: string | null | undefined): TextRequest['purpose'] {
  if (named == null) return null;
  if (/query|question/i.test(named)) return 'query';
  return /passage|document/i.test(named) ? 'passage' : null;
}

/** By the field, else by the header. */
export function priorityOf(
  field: string | null | undefined,
  { headers }: RunnerRequest,
): TextRequest['priority'] {
  const named = field ?? headers['x-pilotlight-priority'];
  return named === 'query' || named === 'bulk' ? named : null;
}

/** Little-endian floats, as OpenAI's clients ask for. */
function base64Of(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64');
}

export function openaiRoutes({ texts, shelf }: { texts: TextService; shelf: Shelf }): RunnerRoute[] {
  const embeddings: RunnerRoute['handle'] = async (request) => {
    const body = parsed(embeddingsSchema, await request.json(MAX_BODY_BYTES));
    const { model, hash, vectors, tokenIds } = await texts.embed({
      model: body.model ?? null,
      hash: body.hash ?? null,
      input: inputOf(body.input),
      purpose: purposeOf(body.input_type),
      priority: priorityOf(body.priority, request),
      dimensions: body.dimensions ?? null,
      signal: request.signal,
    });
    const asText = body.encoding_format === 'base64';
    const tokens = tokenIds.reduce((sum, { length }) => sum + length, 0);
    return {
      status: 200,
      body: {
        object: 'list',
        data: vectors.map((vector, index) => ({
          object: 'embedding',
          index,
          embedding: asText ? base64Of(vector) : Array.from(vector),
        })),
        model,
        hash,
        usage: { prompt_tokens: tokens, total_tokens: tokens },
      },
    };
  };
  const shown = ({ name, kind, addedAt }: ReturnType<Shelf['added']>[number]) => ({
    id: name,
    object: 'model',
    created: Math.floor(addedAt / 1000),
    owned_by: 'pilotlight',
    // As infinity names them.
    capabilities: [kind === 'text' ? 'embed' : kind],
  });
  const models: RunnerRoute['handle'] = () => ({
    status: 200,
    body: { object: 'list', data: shelf.added().map(shown) },
  });
  const model: RunnerRoute['handle'] = ({ params }) => {
    const found = shelf.added().find(({ name }) => name === params.name);
    if (found === undefined) throw shelf.unknown(params.name ?? '');
    return { status: 200, body: shown(found) };
  };
  return [
    ...['/v1/embeddings', '/embeddings'].map((path) => ({
      method: 'POST' as const,
      path,
      handle: embeddings,
      refusal,
    })),
    ...['/v1/models', '/models'].map((path) => ({ method: 'GET' as const, path, handle: models, refusal })),
    { method: 'GET', path: '/v1/models/{name}', handle: model, refusal },
  ];
}
