import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { MoveRecord, Placement } from '../../../shared/models/placement.ts';
import { canonicalName, sameModelName } from '../fleet/model-placement.ts';

/** A priority model that is on the CPU of a node with a GPU. */
export interface Fall {
  node: NodeView;
  model: string;
  reason: Message;
}

/**
 * Detects when a priority model falls to the CPU: it was on the GPU before, or was first loaded on the CPU of a node
 * that has a GPU. Each fall is reported once, until the model is on the GPU again.
 */
export interface FallWatch {
  /** `moving` is the model that is being moved on the node; null if none is. */
  observe(node: NodeView, moving: string | null): Fall[];
  /** A move has finished. A person who forces a model to the CPU knows where it is. */
  moved(record: Pick<MoveRecord, 'nodeId' | 'model' | 'to'>): void;
  forget(nodeId: string): void;
}

export function createFallWatch(): FallWatch {
  /** The last placement of each model, by node. A model that expires in between is still in the same fall. */
  const known = new Map<string, Map<string, Placement>>();

  const modelsOf = (nodeId: string) => {
    const models = known.get(nodeId) ?? new Map<string, Placement>();
    known.set(nodeId, models);
    return models;
  };

  return {
    observe(node, moving) {
      if (!isServing(node.state) || node.hasGpu === false) return [];
      if (node.loaded.length === 0) return [];
      const models = modelsOf(node.id);
      const falls: Fall[] = [];
      for (const model of node.loaded) {
        if (!model.priority || model.pinned) continue;
        // The record of a move says where its model is.
        if (moving !== null && sameModelName(moving, model.name)) continue;
        const name = canonicalName(model.name);
        const before = models.get(name);
        models.set(name, model.placement);
        if (model.placement !== 'cpu' || before === 'cpu') continue;
        if (before !== undefined) {
          falls.push({ node, model: model.name, reason: fact('RELOADED_WITHOUT_GPU', { before }) });
        } else if (node.hasGpu === true) {
          falls.push({ node, model: model.name, reason: fact('LOADED_WITHOUT_GPU', { node: node.name }) });
        }
      }
      return falls;
    },
    moved(record) {
      if (record.to !== null) modelsOf(record.nodeId).set(canonicalName(record.model), record.to);
    },
    forget: (nodeId) => void known.delete(nodeId),
  };
}
