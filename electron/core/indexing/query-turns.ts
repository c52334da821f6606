/** Lets the query of a search go before the next batch of an index job on the same node. */
import { createChanges } from '../runtime/changes.ts';

export interface QueryTurns {
  /** A query is sent to the node now; dispose the result when it was answered or given up. */
  begin(nodeId: string): Disposable;
  /** Resolves when no query is waiting for the node; rejects with the signal's reason. */
  clear(nodeId: string, signal: AbortSignal): Promise<void>;
}

export function createQueryTurns(): QueryTurns {
  const waiting = new Map<string, number>();
  const changes = createChanges();
  return {
    begin(nodeId) {
      waiting.set(nodeId, (waiting.get(nodeId) ?? 0) + 1);
      let isOver = false;
      return {
        [Symbol.dispose]() {
          if (isOver) return;
          isOver = true;
          const left = (waiting.get(nodeId) ?? 1) - 1;
          if (left > 0) waiting.set(nodeId, left);
          else waiting.delete(nodeId);
          changes.notify();
        },
      };
    },
    async clear(nodeId, signal) {
      while (waiting.has(nodeId)) await changes.wait(signal);
    },
  };
}
