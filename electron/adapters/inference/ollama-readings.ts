/** Ollama's answers as the core's models. Pure. */
import type { DescribedModel, InstalledModel, LoadedModel } from '../../../shared/models/placement.ts';
import { gpuLayersOf } from './modelfile.ts';
import type { PsModel, ShowAnswer, TagsModel } from './ollama-schemas.ts';

/** An unlimited keep-alive arrives as a date about 290 years ahead. */
const FOR_EVER_AFTER = Date.UTC(2200, 0, 1);

export function readInstalled(model: TagsModel): InstalledModel {
  return {
    name: model.name,
    digest: bareDigest(model.digest),
    sizeBytes: model.size ?? 0,
    family: model.details.family,
    parameterSize: model.details.parameter_size,
    quantization: model.details.quantization_level,
    capabilities: readCapabilities(model),
    embeddingLength: model.details.embedding_length,
    modifiedAt: model.modified_at,
    parentModel: model.details.parent_model,
    format: model.details.format,
    families: model.details.families,
    contextLength: model.details.context_length,
    cloud: model.remote_host !== '' || model.remote_model !== '',
  };
}

/**
 * Tags stops reading some files early: then it gives no lengths and says `completion`, also for an embedding model that
 * `ollama create` made. Only show knows.
 */
function readCapabilities({ capabilities, details }: TagsModel): string[] | null {
  if (capabilities === null || capabilities.includes('embedding')) return capabilities;
  return details.embedding_length === null && details.context_length === null ? null : capabilities;
}

export function readLoaded(model: PsModel): LoadedModel {
  const expiresAt = Date.parse(model.expires_at);
  const vramBytes = model.size_vram ?? 0;
  return {
    name: model.name,
    digest: bareDigest(model.digest),
    sizeBytes: model.size ?? vramBytes,
    vramBytes,
    expiresAt: Number.isFinite(expiresAt) && expiresAt > 0 && expiresAt < FOR_EVER_AFTER ? expiresAt : null,
    contextLength: model.context_length,
  };
}

/** `model_info` keys start with the architecture: `llama.block_count`, `bert.embedding_length`. */
export function readDescription({ capabilities, parameters, model_info: info }: ShowAnswer): DescribedModel {
  const architecture = info['general.architecture'];
  const key = (name: string) => `${typeof architecture === 'string' ? architecture : ''}.${name}`;
  const count = (name: string) => {
    const value = info[key(name)];
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  };
  return {
    capabilities: capabilities ?? capabilitiesByInfo(architecture, info[key('pooling_type')]),
    blockCount: count('block_count'),
    embeddingLength: count('embedding_length'),
    contextLength: count('context_length'),
    headCount: count('attention.head_count'),
    headCountKv: count('attention.head_count_kv'),
    gpuLayers: gpuLayersOf(parameters ?? null),
  };
}

/** What newer versions conclude from the file, for versions that do not report it; null if they report nothing. */
function capabilitiesByInfo(architecture: unknown, poolingType: unknown): string[] | null {
  if (typeof architecture !== 'string') return null;
  return typeof poolingType === 'number' ? ['embedding'] : ['completion'];
}

const bareDigest = (digest: string) => digest.replace(/^sha256:/, '');
