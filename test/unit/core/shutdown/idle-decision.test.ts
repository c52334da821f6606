/** What counts before what, where more than one thing speaks against going off, and the exact moment of going. */

import { describe, expect, it } from 'vitest';
import { decideIdleShutdown, type IdleFacts } from '../../../../electron/core/shutdown/idle-decision.ts';
import { whyOn } from '../../../../electron/core/shutdown/why-on.ts';
import { fact } from '../../../../shared/models/message.ts';
import { defaultPowerPolicy } from '../../../../shared/models/power.ts';
import { textOf } from '../../../../shared/text/index.ts';

const minute = 60_000;

/** Everything speaks against it; taken away one by one. */
const worst: IdleFacts = {
  policy: { ...defaultPowerPolicy, powerOff: 'never', action: 'sleep', idleMinutes: 5, countdownSeconds: 7 },
  shutdownBy: 'none',
  wokenByUs: null,
  keptOn: true,
  blockedBy: 'other-node',
  reasons: ['A GPU is busy.'],
  idleMs: 0,
};

describe('what keeps a machine on', () => {
  it('lists reasons in the order of what a person can change', () => {
    let facts = worst;
    const steps: [Partial<IdleFacts>, unknown][] = [
      [{}, { do: 'stay', why: 'no-means' }],
      [{ shutdownBy: 'server' }, { do: 'stay', why: 'not-allowed' }],
      [{ policy: { ...worst.policy, powerOff: 'when-woken' } }, { do: 'stay', why: 'other-node' }],
      [{ blockedBy: 'agent-silent' }, { do: 'stay', why: 'agent-silent' }],
      [{ blockedBy: null }, { do: 'stay', why: 'cannot' }],
      [{ shutdownBy: 'simulator' }, { do: 'stay', why: 'woken-unknown' }],
      [{ wokenByUs: false }, { do: 'stay', why: 'not-woken' }],
      [{ wokenByUs: true }, { do: 'stay', why: 'kept-on' }],
      [{ keptOn: false }, { do: 'stay', why: 'in-use' }],
      [{ reasons: [] }, { do: 'wait', remainingMs: 5 * minute }],
      [{ idleMs: 5 * minute - 1 }, { do: 'wait', remainingMs: 1 }],
      [{ idleMs: 5 * minute }, { do: 'shut-down', action: 'sleep', countdownSeconds: 7 }],
    ];
    for (const [change, decision] of steps) {
      facts = { ...facts, ...change };
      expect(decideIdleShutdown(facts)).toEqual(decision);
    }
  });

  it('is no lack of a wake where its policy is always', () => {
    const always = { ...worst.policy, powerOff: 'always' as const };
    const facts = { ...worst, shutdownBy: 'agent' as const, blockedBy: null, policy: always };
    expect(decideIdleShutdown(facts)).toEqual({ do: 'stay', why: 'kept-on' });
  });
});

describe('why it is on', () => {
  const facts = {
    on: true,
    leases: [],
    reasons: [],
    leaving: false,
    countdown: false,
    stayReason: null,
    shutdownBy: 'server',
  } as const;
  const busy = fact('GPU_BUSY', { percent: 55 });
  const reasons = [busy, fact('GPU_BUSY', { percent: 55 })];

  it('is its needs, each once, before anything else', () => {
    expect(whyOn({ ...facts, reasons, countdown: true, stayReason: 'in-use' })).toEqual([busy]);
  });

  it('is that it leaves, after its needs', () => {
    const leaving = whyOn({ ...facts, leaving: true, countdown: true });
    expect(leaving).toHaveLength(1);
    expect(whyOn({ ...facts, reasons, leaving: true })).toEqual([busy, ...leaving]);
  });

  it('is another sentence for each reason', () => {
    const stayReason = [
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
      ...stayReason.map((why) => whyOn({ ...facts, stayReason: why })),
      whyOn(facts),
      whyOn({ ...facts, countdown: true }),
      whyOn({ ...facts, leaving: true }),
    ];
    for (const messages of all) expect(messages).toHaveLength(1);
    expect(new Set(all.flat().map(textOf)).size).toBe(stayReason.length + 3);
  });
});
