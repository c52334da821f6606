import type { MoveRecord } from '../../../shared/models/placement.ts';
import { client } from '../../client/index.ts';
import { useAction } from '../../components/use-action.ts';
import { addToast } from '../../stores/toasts.ts';
import { failedMove, movesWords } from './node-words.ts';

function tell(moves: MoveRecord[]): void {
  const failed = failedMove(moves);
  if (failed) {
    addToast({ tone: 'error', message: `${failed.model} on ${failed.nodeName}: ${failed.reason}`, next: '' });
    return;
  }
  addToast({ tone: moves.length === 0 ? 'info' : 'success', message: movesWords(moves), next: '' });
}

/** Forces one model, or all priority models (`model` null), on one node or all, and tells what came of it. */
export function useForce() {
  const { busy, run } = useAction();
  return {
    busy,
    force: (target: 'gpu' | 'cpu', nodeId: string | null, model: string | null) =>
      run(async () => {
        tell(
          model === null
            ? await client.call('models.placeAll', { target, nodeId })
            : await client.call('models.place', { model, target, nodeId }),
        );
      }),
  };
}
