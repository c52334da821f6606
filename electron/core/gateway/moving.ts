/** The models that are being moved: the gateway sends them no new requests there. */
import { canonicalName } from '../fleet/model-placement.ts';

export interface MovingModels {
  /** Until disposed. */
  add(nodeId: string, models: readonly string[]): Disposable;
  /** Canonical names, sorted. */
  on(nodeId: string): readonly string[];
}

const none: readonly string[] = [];

export function createMovingModels(onChange: () => void): MovingModels {
  const moves = new Map<symbol, { nodeId: string; models: readonly string[] }>();
  return {
    add(nodeId, models) {
      const move = Symbol(nodeId);
      moves.set(move, { nodeId, models: models.map(canonicalName) });
      onChange();
      return {
        [Symbol.dispose]() {
          if (moves.delete(move)) onChange();
        },
      };
    },
    on(nodeId) {
      if (moves.size === 0) return none;
      const found = [...moves.values()].flatMap((move) => (move.nodeId === nodeId ? move.models : none));
      return [...new Set(found)].sort();
    },
  };
}
