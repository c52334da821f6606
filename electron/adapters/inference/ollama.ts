/** Ollama behind the InferenceServer port: 0.24 and 0.33, which differ in what they report about a model. */

import type * as z from 'zod';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { parseJson } from '../../../shared/json.ts';
import type { ServerCapability } from '../../../shared/models/fleet.ts';
import type { DescribedModel, InstalledModel, LoadedModel } from '../../../shared/models/placement.ts';
import type { InferenceServer, LoadOptions } from '../../core/ports/inference.ts';
import type { Http, HttpReply, HttpRequest } from '../../core/ports/network.ts';
import { gpuLayersOf } from './modelfile.ts';
import { notAnInferenceServer, toServerError } from './ollama-errors.ts';
import {
  embedSchema,
  generateDoneSchema,
  psSchema,
  showSchema,
  tagsSchema,
  versionSchema,
} from './ollama-schemas.ts';

/** Upper bounds, milliseconds; a probe has its own, shorter deadline in its signal. */
const READ_DEADLINE_MS = 30_000;
const MAX_READ_BYTES = 16 * 1024 * 1024;
/** Bytes: 512 texts of 4,096 numbers, as JSON. */
const MAX_EMBED_BYTES = 256 * 1024 * 1024;
/** An unlimited keep-alive arrives as a date about 290 years ahead. */
const FOR_EVER_AFTER = Date.UTC(2200, 0, 1);

const CAPABILITIES: ReadonlySet<ServerCapability> = new Set([
  'lists-models',
  'says-placement',
  'moves',
  'embeds',
  'generates',
  'streams',
  'forwards',
]);

export interface OllamaOptions {
  http: Http;
  /** Base URL, with or without a path before `/api`. */
  url: string;
}

export function createOllamaServer({ http, url }: OllamaOptions): InferenceServer {
  const base = url.replace(/\/+$/, '');
  /** A server bound to loopback answers a bare 403 to an unknown host name, as behind a tunnel or proxy. */
  let host: string | null = null;
  let lastPs: { text: string; loaded: LoadedModel[] } | null = null;
  /** A model's capabilities, by name, as last reported by tags or show. */
  const known = new Map<string, { digest: string | null; capabilities: string[] }>();

  async function send(request: Omit<HttpRequest, 'url'> & { path: string }): Promise<HttpReply> {
    const { path, ...rest } = request;
    const full: HttpRequest = { ...rest, url: base + path };
    const reply = await http.request(host === null ? full : { ...full, headers: { host } });
    if (reply.status !== 403 || reply.text !== '' || host !== null) return reply;
    host = 'localhost:11434';
    return http.request({ ...full, headers: { host } });
  }

  async function ask<Schema extends z.ZodType>(
    schema: Schema,
    request: Omit<HttpRequest, 'url'> & { path: string },
  ): Promise<z.output<Schema>> {
    return read(schema, await send(request), request.path);
  }

  const get = (path: string, signal: AbortSignal) => ({
    method: 'GET' as const,
    path,
    deadlineMs: READ_DEADLINE_MS,
    maxBytes: MAX_READ_BYTES,
    signal,
  });

  const post = (path: string, body: object, signal: AbortSignal) => ({
    method: 'POST' as const,
    path,
    body,
    // A disconnect aborts a load, whose duration is unknown: the caller's signal is the only limit.
    deadlineMs: null,
    signal,
  });

  async function describe(model: string, signal: AbortSignal): Promise<DescribedModel> {
    const answer = await ask(showSchema, {
      ...post('/api/show', { model }, signal),
      deadlineMs: READ_DEADLINE_MS,
    });
    const described = readDescription(answer);
    known.set(model, { digest: known.get(model)?.digest ?? null, capabilities: described.capabilities });
    return described;
  }

  /** Embedding-only models cannot be loaded through generate; only their capabilities show this. */
  async function isEmbeddingOnly(model: string, signal: AbortSignal): Promise<boolean> {
    const capabilities = known.get(model)?.capabilities ?? (await describe(model, signal)).capabilities;
    return capabilities.includes('embedding') && !capabilities.includes('completion');
  }

  return {
    product: 'Ollama',
    url,
    capabilities: CAPABILITIES,
    describe,

    version: async (signal) => (await ask(versionSchema, get('/api/version', signal))).version,

    async installed(signal) {
      const { models } = await ask(tagsSchema, get('/api/tags', signal));
      const installed = (models ?? []).filter((model) => !model.remote_host).map(readInstalled);
      for (const { name, digest, capabilities } of installed) {
        if (capabilities) known.set(name, { digest, capabilities });
        // Pulled again under the same name: what show reported may no longer apply.
        else if (known.has(name) && known.get(name)?.digest !== digest) known.delete(name);
      }
      return installed;
    },

    async loaded(signal) {
      const reply = await send({ ...get('/api/ps', signal), fresh: true });
      // Usually nothing has changed since the last probe; then nothing is parsed.
      if (reply.status === 200 && lastPs?.text === reply.text) return lastPs.loaded;
      const loaded = (read(psSchema, reply, '/api/ps').models ?? []).map(readLoaded);
      lastPs = { text: reply.text, loaded };
      return loaded;
    },

    async load(model, options, signal) {
      const common = loadBody(model, options);
      if (await isEmbeddingOnly(model, signal)) {
        await ask(embedSchema, post('/api/embed', common, signal));
        return;
      }
      await ask(generateDoneSchema, post('/api/generate', { ...common, stream: false }, signal));
    },

    async unload(model, signal) {
      await ask(generateDoneSchema, {
        ...post('/api/generate', { model, keep_alive: 0, stream: false }, signal),
        deadlineMs: READ_DEADLINE_MS,
      });
    },

    async embed(model, texts, signal) {
      if (texts.length === 0) return [];
      const reply = await send({
        ...post('/api/embed', { model, input: texts }, signal),
        maxBytes: MAX_EMBED_BYTES,
      });
      return readVectors(read(embedSchema, reply, '/api/embed').embeddings, texts.length);
    },
  };
}

