/**
 * The last move of each model that failed or was refused. It explains where the model is until the next move, or until
 * something loads the model again.
 */
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { ModelOnNode, MoveRecord } from '../../../shared/models/placement.ts';
import { canonicalName, sameModelName } from '../fleet/model-placement.ts';

export interface LastFailures {
  get(nodeId: string, model: string): MoveRecord | null;
  recorded(record: MoveRecord): void;
  /** The node as it is after the move, for comparison. */
  settled(node: NodeView, record: MoveRecord): void;
  /** `moving` is the model that is being moved on the node; null if none is. */
  observe(node: NodeView, moving: string | null): void;
  forget(nodeId: string): void;
}

interface Failure {
  record: MoveRecord;
  /** How the model was loaded after the move; null if it was not, undefined until it is known. */
  after: string | null | undefined;
}

/** `moves`: newest first. `onSuperseded`: something loaded the model again. */
export function createLastFailures(
  moves: readonly MoveRecord[],
  onSuperseded: (record: MoveRecord) => void,
): LastFailures {
  const failures = new Map<string, Map<string, Failure>>();

  function recorded(record: MoveRecord): void {
    const models = failures.get(record.nodeId) ?? new Map<string, Failure>();
    const name = canonicalName(record.model);
    if (record.outcome === 'failed' || record.outcome === 'refused')
      models.set(name, { record, after: undefined });
    else models.delete(name);
    failures.set(record.nodeId, models);
  }
  for (const record of [...moves].reverse()) recorded(record);

  const find = (nodeId: string, model: string) => failures.get(nodeId)?.get(canonicalName(model));

  return {
    get: (nodeId, model) => find(nodeId, model)?.record ?? null,
    recorded,
    settled(node, record) {
      const failure = find(node.id, record.model);
      if (failure?.record === record) failure.after = signatureOn(node, record.model);
    },
    observe(node, moving) {
      for (const [name, failure] of failures.get(node.id) ?? []) {
        if (moving !== null && sameModelName(moving, name)) continue;
        const now = signatureOn(node, name);
        if (failure.after === undefined) {
          // From before this start: its placement is all that is known of how it was loaded then.
          const placement = modelOn(node, name)?.placement ?? null;
          if (placement === null || placement === failure.record.to) continue;
        } else if (now === null || now === failure.after) {
          failure.after = now;
          continue;
        }
        failures.get(node.id)?.delete(name);
        onSuperseded(failure.record);
      }
    },
    forget: (nodeId) => void failures.delete(nodeId),
  };
}

const modelOn = (node: NodeView, name: string): ModelOnNode | undefined =>
  node.loaded.find((model) => sameModelName(model.name, name));

/** Another load has other figures, unless it is exactly the same. */
function signatureOn(node: NodeView, name: string): string | null {
  const model = modelOn(node, name);
  return model ? [model.digest, model.sizeBytes, model.vramBytes, model.contextLength].join(' ') : null;
}
