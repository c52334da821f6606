/** Which models may not be moved, by node. */
import { canonicalName } from '../fleet/model-placement.ts';
import type { Store } from '../ports/state.ts';

export interface Pins {
  /** Canonical names of the models pinned on a node. */
  on(nodeId: string): ReadonlySet<string>;
  has(nodeId: string, model: string): boolean;
  /** Throws the store's error, and changes nothing then. */
  set(nodeId: string, model: string, pinned: boolean): void;
}

const NONE: ReadonlySet<string> = new Set();

export function createPins({ store }: { store: Pick<Store, 'pins'> }): Pins {
  const byNode = new Map<string, Set<string>>();
  const add = (nodeId: string, model: string) => {
    const names = byNode.get(nodeId) ?? new Set<string>();
    names.add(canonicalName(model));
    byNode.set(nodeId, names);
  };
  for (const { nodeId, model } of store.pins.list()) add(nodeId, model);
  return {
    on: (nodeId) => byNode.get(nodeId) ?? NONE,
    has: (nodeId, model) => byNode.get(nodeId)?.has(canonicalName(model)) ?? false,
    set(nodeId, model, pinned) {
      store.pins.set(nodeId, canonicalName(model), pinned);
      if (pinned) add(nodeId, model);
      else byNode.get(nodeId)?.delete(canonicalName(model));
    },
  };
}
