import { describe, expect, test } from 'vitest';
import {
  agentPolicyOf,
  canDo,
  clockTime,
  meansOf,
  type WakeAsker,
  wakeRefusal,
} from '../../../../electron/core/policies/policy.ts';
import { decideFinish, type FinishFacts } from '../../../../electron/core/shutdown/idle-decision.ts';
import { whyOn } from '../../../../electron/core/shutdown/why-on.ts';
import { defaultPowerPolicy, type PowerPolicy } from '../../../../shared/models/power.ts';

const policyWith = (own: Partial<PowerPolicy>): PowerPolicy => ({ ...defaultPowerPolicy, ...own });

describe('who may wake a node', () => {
  const night = { from: 22 * 60, to: 7 * 60 };
  const rows: [Partial<PowerPolicy>, WakeAsker, number, string | null][] = [
    [{}, 'job', 0, null],
    [{}, 'person', 0, null],
    [{ wakeFor: 'people' }, 'person', 0, null],
    [{ wakeFor: 'people' }, 'job', 0, 'only people'],
    [{}, 'task', 0, null],
    [{}, 'request', 0, null],
    [{ wakeFor: 'people' }, 'task', 0, 'only people'],
    [{ wakeFor: 'people' }, 'request', 0, 'only people'],
    [{ quietHours: night }, 'task', 23 * 60, 'quiet hours'],
    [{ quietHours: night }, 'request', 23 * 60, 'quiet hours'],
    [{ wakeFor: 'never' }, 'person', 0, 'nobody'],
    [{ wakeFor: 'never' }, 'job', 0, 'nobody'],
    [{ quietHours: night }, 'job', 23 * 60, '22:00 to 07:00'],
    [{ quietHours: night }, 'job', 6 * 60, 'quiet hours'],
    [{ quietHours: night }, 'job', 7 * 60, null],
    [{ quietHours: night }, 'person', 23 * 60, null],
  ];
  test.each(rows)('%o, a %s at minute %i: %s', (own, by, minute, words) => {
    const refusal = wakeRefusal(policyWith(own), by, minute);
    if (words === null) expect(refusal).toBeNull();
    else expect(refusal).toContain(words);
  });
  test('a time is written with two digits', () => expect(clockTime(425)).toBe('07:05'));
});

describe('what an agent is told', () => {
  test.each([
    ['never', { finishAlone: false, onlyIfWoken: true }],
    ['when-woken', { finishAlone: true, onlyIfWoken: true }],
    ['always', { finishAlone: true, onlyIfWoken: false }],
  ] as const)('%s', (powerOff, expected) => {
    const told = agentPolicyOf(policyWith({ powerOff, idleMinutes: 7, action: 'sleep' }), null);
    expect(told).toEqual({
      ...expected,
      idleMinutes: 7,
      action: 'sleep',
      respectUsers: true,
      countdownSeconds: 60,
    });
  });
  test('where to say hello, where something listens', () => {
    expect(agentPolicyOf(defaultPowerPolicy, 'http://127.0.0.1:9/hello').helloUrl).toBe(
      'http://127.0.0.1:9/hello',
    );
  });
});

describe('who powers it off', () => {
  test.each([
    [{ agent: { roles: ['power', 'telemetry'] }, shutdownUrl: 'http://a', simulated: false }, 'agent'],
    [{ agent: { roles: [] }, shutdownUrl: null, simulated: true }, 'agent'],
    [{ agent: { roles: ['relay'] }, shutdownUrl: 'http://a', simulated: false }, 'server'],
    [{ agent: { roles: ['relay'] }, shutdownUrl: null, simulated: false }, 'none'],
    [{ agent: null, shutdownUrl: null, simulated: true }, 'simulator'],
    [{ agent: null, shutdownUrl: null, simulated: false }, 'none'],
  ] as const)('%o: %s', (facts, means) => {
    expect(meansOf(facts)).toBe(means);
  });
  test.each([
    ['server', 'shutdown', true],
    ['server', 'sleep', false],
    ['simulator', 'hibernate', true],
    ['simulator', 'restart', false],
    ['agent', 'restart', true],
    ['none', 'shutdown', false],
  ] as const)('%s does %s: %s', (means, action, can) => {
    expect(canDo(means, action)).toBe(can);
  });
});

const idle: FinishFacts = {
  policy: defaultPowerPolicy,
  means: 'server',
  wokenByUs: true,
  keptOn: false,
  held: null,
  reasons: [],
  idleMs: 15 * 60_000,
};

describe('whether the core powers it off', () => {
  const rows: [string, Partial<FinishFacts>, unknown][] = [
    ['it was woken and idle long enough', {}, { do: 'go', action: 'shutdown', countdownSeconds: 60 }],
    ['not yet', { idleMs: 14 * 60_000 }, { do: 'wait', remainingMs: 60_000 }],
    ['in use', { reasons: ['x'] }, { do: 'stay', why: 'in-use' }],
    ['its agent cannot be asked', { held: 'agent-silent' }, { do: 'stay', why: 'agent-silent' }],
    ['kept on', { keptOn: true }, { do: 'stay', why: 'kept-on' }],
    ['not woken', { wokenByUs: false }, { do: 'stay', why: 'not-woken' }],
    ['nobody knows', { wokenByUs: null }, { do: 'stay', why: 'woken-unknown' }],
    [
      'always, woken or not',
      { wokenByUs: null, policy: policyWith({ powerOff: 'always' }) },
      { do: 'go', action: 'shutdown', countdownSeconds: 60 },
    ],
    ['never', { policy: policyWith({ powerOff: 'never' }) }, { do: 'stay', why: 'not-allowed' }],
    ['it cannot sleep', { policy: policyWith({ action: 'sleep' }) }, { do: 'stay', why: 'cannot' }],
    ['no means', { means: 'none' }, { do: 'stay', why: 'no-means' }],
  ];
  test.each(rows)('%s', (_, own, decision) => {
    expect(decideFinish({ ...idle, ...own })).toEqual(decision);
  });
});

describe('why it is on', () => {
  const base = {
    on: true,
    leases: [],
    reasons: [],
    leaving: false,
    countdown: false,
    stays: null,
    means: 'agent',
  } as const;
  const lease = { holder: 'Ann', purpose: 'a game' };
  test('the holders first, each once, though the agent names them too', () => {
    const reasons = ['Ann needs it: a game.', 'A GPU is busy (40 %).'];
    expect(whyOn({ ...base, leases: [lease], reasons })).toEqual(reasons);
  });
  test('nothing while it is off', () => expect(whyOn({ ...base, on: false, leases: [lease] })).toEqual([]));
  test.each([
    ['not-woken', 'it was not Pilotlight that woke it'],
    ['kept-on', 'somebody cancelled'],
    ['not-allowed', 'never powers it off'],
    ['no-means', 'cannot power it off'],
  ] as const)('%s', (stays, words) => {
    expect(whyOn({ ...base, stays })).toEqual([expect.stringContaining(words)]);
  });
  test('about to go', () => {
    expect(whyOn({ ...base, countdown: true })).toEqual(['Nobody needs it: it is about to go off.']);
    expect(whyOn({ ...base, leaving: true })).toEqual(['It was told to go off.']);
    expect(whyOn(base)).toEqual(['Nobody needs it: it goes off when nothing changes.']);
  });
});
