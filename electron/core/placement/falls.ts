import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { MoveRecord, Placement } from '../../../shared/models/placement.ts';
import { canonicalName, sameModelName } from '../fleet/model-placement.ts';

/** A priority model that is on the CPU of a node with a GPU. */
export interface Fall {
  node: NodeView;
  model: string;
  /** A sentence. */
  reason: string;
}

/**
 * Notices when a priority model falls to the CPU: it was on the GPU before, or came up on the CPU of a node
 * that has a GPU. One fall is told once, until the model is seen on the GPU again.
 */
export interface FallWatch {
  /** `moving` is the model that is being moved on the node now. */
  look(node: NodeView, moving: string | null): Fall[];
  /** A move has ended, and its record says where: a person who forces a model to the CPU knows it. */
  moved(record: Pick<MoveRecord, 'nodeId' | 'model' | 'to'>): void;
  forget(nodeId: string): void;
}

export function createFallWatch(): FallWatch {
  /** Where each model was seen last, by node; expiry in between does not end a fall. */
  const known = new Map<string, Map<string, Placement>>();

  const modelsOf = (nodeId: string) => {
    const models = known.get(nodeId) ?? new Map<string, Placement>();
    known.set(nodeId, models);
    return models;
  };

  return {
    look(node, moving) {
      if (!isServing(node.state) || node.hasGpu === false) return [];
      if (node.loaded.length === 0) return [];
      const models = modelsOf(node.id);
      const falls: Fall[] = [];
      for (const model of node.loaded) {
        if (!model.priority || model.pinned) continue;
        // What a move does is told by its record.
        if (moving !== null && sameModelName(moving, model.name)) continue;
        const name = canonicalName(model.name);
        const before = models.get(name);
        models.set(name, model.placement);
        if (model.placement !== 'cpu' || before === 'cpu') continue;
        if (before !== undefined) {
          const was = before === 'gpu' ? 'on the GPU' : 'partly on the GPU';
          const reason = `It was ${was} before: something loaded it again without the GPU.`;
          falls.push({ node, model: model.name, reason });
        } else if (node.hasGpu === true) {
          const reason = `${node.name} has a GPU, but the model was loaded on the CPU.`;
          falls.push({ node, model: model.name, reason });
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
