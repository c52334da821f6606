/** Ollama behind the InferenceServer port: 0.24 and 0.33, which differ in what they report about a model. */

import { isPilotlightError } from '../../../shared/contract/errors.ts';
import { type ServerCapability, serverCapabilitySchema } from '../../../shared/models/fleet.ts';
import type { DescribedModel, LoadedModel } from '../../../shared/models/placement.ts';
import type { InferenceServer, LoadOptions } from '../../core/ports/inference.ts';
import type { Http } from '../../core/ports/network.ts';
import { mostEmbedBytes, readEmbeddings } from './embeddings.ts';
import { incompleteAnswer, notAnInferenceServer } from './ollama-errors.ts';
import { readPull } from './ollama-pull.ts';
import { readDescription, readInstalled, readLoaded } from './ollama-readings.ts';
import {
  createOllamaRequests,
  get,
  MAX_ANSWER_BYTES,
  type OllamaRequest,
  post,
  READ_DEADLINE_MS,
} from './ollama-requests.ts';
import {
  embedNothingSchema,
  generateSchema,
  psSchema,
  showSchema,
  tagsSchema,
  versionSchema,
} from './ollama-schemas.ts';

/** All there are. */
const CAPABILITIES: ReadonlySet<ServerCapability> = new Set(serverCapabilitySchema.options);

export interface OllamaOptions {
  http: Http;
  /** Base URL, with or without a path before `/api`. */
  url: string;
}

export function createOllamaServer({ http, url }: OllamaOptions): InferenceServer {
  const { open, send, read, ask, refuseErrors } = createOllamaRequests({
    http,
    base: url.replace(/\/+$/, ''),
  });
  let lastPs: { text: string; loaded: LoadedModel[] } | null = null;
  /** A model's capabilities, by name, as last reported by tags or show. */
  const known = new Map<string, { digest: string | null; capabilities: string[] }>();
  let digests: ReadonlyMap<string, string> = new Map();

  async function describe(model: string, signal: AbortSignal): Promise<DescribedModel> {
    const answer = await ask(showSchema, {
      ...post('/api/show', { model }, signal),
      deadlineMs: READ_DEADLINE_MS,
    });
    const described = readDescription(answer);
    const { capabilities } = described;
    if (capabilities !== null) known.set(model, { digest: digests.get(model) ?? null, capabilities });
    return described;
  }

  /** Embedding-only models cannot be loaded through generate. null if the server says nothing about the model. */
  async function isEmbeddingOnly(model: string, signal: AbortSignal): Promise<boolean | null> {
    const capabilities = known.get(model)?.capabilities ?? (await describe(model, signal)).capabilities;
    if (capabilities === null) return null;
    return capabilities.includes('embedding') && !capabilities.includes('completion');
  }

  /** Loads or unloads with an empty prompt. Only `done` says that it was carried out. */
  async function generate(request: OllamaRequest): Promise<void> {
    const { done } = await ask(generateSchema, request);
    if (done !== true) throw incompleteAnswer(request.path);
  }

  async function embedNothing(body: object, signal: AbortSignal): Promise<void> {
    await ask(embedNothingSchema, post('/api/embed', body, signal));
  }

  return {
    product: 'Ollama',
    url,
    capabilities: CAPABILITIES,
    describe,

    version: async (signal) => (await ask(versionSchema, get('/api/version', signal))).version,

    async installed(signal, { withCloud = false } = {}) {
      const { models } = await ask(tagsSchema, get('/api/tags', signal));
      const all = models.map(readInstalled);
      const installed = all.filter(({ cloud }) => !cloud);
      for (const { name, digest, capabilities } of installed) {
        if (capabilities) known.set(name, { digest, capabilities });
        // Pulled again under the same name: what show reported may no longer apply.
        else if (known.has(name) && known.get(name)?.digest !== digest) known.delete(name);
      }
      digests = new Map(installed.map(({ name, digest }) => [name, digest]));
      return withCloud ? all : installed;
    },

    async loaded(signal) {
      const reply = await send({ ...get('/api/ps', signal), fresh: true });
      // Usually nothing has changed since the last probe; then nothing is parsed.
      if (reply.status === 200 && lastPs?.text === reply.text) return lastPs.loaded;
      const { models } = await read(psSchema, reply, '/api/ps', signal);
      const loaded = models.map(readLoaded);
      lastPs = { text: reply.text, loaded };
      return loaded;
    },

    async load(model, options, signal) {
      const common = loadBody(model, options);
      const embeddingOnly = await isEmbeddingOnly(model, signal);
      if (embeddingOnly === true) return embedNothing(common, signal);
      try {
        await generate(post('/api/generate', { ...common, stream: false }, signal));
      } catch (error) {
        // Nothing was known about the model, and now the server says that it does not generate.
        if (embeddingOnly === null && isRefusal(error)) return embedNothing(common, signal);
        throw error;
      }
    },

    unload: (model, signal) =>
      generate({
        ...post('/api/generate', { model, keep_alive: 0, stream: false }, signal),
        deadlineMs: READ_DEADLINE_MS,
      }),

    async pull(model, onProgress, signal) {
      const path = '/api/pull';
      await readPull(await open({ path, body: { model }, signal }), path, onProgress);
      // What is known of that name may be about the files before.
      known.delete(model);
    },

    async remove(model, signal) {
      const path = '/api/delete';
      const reply = await send({
        ...post(path, { model }, signal),
        method: 'DELETE',
        deadlineMs: READ_DEADLINE_MS,
      });
      await refuseErrors(reply, path, signal);
      known.delete(model);
    },

    async embed(model, texts, signal) {
      if (texts.length === 0) return { vectors: [], serverMs: null };
      const reply = await send({
        ...post('/api/embed', { model, input: texts }, signal),
        // Its own bound, because a large batch has more numbers than any other answer.
        maxBytes: Math.max(MAX_ANSWER_BYTES, mostEmbedBytes(texts.length)),
      });
      await refuseErrors(reply, '/api/embed', signal);
      const embedded = await readEmbeddings(reply.text, texts.length);
      if (embedded === null) throw notAnInferenceServer(reply, '/api/embed');
      return embedded;
    },
  };
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

/** 400 for what the model cannot do. */
function isRefusal(error: unknown): boolean {
  return isPilotlightError(error) && error.code === 'SERVER_ERROR' && error.details?.status === 400;
}
