/** Placement of models, from what a server reports. Pure. */
import type {
  InstalledModel,
  LoadedModel,
  ModelOnNode,
  Placement,
} from '../../../shared/models/placement.ts';

/**
 * Share of `size` that may be missing from `size_vram` for a model that is entirely on the GPU. One layer of the
 * deepest models is about 0.8%, so a layer on the CPU is always noticed.
 */
const ROUNDING_SHARE = 0.001;

/** Where a model is, by the server's own figures. `gpu` only if all of it is in VRAM. */
export function placementOf({
  sizeBytes,
  vramBytes,
}: Pick<LoadedModel, 'sizeBytes' | 'vramBytes'>): Placement {
  if (vramBytes <= 0) return 'cpu';
  return vramBytes >= sizeBytes * (1 - ROUNDING_SHARE) ? 'gpu' : 'partial';
}

/** Share of the model in VRAM, 0 to 1. */
export function gpuShareOf({ sizeBytes, vramBytes }: Pick<LoadedModel, 'sizeBytes' | 'vramBytes'>): number {
  if (vramBytes <= 0) return 0;
  return sizeBytes <= 0 ? 1 : Math.min(1, vramBytes / sizeBytes);
}

/** What Ollama adds to a name that doesn't say where it is from. */
const DEFAULT_REGISTRY = /^(?:https?:\/\/)?registry\.ollama\.ai\//;
const DEFAULT_NAMESPACE = /^library\/(?=[^/]+$)/;

/** A model's name for comparison, as Ollama compares: lower case, with its tag (default `latest`), without defaults. */
export function canonicalName(name: string): string {
  const lower = name.trim().toLowerCase().replace(DEFAULT_REGISTRY, '').replace(DEFAULT_NAMESPACE, '');
  return tagStart(lower) < 0 ? `${lower}:latest` : lower;
}

export function sameModelName(one: string, other: string): boolean {
  return canonicalName(one) === canonicalName(other);
}

/** Index of `:tag`; a colon before the last slash is part of a registry's address. -1 for no tag. */
function tagStart(name: string): number {
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? colon : -1;
}

/**
 * Whether a model's name matches one of the patterns: `llama3.1` matches any tag, `llama3.1:8b` only that one, and
 * `*` any characters including slashes. Case-insensitive.
 */
export function matchesPriority(name: string, patterns: readonly string[]): boolean {
  const full = canonicalName(name);
  const base = full.slice(0, tagStart(full));
  return patterns.some((pattern) => {
    const wanted = pattern.trim().toLowerCase();
    if (wanted === '') return false;
    return tagStart(wanted) < 0
      ? matchesWildcard(base, wanted) || matchesWildcard(full, wanted)
      : matchesWildcard(full, wanted);
  });
}

/**
 * Whether a loaded model is a priority. A server lists it under one tag; another one with its digest may match. Servers
 * that give no digests say nothing of other tags.
 */
export function isPriority(
  model: Pick<LoadedModel, 'name' | 'digest'>,
  installed: readonly Pick<InstalledModel, 'name' | 'digest'>[],
  patterns: readonly string[],
): boolean {
  const tags = model.digest === '' ? [] : installed.filter(({ digest }) => digest === model.digest);
  return [model, ...tags].some(({ name }) => matchesPriority(name, patterns));
}

/** Linear in text × stars, so that no pattern can hang the core. */
function matchesWildcard(text: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last))
    return false;
  const end = text.length - last.length;
  let position = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, position);
    if (found < 0 || found + part.length > end) return false;
    position = found + part.length;
  }
  return true;
}

/**
 * The loaded models of one node as the panel shows them. `hasGpu` is null if unknown; a priority model on the CPU is
 * flagged then, too, because the flag is meant for a GPU that went unnoticed. `pinned` holds canonical names.
 */
export function describeLoaded(input: {
  loaded: readonly LoadedModel[];
  installed?: readonly Pick<InstalledModel, 'name' | 'digest'>[];
  hasGpu: boolean | null;
  priorityModels: readonly string[];
  pinned: ReadonlySet<string>;
  /** `num_gpu` of Modelfiles, by digest. Left out: none is known. */
  modelfileLayers?: ReadonlyMap<string, number>;
}): ModelOnNode[] {
  // By digest, because both lists may have thousands.
  const tags = Map.groupBy(input.installed ?? [], ({ digest }) => digest);
  return input.loaded.map((model) => {
    const placement = placementOf(model);
    const priority = isPriority(model, tags.get(model.digest) ?? [], input.priorityModels);
    const layers = input.modelfileLayers?.get(model.digest);
    return {
      ...model,
      ...(layers !== undefined && { modelfileLayers: layers }),
      placement,
      gpuShare: gpuShareOf(model),
      priority,
      pinned: input.pinned.has(model.name) || input.pinned.has(canonicalName(model.name)),
      flagged: priority && placement !== 'gpu' && input.hasGpu !== false,
    };
  });
}
