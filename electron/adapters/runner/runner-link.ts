/** One runner over HTTP. */
import * as z from 'zod';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { parseAnswer } from '../../../shared/json.ts';
import { catalogueModelSchema, type RunnerFace, runnerStatusSchema } from '../../../shared/models/runner.ts';
import type { Http, HttpReply } from '../../core/ports/network.ts';
import type { ConnectRunner, RunnerLink } from '../../core/ports/runner.ts';
import { mostEmbedBytes } from '../inference/embeddings.ts';
import { readPull } from './pull.ts';
import { notARunner, toLinkError, toRunnerError } from './runner-errors.ts';
import { embeddingsSchema, readVectors } from './vectors.ts';

const STATUS_MS = 4000;
/** Hashing the files of a large model, or timing it on each provider, takes minutes. */
const MODEL_MS = 600_000;
/** More texts than that are bulk work. */
const MOST_QUERIES = 4;
const MAX_BYTES = 4 * 1024 * 1024;

const point = z.tuple([z.number(), z.number()]);
const facesSchema = z.object({
  results: z.array(
    z.array(
      z.object({
        bbox: z.tuple([z.number(), z.number(), z.number(), z.number()]),
        landmarks: z.array(point).nullable().catch(null),
        embedding: z.array(z.number()).nullable().catch(null),
        quality: z.number().nullable().catch(null),
      }),
    ),
  ),
  gpu_used: z.boolean().catch(false),
  errors: z
    .array(z.object({ code: z.string(), message: z.string() }).nullable())
    .optional()
    .catch(undefined),
});
const catalogueSchema = z.object({ models: z.array(catalogueModelSchema) });

interface Question {
  method?: 'GET' | 'POST' | 'DELETE';
  path: string;
  body?: object;
  deadlineMs: number | null;
  maxBytes?: number;
  fresh?: boolean;
  headers?: Record<string, string>;
}

export const createConnectRunner =
  ({ http }: { http: Http }): ConnectRunner =>
  ({ url, token }) =>
    createRunnerLink({ http, url, token });

export function createRunnerLink({
  http,
  url,
  token,
}: {
  http: Http;
  url: string;
  token: string | null;
}): RunnerLink {
  const base = url.replace(/\/+$/, '');
  const authorization: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };

  async function send(question: Question, signal: AbortSignal): Promise<HttpReply> {
    const { method = 'GET', path, body, deadlineMs, maxBytes = MAX_BYTES, fresh = false } = question;
    let reply: HttpReply;
    try {
      reply = await http.request({
        method,
        url: base + path,
        headers: { ...authorization, ...question.headers },
        deadlineMs,
        maxBytes,
        fresh,
        signal,
        ...(body === undefined ? {} : { body }),
      });
    } catch (error) {
      throw toLinkError(error, path);
    }
    if (reply.status < 200 || reply.status > 299) throw toRunnerError(reply, path);
    return reply;
  }

  async function ask<Schema extends z.ZodType>(
    schema: Schema,
    question: Question,
    signal: AbortSignal,
  ): Promise<z.output<Schema>> {
    const reply = await send(question, signal);
    const parsed = schema.safeParse(parseAnswer(reply.text));
    if (!parsed.success) throw notARunner(question.path, reply);
    return parsed.data;
  }

  const modelPath = (name: string, act = '') => `/runner/models/${encodeURIComponent(name)}${act}`;
  async function onModel(question: Omit<Question, 'deadlineMs'>, signal: AbortSignal): Promise<void> {
    await send({ ...question, deadlineMs: MODEL_MS }, signal);
  }

  return {
    url,
    status: (signal) =>
      ask(runnerStatusSchema, { path: '/runner/status', deadlineMs: STATUS_MS, fresh: true }, signal),

    async embed({ model, hash, texts, as }, signal) {
      const path = '/v1/embeddings';
      const answer = await ask(
        embeddingsSchema,
        {
          method: 'POST',
          path,
          body: {
            model,
            input: texts,
            encoding_format: 'base64',
            input_type: as,
            // A long list is not a query, whatever it is called: it would delay searches.
            ...(as === 'query' && texts.length <= MOST_QUERIES ? { priority: 'query' } : {}),
            ...(hash === null ? {} : { hash }),
          },
          deadlineMs: null,
          maxBytes: mostEmbedBytes(texts.length),
        },
        signal,
      );
      if (hash !== null && answer.hash !== null && answer.hash !== hash) {
        throw new PilotlightError('RUNNER_MODEL_CHANGED', { details: { model } });
      }
      return { vectors: readVectors(answer.data, texts.length), hash: answer.hash };
    },

    async faces(image, signal) {
      const path = '/detect_and_embed_batch';
      const { results, gpu_used, errors } = await ask(
        facesSchema,
        {
          method: 'POST',
          path,
          body: { images: [{ data: image, image_id: 'picture' }], require_face: false },
          deadlineMs: null,
        },
        signal,
      );
      const [found] = results;
      const refused = errors?.[0] ?? null;
      if (found === undefined || refused !== null) {
        throw new PilotlightError('PICTURE_UNREADABLE', { details: { server: refused?.message ?? '' } });
      }
      const faces = found.map(
        ({ bbox, landmarks, embedding, quality }): RunnerFace => ({
          box: bbox,
          landmarks: landmarks ?? [],
          score: quality ?? 0,
          embedding: embedding ?? [],
        }),
      );
      return { faces, gpu: gpu_used };
    },

    addModel: (body, signal) => onModel({ method: 'POST', path: '/runner/models', body }, signal),
    removeModel: (name, signal) => onModel({ method: 'DELETE', path: modelPath(name) }, signal),
    loadModel: (name, signal) =>
      onModel({ method: 'POST', path: modelPath(name, '/load'), body: {} }, signal),
    dropModel: (name, signal) =>
      onModel({ method: 'POST', path: modelPath(name, '/drop'), body: {} }, signal),
    async catalogue(signal) {
      return (await ask(catalogueSchema, { path: '/runner/catalogue', deadlineMs: STATUS_MS }, signal))
        .models;
    },
    async pull(name, onProgress, signal) {
      const path = '/runner/pull';
      const stream = await http
        .open({
          method: 'POST',
          url: base + path,
          headers: authorization,
          body: { name },
          headersMs: MODEL_MS,
          idleMs: 60_000,
          signal,
        })
        .catch((error: unknown) => {
          throw toLinkError(error, path);
        });
      await readPull(stream, path, onProgress);
    },
  };
}
