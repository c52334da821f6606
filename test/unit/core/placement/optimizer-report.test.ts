/** What a check of the optimizer found, after its moves. */
import { describe, expect, it } from 'vitest';
import {
  type Checked,
  explanationAfter,
  summarise,
} from '../../../../electron/core/placement/optimizer-report.ts';
import { planNode } from '../../../../electron/core/placement/plan.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { MoveRecord } from '../../../../shared/models/placement.ts';
import { aLoaded, aMoveOf, aNode, GB, planInput } from './support.ts';

/** A priority model on the CPU (or elsewhere) that fits on the GPU. */
function decision(vramBytes = 0) {
  const [found] = planNode(planInput(aNode({ loaded: [aLoaded({ vramBytes })] })));
  if (found === undefined) throw new Error('there is no decision');
  return found;
}
const { explanation } = decision();
const failed = (changes: Partial<MoveRecord> = {}) =>
  aMoveOf({
    outcome: 'failed',
    code: 'OUT_OF_MEMORY',
    to: 'partial',
    reason: fact('MOVE_CANCELLED'),
    ...changes,
  });

describe('the explanation of a model', () => {
  it('stays as it was without a move', () => {
    expect(explanationAfter(explanation, null, true)).toBe(explanation);
  });

  it.each(['moved', 'already-right'] as const)(
    'says that it is in place after a move that ended as %s',
    (outcome) => {
      const record = aMoveOf({ outcome, reason: fact('MOVED_TO_CPU') });
      const before = { ...explanation, next: fact('WAKE_IT') };
      expect(explanationAfter(before, record, true)).toEqual({
        ...explanation,
        placement: 'gpu',
        right: true,
        code: 'RIGHT',
        reason: record.reason,
        next: null,
      });
    },
  );

  it.each([
    ['OUT_OF_MEMORY', 'failed', false, 'BACKING_OFF'],
    ['GPU_NOT_USED', 'failed', false, 'BACKING_OFF'],
    ['GPU_NOT_USED', 'failed', true, 'GPU_LOST'],
    ['PINNED', 'refused', false, 'BACKING_OFF'],
  ] as const)('gives the reason after %s, %s, GPU lost: %s', (code, outcome, gpuLost, expected) => {
    const before = { ...explanation, next: fact('WAKE_IT') };
    expect(explanationAfter(before, failed({ code, outcome }), gpuLost)).toEqual({
      ...explanation,
      placement: 'partial',
      right: false,
      code: expected,
      reason: fact('MOVE_CANCELLED'),
      next: null,
    });
  });
});

describe('the summary of a check', () => {
  const checked = (record: MoveRecord | null, before = decision()): Checked => ({
    ...before,
    node: 'gpu-tower',
    explanation: explanationAfter(before.explanation, record, false),
    record,
  });
  const inPlace = checked(null, decision(6 * GB));

  it('counts each model once', () => {
    const all = [
      checked(aMoveOf()),
      checked(aMoveOf()),
      checked(aMoveOf({ outcome: 'already-right' })),
      checked(failed()),
      checked(failed({ outcome: 'refused' })),
      checked(failed()),
      checked(null),
      inPlace,
      inPlace,
      inPlace,
      inPlace,
    ];
    const named = [{ model: explanation.model, node: 'gpu-tower', why: explanation.reason }];
    expect(summarise(3, all)).toEqual(
      fact('MODELS_CHECKED', { nodes: 3, moved: 2, failed: 3, waiting: 1, right: 5, named }),
    );
  });

  it('names at most two of those that stay off the GPU, and none of a machine without one', () => {
    const named = ['one', 'two', 'three'].map((node) => ({ ...checked(null), node }));
    const noGpu = { ...checked(null), explanation: { ...explanation, code: 'NO_GPU' as const } };
    expect(summarise(4, [noGpu, inPlace, ...named])).toMatchObject({
      params: { named: [{ node: 'one' }, { node: 'two' }] },
    });
  });

  it('has zeros if no priority model is loaded', () => {
    expect(summarise(2, [])).toEqual(
      fact('MODELS_CHECKED', { nodes: 2, moved: 0, failed: 0, waiting: 0, right: 0 }),
    );
    expect(summarise(0, [])).toEqual(fact('NOTHING_TO_CHECK'));
  });
});
