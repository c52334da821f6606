/** What counts before what, where more than one thing speaks against going off, and the exact moment of going. */
import { describe, expect, it } from 'vitest';
import { decideFinish, type FinishFacts } from '../../../../electron/core/shutdown/idle-decision.ts';
import { whyOn } from '../../../../electron/core/shutdown/why-on.ts';
import { defaultPowerPolicy } from '../../../../shared/models/power.ts';

const minute = 60_000;

/** Everything speaks against it; taken away one by one. */
const worst: FinishFacts = {
  policy: { ...defaultPowerPolicy, powerOff: 'never', action: 'sleep', idleMinutes: 5, countdownSeconds: 7 },
  means: 'none',
  wokenByUs: null,
  keptOn: true,
  held: 'other-node',
  reasons: ['A GPU is busy.'],
  idleMs: 0,
};

describe('what keeps a machine on', () => {
  it('is told in the order of what a person can change', () => {
    let facts = worst;
    const steps: [Partial<FinishFacts>, unknown][] = [
      [{}, { do: 'stay', why: 'no-means' }],
      [{ means: 'server' }, { do: 'stay', why: 'not-allowed' }],
      [{ policy: { ...worst.policy, powerOff: 'when-woken' } }, { do: 'stay', why: 'other-node' }],
      [{ held: 'agent-silent' }, { do: 'stay', why: 'agent-silent' }],
      [{ held: null }, { do: 'stay', why: 'cannot' }],
      [{ means: 'simulator' }, { do: 'stay', why: 'woken-unknown' }],
      [{ wokenByUs: false }, { do: 'stay', why: 'not-woken' }],
      [{ wokenByUs: true }, { do: 'stay', why: 'kept-on' }],
      [{ keptOn: false }, { do: 'stay', why: 'in-use' }],
      [{ reasons: [] }, { do: 'wait', remainingMs: 5 * minute }],
      [{ idleMs: 5 * minute - 1 }, { do: 'wait', remainingMs: 1 }],
      [{ idleMs: 5 * minute }, { do: 'go', action: 'sleep', countdownSeconds: 7 }],
    ];
    for (const [change, decision] of steps) {
      facts = { ...facts, ...change };
      expect(decideFinish(facts)).toEqual(decision);
    }
  });

  it('is no lack of a wake where its policy is always', () => {
    const always = { ...worst.policy, powerOff: 'always' as const };
    const facts = { ...worst, means: 'agent' as const, held: null, policy: always };
    expect(decideFinish(facts)).toEqual({ do: 'stay', why: 'kept-on' });
  });
});

describe('why it is on', () => {
  const facts = {
    on: true,
    leases: [],
    reasons: [],
    leaving: false,
    countdown: false,
    stays: null,
    means: 'server',
  } as const;
  const reasons = ['A GPU is busy.', 'A GPU is busy.'];

  it('is its needs, each once, before anything else', () => {
    expect(whyOn({ ...facts, reasons, countdown: true, stays: 'in-use' })).toEqual(['A GPU is busy.']);
  });

  it('is that it leaves, after its needs', () => {
    const leaving = whyOn({ ...facts, leaving: true, countdown: true });
    expect(leaving).toHaveLength(1);
    expect(whyOn({ ...facts, reasons, leaving: true })).toEqual(['A GPU is busy.', ...leaving]);
  });

  it('is another sentence for each reason', () => {
    const stays = [
      'not-allowed',
      'not-woken',
      'woken-unknown',
      'kept-on',
      'in-use',
      'agent-silent',
      'other-panel',
      'other-node',
      'no-means',
      'cannot',
    ] as const;
    const all = [
      ...stays.map((why) => whyOn({ ...facts, stays: why })),
      whyOn(facts),
      whyOn({ ...facts, countdown: true }),
      whyOn({ ...facts, leaving: true }),
    ];
    for (const sentences of all) expect(sentences).toEqual([expect.stringMatching(/^[A-Z].*\.$/)]);
    expect(new Set(all.flat()).size).toBe(stays.length + 3);
  });
});
