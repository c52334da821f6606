/** Machines whose models were just changed through the gateway: the table does not list the new ones yet. */
import { fact } from '../../../shared/models/message.ts';
import type { RankedChoice } from '../../core/acquire/route-request.ts';
import type { Dialect, TableNode } from '../../core/gateway/model.ts';
import type { Clock } from '../../core/ports/time.ts';

export interface JustChanged {
  /** A call that makes models was answered. */
  note(nodeId: string, path: string): void;
  /** The machines that may have a model which no list shows, the last changed first. */
  choices(model: string, nodes: readonly TableNode[], dialect: Dialect): RankedChoice[];
}

/** A core lists the models again within half a second; on a busy computer it takes longer. Milliseconds. */
const CHANGED_MS = 2000;

export function createJustChanged(clock: Pick<Clock, 'monotonic'>): JustChanged {
  const changedAt = new Map<string, number>();

  return {
    note(nodeId, path) {
      if (!/^\/api\/(?:pull|create|copy)$/.test(path)) return;
      changedAt.delete(nodeId);
      changedAt.set(nodeId, clock.monotonic());
    },
    choices(model, nodes, dialect) {
      if (changedAt.size === 0) return [];
      const now = clock.monotonic();
      for (const [nodeId, at] of changedAt) if (now - at > CHANGED_MS) changedAt.delete(nodeId);
      return [...changedAt.keys()].reverse().flatMap((nodeId) => {
        const node = nodes.find(({ id }) => id === nodeId);
        return node?.serving === true && node.dialects.includes(dialect) ? [choiceOf(node, model)] : [];
      });
    },
  };
}

const choiceOf = ({ id, name }: TableNode, model: string): RankedChoice => ({
  nodeId: id,
  node: name,
  model,
  digest: '',
  cloud: false,
  standing: { weights: 1, loaded: 0, gpuPercent: 0, free: 1, fit: 1 },
  score: { match: 0, load: 0, total: 0 },
  reason: fact('ROUTE_JUST_CHANGED', { node: name }),
});
