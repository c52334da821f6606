/** Tags of the same weights, of which a server loads only one at a time. Pure. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { InstalledModel, ModelOnNode } from '../../../shared/models/placement.ts';
import { sameModelName } from '../fleet/model-placement.ts';

export interface TagUse {
  now: number;
  node: Pick<NodeView, 'installed'>;
  /** Pilotlight's own requests in flight. */
  inFlight: (model: string) => number;
  /** When a model was last loaded; null for never. */
  lastLoadedAt: (model: string) => number | null;
}

/** A tag that was loaded within this time counts as in use. */
const SIBLING_WINDOW_MS = 10 * 60_000;

/** The name of another tag with the same weights that is in use; null if there is none. */
export function activeSibling(input: TagUse, model: ModelOnNode): string | null {
  const installed = input.node.installed.find((entry) => sameModelName(entry.name, model.name));
  const used = (name: string) => {
    const last = input.lastLoadedAt(name);
    return input.inFlight(name) > 0 || (last !== null && input.now - last < SIBLING_WINDOW_MS);
  };
  for (const other of input.node.installed) {
    if (sameModelName(other.name, model.name)) continue;
    const same =
      (other.digest !== '' && other.digest === model.digest) ||
      (installed !== undefined && sameWeights(installed, other));
    if (same && used(other.name)) return other.name;
  }
  return null;
}

/** Names of the other tags with the same weights as the model of that name; empty if it is not installed. */
export function sameWeightsAs(installed: readonly InstalledModel[], name: string): string[] {
  const model = installed.find((entry) => sameModelName(entry.name, name));
  if (model === undefined) return [];
  return installed
    .filter((other) => other !== model)
    .filter((other) => (other.digest !== '' && other.digest === model.digest) || sameWeights(model, other))
    .map((other) => other.name);
}

/** Tags with the same weights may have different digests, but all of these are equal. */
function sameWeights(one: InstalledModel, other: InstalledModel): boolean {
  return (
    one.sizeBytes === other.sizeBytes &&
    one.family === other.family &&
    one.parameterSize === other.parameterSize &&
    one.quantization === other.quantization
  );
}
