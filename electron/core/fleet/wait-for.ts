/** Waits for a node to reach a state. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';

/** Called after every change of a view. null: the node did not exist before, or was removed. */
export type NodeListener = (node: NodeView | null, previous: NodeView | null) => void;

/** Resolves with the first view that matches, now or later. Rejects with NOT_FOUND if the node is removed, or the signal's reason. */
export function waitForNode(
  { view, onChange }: { view: NodeView | null; onChange(listener: NodeListener): () => void },
  predicate: (node: NodeView) => boolean,
  signal: AbortSignal,
): Promise<NodeView> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    if (view === null) return reject(new PilotlightError('NOT_FOUND'));
    let stopListening = () => {};
    const finish = (settle: () => void) => {
      stopListening();
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = () => finish(() => reject(signal.reason));
    const check = (node: NodeView) => {
      if (predicate(node)) finish(() => resolve(node));
    };
    const onView: NodeListener = (node, previous) => {
      if (node?.id === view.id) check(node);
      else if (node === null && previous?.id === view.id)
        finish(() => reject(new PilotlightError('NOT_FOUND')));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    stopListening = onChange(onView);
    check(view);
  });
}
