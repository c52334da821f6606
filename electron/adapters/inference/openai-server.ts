/**
 * A server that speaks only OpenAI's dialect, behind the InferenceServer port. It doesn't report where a model is
 * loaded and takes no orders about it, so it is never asked to load, unload or move one.
 */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { parseAnswer } from '../../../shared/json.ts';
import type { ServerCapability } from '../../../shared/models/fleet.ts';
import type { LoadedModel } from '../../../shared/models/placement.ts';
import type { InferenceServer } from '../../core/ports/inference.ts';
import type { Http } from '../../core/ports/network.ts';
import { mostEmbedBytes } from './embeddings.ts';
import { notAnInferenceServer } from './ollama-errors.ts';
import { createOllamaRequests, get, MAX_ANSWER_BYTES, post } from './ollama-requests.ts';
import {
  describeOpenAiModel,
  modelsSchema,
  type OpenAiModel,
  productOf,
  propsSchema,
  readOpenAiEmbeddings,
  readOpenAiModel,
  UNKNOWN_PRODUCT,
  vllmVersionSchema,
} from './openai-readings.ts';

const CAPABILITIES: ReadonlySet<ServerCapability> = new Set([
  'lists-models',
  'embeds',
  'generates',
  'streams',
  'forwards',
  'speaks-openai',
]);

/** Texts in one request: its answer is parsed at once, and stays below the most values that are read. */
const TEXTS_AT_ONCE = 16;

/** The same list each time, so that comparisons see no change. */
const NOT_SAID: LoadedModel[] = [];

export function createOpenAiServer({ http, url }: { http: Http; url: string }): InferenceServer {
  const { send, read, ask, refuseErrors } = createOllamaRequests({ http, base: url.replace(/\/+$/, '') });
  let product = UNKNOWN_PRODUCT;

  async function models(signal: AbortSignal): Promise<OpenAiModel[]> {
    const reply = await send(get('/v1/models', signal));
    const { data } = await read(modelsSchema, reply, '/v1/models', signal);
    product = productOf(reply.headers.server, data);
    return data;
  }

  const cannot = () => new PilotlightError('NOT_SUPPORTED', { details: { url } });

  return {
    get product() {
      return product;
    },
    url,
    capabilities: CAPABILITIES,

    /** null if it does not say. */
    async version(signal) {
      for (const read of [
        async () => (await ask(vllmVersionSchema, get('/version', signal))).version,
        async () => (await ask(propsSchema, get('/props', signal))).build_info,
      ]) {
        try {
          return await read();
        } catch (error) {
          // LM Studio has neither, and llama-server may be set up not to answer the second.
          if (signal.aborted || !isPilotlightError(error)) throw error;
        }
      }
      return null;
    },

    installed: async (signal) => (await models(signal)).map((model) => readOpenAiModel(model, product)),

    /** Only whether it answers. */
    async loaded(signal) {
      await models(signal);
      return NOT_SAID;
    },

    describe: async (model, signal) =>
      describeOpenAiModel((await models(signal)).find(({ id }) => id === model)),

    load: () => Promise.reject(cannot()),
    unload: () => Promise.reject(cannot()),
    pull: () => Promise.reject(cannot()),
    remove: () => Promise.reject(cannot()),

    async embed(model, texts, signal) {
      const vectors: Float32Array[] = [];
      for (let from = 0; from < texts.length; from += TEXTS_AT_ONCE) {
        const input = texts.slice(from, from + TEXTS_AT_ONCE);
        const reply = await send({
          ...post('/v1/embeddings', { model, input, encoding_format: 'float' }, signal),
          maxBytes: Math.max(MAX_ANSWER_BYTES, mostEmbedBytes(input.length)),
        });
        await refuseErrors(reply, '/v1/embeddings', signal);
        const read = readOpenAiEmbeddings(parseAnswer(reply.text), input.length);
        if (read === null) throw notAnInferenceServer(reply, '/v1/embeddings');
        vectors.push(...read);
      }
      return { vectors, serverMs: null };
    },
  };
}
