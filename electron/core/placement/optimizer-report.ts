/** What a check of the optimizer found, for people. Pure. */
import { fact, type Message } from '../../../shared/models/message.ts';
import type { Explanation, MoveRecord } from '../../../shared/models/placement.ts';
import type { Decision } from './plan.ts';

/** A decision, and the move that followed; `record` is null if there was none. */
export type Checked = Decision & {
  /** The node's name. */
  node: string;
  record: MoveRecord | null;
};

/** More would not fit into a line. */
const MOST_NAMED = 2;

const succeeded = ({ outcome }: MoveRecord) => outcome === 'moved' || outcome === 'already-right';

/** The explanation of a model after its move. `gpuLost`: whether the GPU of its node is lost now. */
export function explanationAfter(
  explanation: Explanation,
  record: MoveRecord | null,
  gpuLost: boolean,
): Explanation {
  if (record === null) return explanation;
  const { reason } = record;
  if (succeeded(record))
    return { ...explanation, placement: 'gpu', right: true, code: 'RIGHT', reason, next: null };
  return {
    ...explanation,
    placement: record.to,
    code: gpuLost ? 'GPU_LOST' : 'BACKING_OFF',
    reason,
    next: null,
  };
}

/** `nodes`: how many were checked. */
export function summarise(
  nodes: number,
  checked: readonly Pick<Checked, 'node' | 'explanation' | 'record'>[],
): Message {
  if (nodes === 0) return fact('NOTHING_TO_CHECK');
  const moved = checked.filter(({ record }) => record?.outcome === 'moved').length;
  const failed = checked.filter(({ record }) => record !== null && !succeeded(record)).length;
  const elsewhere = checked.filter(
    ({ explanation: { placement, code }, record }) =>
      record === null && placement !== 'gpu' && code !== 'NO_GPU',
  );
  const named = elsewhere.map(({ node, explanation: { model, reason } }) => ({ model, node, why: reason }));
  const right = checked.filter(({ explanation }) => explanation.right).length - moved;
  return fact('MODELS_CHECKED', {
    nodes,
    moved,
    failed,
    waiting: checked.length - moved - failed - right,
    right,
    ...(named.length > 0 && { named: named.slice(0, MOST_NAMED) }),
  });
}
