import { describe, expect, it } from 'vitest';
import { leaseSpans, stateSpans } from '../../../../electron/core/energy/timeline.ts';
import type { NodeState } from '../../../../shared/models/node-state.ts';
import type { LeaseRecord } from '../../../../shared/models/power.ts';

const change = (at: number, state: NodeState) => ({ at, state });
const window = { from: 100, to: 200 };

describe('what a node was', () => {
  it.each<[string, ReturnType<typeof change>[], [number, number, NodeState][]]>([
    ['nothing is known', [], [[100, 200, 'unknown']]],
    ['one state since before', [change(20, 'off')], [[100, 200, 'off']]],
    [
      'a change in the window',
      [change(20, 'off'), change(150, 'serving')],
      [
        [100, 150, 'off'],
        [150, 200, 'serving'],
      ],
    ],
    [
      'nothing of before',
      [change(150, 'serving')],
      [
        [100, 150, 'unknown'],
        [150, 200, 'serving'],
      ],
    ],
    [
      'the same state twice',
      [change(20, 'off'), change(120, 'off'), change(150, 'off')],
      [[100, 200, 'off']],
    ],
    [
      'two changes at once: the last counts',
      [change(120, 'waking'), change(120, 'off')],
      [
        [100, 120, 'unknown'],
        [120, 200, 'off'],
      ],
    ],
    ['a change at the edge', [change(100, 'off'), change(200, 'serving')], [[100, 200, 'off']]],
  ])('%s', (_, changes, wanted) => {
    expect(stateSpans(changes, window)).toEqual(wanted.map(([from, to, state]) => ({ from, to, state })));
  });
});

describe('who needed it', () => {
  const lease = (createdAt: number, endedAt: number | null): LeaseRecord => ({
    id: 'l',
    nodeId: 'n',
    kind: 'job',
    holder: 'Pilotlight',
    purpose: 'index "Notes"',
    createdAt,
    until: null,
    endedAt,
  });

  it.each<[string, LeaseRecord, [number, number | null] | null]>([
    ['within', lease(120, 150), [120, 150]],
    ['begun before', lease(20, 150), [100, 150]],
    ['alive', lease(120, null), [120, null]],
    ['over before', lease(20, 100), null],
    ['ended after', lease(150, 900), [150, 200]],
  ])('%s', (_, one, wanted) => {
    const expected = wanted && {
      from: wanted[0],
      to: wanted[1],
      kind: 'job',
      holder: 'Pilotlight',
      purpose: 'index "Notes"',
    };
    expect(leaseSpans([one], window)).toEqual(expected ? [expected] : []);
  });
});
