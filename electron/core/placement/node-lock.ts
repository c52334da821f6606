/** One move per node at a time. */
import { abortable } from '../../../shared/abortable.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';

export interface NodeLocks {
  /** The model that is being moved on a node; null if none is. */
  holder(nodeId: string): string | null;
  /** Locks the node until disposed. Throws MOVE_IN_PROGRESS if it is locked. */
  take(nodeId: string, model: string): Disposable;
  /** Waits until the node is unlocked, then locks it. Rejects with the signal's reason. */
  wait(nodeId: string, model: string, signal: AbortSignal): Promise<Disposable>;
}

export function createNodeLocks(): NodeLocks {
  const held = new Map<string, { model: string; released: Promise<void> }>();

  const hold = (nodeId: string, model: string): Disposable => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const entry = { model, released: promise };
    held.set(nodeId, entry);
    return {
      [Symbol.dispose]() {
        if (held.get(nodeId) === entry) held.delete(nodeId);
        resolve();
      },
    };
  };

  return {
    holder: (nodeId) => held.get(nodeId)?.model ?? null,
    take(nodeId, model) {
      const other = held.get(nodeId);
      if (other) {
        throw new PilotlightError('MOVE_IN_PROGRESS', {
          message: fact('MOVE_RUNNING', { model: other.model, node: null }),
        });
      }
      return hold(nodeId, model);
    },
    async wait(nodeId, model, signal) {
      for (;;) {
        signal.throwIfAborted();
        const other = held.get(nodeId);
        if (!other) return hold(nodeId, model);
        await abortable(other.released, signal);
      }
    },
  };
}
