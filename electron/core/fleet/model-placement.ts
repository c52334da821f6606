/** What a look at a server says about placement. Pure: values in, values out. */
import type { LoadedModel, ModelOnNode, Placement } from '../../../shared/models/placement.ts';

/**
 * Share of `size` that may be missing from `size_vram` on a model that is wholly on the GPU. One layer of the
 * deepest models is about 0.8%, so a layer on the CPU is always seen.
 */
const ROUNDING_SHARE = 0.001;

/** Where a model sits by the server's own figures. Anything short of all of it in VRAM is not `gpu`. */
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

/** A model's name as it is compared: lower case, with its tag (`latest` when none was written). */
export function canonicalName(name: string): string {
  const lower = name.trim().toLowerCase();
  return tagStart(lower) < 0 ? `${lower}:latest` : lower;
}

export function sameModelName(one: string, other: string): boolean {
  return canonicalName(one) === canonicalName(other);
}

/** Where `:tag` starts; a colon before the last slash belongs to a registry's port. -1 for no tag. */
function tagStart(name: string): number {
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? colon : -1;
}

/**
 * Whether a model's name fits one of the patterns: `llama3.1` is any tag of it, `llama3.1:8b` that one alone,
 * `*` stands for any characters, slashes too. Case does not matter.
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
 * The loaded models of one node as the panel shows them. `hasGpu` null means nobody knows: a priority model
 * on the CPU is flagged there too, because a GPU that went unnoticed is what the flag is for. `pinned` holds
 * canonical names.
 */
export function describeLoaded(input: {
  loaded: readonly LoadedModel[];
  hasGpu: boolean | null;
  priorityModels: readonly string[];
  pinned: ReadonlySet<string>;
}): ModelOnNode[] {
  return input.loaded.map((model) => {
    const placement = placementOf(model);
    const priority = matchesPriority(model.name, input.priorityModels);
    return {
      ...model,
      placement,
      gpuShare: gpuShareOf(model),
      priority,
      pinned: input.pinned.has(model.name) || input.pinned.has(canonicalName(model.name)),
      flagged: priority && placement !== 'gpu' && input.hasGpu !== false,
    };
  });
}
