/** The models of the recorded servers, made from what the recordings say of them. */
import type { Capability, ModelDefinition } from '../../../electron/simulator/model.ts';
import type { Recording } from './recordings.ts';

type Fields = Record<string, unknown>;

interface TagsModel {
  name: string;
  modified_at: string;
  size: number;
  digest: string;
  details: Fields & { parent_model: string; context_length?: number; embedding_length?: number };
  capabilities?: Capability[];
}

/** What no answer of a server tells. */
interface Hidden {
  blockCount: number;
  headCount: number;
  kvHeads: number;
  headDim: number;
  feedForwardLength?: number;
  vocabSize?: number;
  computeBytesPerToken?: number;
}

const TINY: Hidden = {
  blockCount: 4,
  headCount: 8,
  kvHeads: 4,
  headDim: 32,
  feedForwardLength: 704,
  vocabSize: 2554,
};
const MINILM: Hidden = {
  blockCount: 6,
  headCount: 12,
  kvHeads: 12,
  headDim: 32,
  feedForwardLength: 1536,
  vocabSize: 30_522,
};
/** By the cache and the buffers that the log names: `gpu/server-log-lines.txt`. */
const MID: Hidden = { blockCount: 16, headCount: 32, kvHeads: 8, headDim: 64, computeBytesPerToken: 75_008 };
const BIG: Hidden = {
  blockCount: 40,
  headCount: 40,
  kvHeads: 8,
  headDim: 128,
  computeBytesPerToken: 172_544,
};

const hiddenOf = (name: string): Hidden =>
  name.startsWith('mid') ? MID : name.startsWith('big') ? BIG : name.includes('minilm') ? MINILM : TINY;

/** The Modelfile of those that have more than weights and a template. */
const modelfiles: Readonly<Record<string, Partial<ModelDefinition>>> = {
  'tiny-small:latest': { parameters: { num_ctx: 512, num_gpu: 0 }, system: 'You are tiny.' },
  'tiny-long-8m:latest': { parameters: { num_ctx: 8_000_000 } },
  'minilm-safetensors:latest': {
    madeByCreate: true,
    capabilities: ['embedding'],
    contextLength: 512,
    embeddingLength: 384,
  },
  'lost:latest': { broken: 'lost' },
  'cut:latest': {
    broken: { tensor: 'blk.1.attn_output.weight', endBytes: 4_354_176, fileBytes: 4_293_184 },
  },
};

/** Those listed by `tags` among the recordings, with what `show` says of some. */
export function recordedModels(recordings: readonly Recording[]): ModelDefinition[] {
  const tags = recordings.find((one) => one.case === 'tags');
  if (!tags?.response) throw new Error('The recorded list of models is missing.');
  const { models } = tags.response.json as { models: TagsModel[] };
  const shown = new Map(
    recordings.flatMap(({ request, response }) => {
      const asked = request?.body as Fields | undefined;
      // Asked for everything, it has long lists, which were cut.
      const usable = request?.path === '/api/show' && response?.status === 200 && asked?.verbose !== true;
      return usable ? [[asked?.model, response.json as Fields] as const] : [];
    }),
  );
  return models.map((model) => define(model, shownAs(model.name, shown)));
}

/** One on the same weights says the same. */
function shownAs(name: string, shown: ReadonlyMap<unknown, Fields>): Fields | undefined {
  const own = shown.get(name);
  return own ?? shown.get(name.includes('minilm') ? 'all-minilm:latest' : 'tiny-llama:latest');
}

function define(model: TagsModel, shown: Fields | undefined): ModelDefinition {
  const { details } = model;
  const hidden = hiddenOf(model.name);
  const blob = /blobs\/sha256-([0-9a-f]{64})/.exec(String(shown?.modelfile))?.[1];
  // The twin has the weights of the other tag; those that only resemble them have their own.
  const sharesBlob = /^(?:tiny-(?:llama|small|copy)|all-minilm)\b/.test(model.name);
  const weights = model.name.startsWith('mid') ? 'mid' : model.name;
  const info = Object.entries((shown?.model_info ?? {}) as Fields).map(([key, value]) => [
    key,
    // Lists are left out unless they are asked for.
    value === null ? Array.from({ length: TINY.vocabSize ?? 0 }, (_, index) => listed(key, index)) : value,
  ]);
  return {
    name: model.name,
    digest: model.digest,
    blob: sharesBlob && blob !== undefined ? blob : `weights of ${weights}`,
    sizeBytes: model.size,
    family: String(details.family),
    parameterSize: String(details.parameter_size),
    parameterCount: Number(((shown?.model_info ?? {}) as Fields)['general.parameter_count'] ?? 0),
    quantization: String(details.quantization_level),
    capabilities: model.capabilities ?? ['completion'],
    contextLength: details.context_length ?? 8192,
    embeddingLength: details.embedding_length ?? 256,
    modifiedAt: Date.parse(model.modified_at),
    ...hidden,
    ...(details.parent_model !== '' && { parent: details.parent_model }),
    ...(typeof shown?.template === 'string' && { template: shown.template }),
    info: Object.fromEntries(info),
    ...modelfiles[model.name],
  };
}

const listed = (key: string, index: number) => (key.endsWith('tokens') ? `<${index}>` : 0);
