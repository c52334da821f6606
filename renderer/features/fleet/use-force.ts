import type { MoveRecord } from '../../../shared/models/placement.ts';
import { client } from '../../client/index.ts';
import { useAction } from '../../components/use-action.ts';
import { addToast } from '../../stores/toasts.ts';
import { textOf } from '../../texts.ts';
import { openDialog } from '../shell/open-dialog.ts';
import { failedMove, movesText, movesWithoutRoom } from './node-text.ts';

export interface ForceRequest {
  target: 'gpu' | 'cpu';
  /** Null for every node. */
  nodeId: string | null;
  /** Null for all priority models that are loaded. */
  model: string | null;
  /** Even if it is known not to fit. */
  anyway?: boolean;
}

/** Forces models and reports the result: a dialog for what can be forced anyway, a toast for the rest. */
export async function forceAndReport(
  { target, nodeId, model, anyway = false }: ForceRequest,
  askAnyway: (moves: MoveRecord[]) => void = (moves) => openDialog({ dialog: 'force', moves }),
): Promise<void> {
  const moves =
    model === null
      ? await client.call('models.placeAll', { target, nodeId, anyway })
      : await client.call('models.place', { model, target, nodeId, anyway });
  const withoutRoom = movesWithoutRoom(moves);
  const others = moves.filter((move) => !withoutRoom.includes(move));
  if (withoutRoom.length > 0) askAnyway(withoutRoom);
  const failed = failedMove(others);
  if (failed) {
    const message = `${failed.model} on ${failed.nodeName}: ${textOf(failed.reason)}`;
    addToast({ tone: 'error', message, next: '' });
  } else if (others.length > 0 || withoutRoom.length === 0) {
    addToast({ tone: moves.length === 0 ? 'info' : 'success', message: movesText(others), next: '' });
  }
}

/** `askAnyway` shows what does not fit, in place of the dialog. */
export function useForce(askAnyway?: (moves: MoveRecord[]) => void) {
  const { busy, run } = useAction();
  return {
    busy,
    force: (target: 'gpu' | 'cpu', nodeId: string | null, model: string | null, anyway = false) =>
      run(() => forceAndReport({ target, nodeId, model, anyway }, askAnyway)),
  };
}
