/** What a check of the optimizer found, for people. Pure. */
import { fact, type Message } from '../../../shared/models/message.ts';
import type { Explanation, MoveRecord } from '../../../shared/models/placement.ts';
import type { Decision } from './plan.ts';

/** A decision, and the move that followed; `record` is null if there was none. */
export type Checked = Decision & { record: MoveRecord | null };

const succeeded = ({ outcome }: MoveRecord) => outcome === 'moved' || outcome === 'already-right';

/** The explanation of a model after its move. */
export function explanationAfter(explanation: Explanation, record: MoveRecord | null): Explanation {
  if (record === null) return explanation;
  const { reason } = record;
  if (succeeded(record))
    return { ...explanation, placement: 'gpu', right: true, code: 'RIGHT', reason, next: null };
  const code = record.code === 'GPU_NOT_USED' ? 'GPU_LOST' : 'BACKING_OFF';
  return { ...explanation, placement: record.to, code, reason, next: null };
}

/** `nodes`: how many were checked. */
export function summarise(
  nodes: number,
  checked: readonly Pick<Checked, 'explanation' | 'record'>[],
): Message {
  if (nodes === 0) return fact('NOTHING_TO_CHECK');
  const moved = checked.filter(({ record }) => record?.outcome === 'moved').length;
  const failed = checked.filter(({ record }) => record !== null && !succeeded(record)).length;
  const right = checked.filter(({ explanation }) => explanation.right).length - moved;
  return fact('MODELS_CHECKED', {
    nodes,
    moved,
    failed,
    waiting: checked.length - moved - failed - right,
    right,
  });
}