function read<Schema extends z.ZodType>(schema: Schema, reply: HttpReply, path: string): z.output<Schema> {
  if (reply.status < 200 || reply.status > 299) throw toServerError(reply, path);
  const parsed = schema.safeParse(parseJson(reply.text));
  if (!parsed.success) throw notAnInferenceServer(reply, path);
  return parsed.data;
}

function loadBody(model: string, { layers, keepAliveSeconds, contextLength }: LoadOptions): object {
  const options = {
    ...(layers === 'auto' ? {} : { num_gpu: layers === 'cpu' ? 0 : layers }),
    ...(contextLength === undefined ? {} : { num_ctx: contextLength }),
  };
  return {
    model,
    ...(Object.keys(options).length === 0 ? {} : { options }),
    // A number means seconds, a negative one indefinitely; a string without a unit would be refused.
    ...(keepAliveSeconds === null ? {} : { keep_alive: keepAliveSeconds }),
  };
}

type TagsModel = NonNullable<z.output<typeof tagsSchema>['models']>[number];
type PsModel = NonNullable<z.output<typeof psSchema>['models']>[number];

function readInstalled(model: TagsModel): InstalledModel {
  return {
    name: model.name,
    digest: bareDigest(model.digest),
    sizeBytes: model.size,
    family: model.details.family,
    parameterSize: model.details.parameter_size,
    quantization: model.details.quantization_level,
    capabilities: model.capabilities,
    embeddingLength: model.details.embedding_length,
  };
}

function readLoaded(model: PsModel): LoadedModel {
  const expiresAt = Date.parse(model.expires_at);
  return {
    name: model.name,
    digest: bareDigest(model.digest),
    sizeBytes: model.size,
    vramBytes: model.size_vram,
    expiresAt: Number.isFinite(expiresAt) && expiresAt > 0 && expiresAt < FOR_EVER_AFTER ? expiresAt : null,
    contextLength: model.context_length,
  };
}

/** `model_info` keys start with the architecture: `llama.block_count`, `bert.embedding_length`. */
function readDescription({
  capabilities,
  parameters,
  model_info: info,
}: z.output<typeof showSchema>): DescribedModel {
  const architecture = info['general.architecture'];
  const count = (key: string) => {
    const value = info[`${typeof architecture === 'string' ? architecture : ''}.${key}`];
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  };
  return {
    capabilities: capabilities ?? [],
    blockCount: count('block_count'),
    embeddingLength: count('embedding_length'),
    contextLength: count('context_length'),
    headCount: count('attention.head_count'),
    headCountKv: count('attention.head_count_kv'),
    gpuLayers: gpuLayersOf(parameters ?? null),
  };
}

const bareDigest = (digest: string) => digest.replace(/^sha256:/, '');

/** Fewer vectors than texts, uneven or non-finite ones would corrupt an index: none of them is passed on. */
function readVectors(embeddings: unknown[][], wanted: number): Float32Array[] {
  const length = embeddings[0]?.length ?? 0;
  if (embeddings.length !== wanted) throw badVectors(`${embeddings.length} vectors for ${wanted} texts`);
  if (length === 0) throw badVectors('an empty vector');
  return embeddings.map((embedding) => {
    if (embedding.length !== length) throw badVectors('vectors of different lengths');
    const vector = new Float32Array(length);
    for (let index = 0; index < length; index += 1) {
      const value = embedding[index];
      if (typeof value !== 'number') throw badVectors('a vector with values that are not numbers');
      vector[index] = value;
      // Checked after the copy: a number that is finite in JSON can be too large for 32 bits.
      if (!Number.isFinite(vector[index])) throw badVectors('a vector with a number that is not finite');
    }
    return vector;
  });
}

function badVectors(what: string): PilotlightError {
  return new PilotlightError('SERVER_ERROR', {
    message: `The server answered with ${what}.`,
    details: { phase: 'answer', server: what },
  });
}
