import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { MoveRecord, Placement } from '../../../shared/models/placement.ts';
import { canonicalName } from '../fleet/model-placement.ts';
import type { Clock } from '../ports/time.ts';
import { afterRestart, type ModelHistory, NO_HISTORY, remember } from './move-history.ts';

/** What is known about each model on each node, and the history of its moves, which is read from the store at start. */
export interface PlacementMemory {
  /** Call with each change of a node. `restarted`: it has started serving. `appeared`: a model was loaded. */
  observe(node: NodeView, previous: NodeView | null): { restarted: boolean; appeared: boolean };
  /** Its server was restarted: what failed before may work now. */
  restarted(nodeId: string): void;
  learn(record: Omit<MoveRecord, 'id'>): void;
  history(nodeId: string, model: string): ModelHistory | undefined;
  placedSince(nodeId: string, model: string): number | null;
  lastLoadedAt(nodeId: string, model: string): number | null;
  /** Bytes in memory when it was last loaded; null if that is unknown. */
  lastSizeBytes(nodeId: string, model: string): number | null;
  forget(nodeId: string): void;
}

interface Seen {
  placement: Placement | null;
  since: number;
  lastLoadedAt: number;
  sizeBytes: number;
}

export function createPlacementMemory(deps: {
  clock: Clock;
  /** Newest first. */
  moves: readonly MoveRecord[];
}): PlacementMemory {
  const { clock } = deps;
  const histories = new Map<string, Map<string, ModelHistory>>();
  const seen = new Map<string, Map<string, Seen>>();

  const learn = (record: Omit<MoveRecord, 'id'>) => {
    const models = histories.get(record.nodeId) ?? new Map<string, ModelHistory>();
    const name = canonicalName(record.model);
    models.set(name, remember(models.get(name) ?? NO_HISTORY, record));
    histories.set(record.nodeId, models);
  };
  for (const record of [...deps.moves].reverse()) learn(record);

  const change = (nodeId: string, update: (history: ModelHistory) => ModelHistory) => {
    const models = histories.get(nodeId);
    for (const [name, history] of models ?? []) models?.set(name, update(history));
  };
  const find = (nodeId: string, model: string) => seen.get(nodeId)?.get(canonicalName(model)) ?? null;

  return {
    observe(node, previous) {
      const now = clock.now();
      const restarted = previous !== null && isServing(node.state) && !isServing(previous.state);
      if (restarted) change(node.id, afterRestart);
      // A GPU with a model in its VRAM works.
      else if (node.loaded.some((model) => model.vramBytes > 0)) {
        change(node.id, (history) =>
          history.gpuNotUsedAt === null ? history : { ...history, gpuNotUsedAt: null },
        );
      }
      if (node.loaded.length === 0 && !seen.has(node.id)) return { restarted, appeared: false };
      const models = seen.get(node.id) ?? new Map<string, Seen>();
      const gone = new Set(models.keys());
      let appeared = false;
      for (const model of node.loaded) {
        const name = canonicalName(model.name);
        gone.delete(name);
        const before = models.get(name);
        if (!before || before.placement === null) appeared = true;
        models.set(name, {
          placement: model.placement,
          since: before?.placement === model.placement ? before.since : now,
          lastLoadedAt: now,
          sizeBytes: model.sizeBytes,
        });
      }
      for (const name of gone) {
        const before = models.get(name);
        if (before && before.placement !== null)
          models.set(name, { ...before, placement: null, lastLoadedAt: now });
      }
      seen.set(node.id, models);
      return { restarted, appeared };
    },
    restarted: (nodeId) => change(nodeId, afterRestart),
    learn,
    history: (nodeId, model) => histories.get(nodeId)?.get(canonicalName(model)),
    placedSince: (nodeId, model) => {
      const entry = find(nodeId, model);
      return entry && entry.placement !== null ? entry.since : null;
    },
    lastLoadedAt: (nodeId, model) => {
      const entry = find(nodeId, model);
      // A node without changes is not observed again, so a loaded model counts as loaded until it disappears.
      return entry && entry.placement !== null ? clock.now() : (entry?.lastLoadedAt ?? null);
    },
    lastSizeBytes: (nodeId, model) => find(nodeId, model)?.sizeBytes ?? null,
    forget(nodeId) {
      histories.delete(nodeId);
      seen.delete(nodeId);
    },
  };
}
