import { abortable } from '../../../shared/abortable.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';

/** One move per node at a time. */
export interface NodeLocks {
  /** The model that is being moved on a node; null when none is. */
  holder(nodeId: string): string | null;
  /** Takes the node; throws MOVE_IN_PROGRESS when it is taken. */
  take(nodeId: string, model: string): Disposable;
  /** Waits for its turn. */
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
          message: `${other.model} is being moved on this machine now.`,
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
