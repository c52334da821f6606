/** Which of a node's models a request means. Pure. */
import { canonicalName } from '../fleet/model-placement.ts';
import { modelOnNode } from './route.ts';

export interface HeldModel {
  name: string;
  /** Empty if the server reports none. */
  digest: string;
  sizeBytes: number;
  /** RFC 3339; null if unknown. */
  modifiedAt: string | null;
  /** The model runs elsewhere. */
  cloud: boolean;
}

interface HoldingNode {
  installed: readonly HeldModel[];
  loaded: readonly { name: string; digest: string }[];
}

/** By canonical name. A table's lists don't change, and each request would read all of them otherwise. */
const indexes = new WeakMap<readonly HeldModel[], ReadonlyMap<string, readonly HeldModel[]>>();

/**
 * The model with this name, or null. If a node has it in two spellings, the one that was asked for, else the first. With
 * a digest only these weights, and only if no others are loaded under its name, because then it was pulled again.
 */
export function heldModel(
  node: HoldingNode,
  { model, digest }: { model: string; digest: string | null },
): HeldModel | null {
  const named = indexOf(node.installed).get(canonicalName(model)) ?? [];
  if (digest === null) return named.find(({ name }) => name === model) ?? named[0] ?? null;
  const name = modelOnNode({ installed: named, loaded: node.loaded }, { name: model, digest });
  return named.find((held) => held.name === name && held.digest === digest) ?? null;
}

function indexOf(installed: readonly HeldModel[]): ReadonlyMap<string, readonly HeldModel[]> {
  let index = indexes.get(installed);
  if (index === undefined) {
    index = Map.groupBy(installed, ({ name }) => canonicalName(name));
    indexes.set(installed, index);
  }
  return index;
}
