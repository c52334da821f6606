import { describe, expect, test } from 'vitest';
import {
  agentPolicyOf,
  canDo,
  chooseShutdownBy,
  type WakeRequester,
  wakeRefusal,
} from '../../../../electron/core/policies/policy.ts';
import { decideIdleShutdown, type IdleFacts } from '../../../../electron/core/shutdown/idle-decision.ts';
import { whyOn } from '../../../../electron/core/shutdown/why-on.ts';
import { fact, type Message } from '../../../../shared/models/message.ts';
import { defaultPowerPolicy, type PowerPolicy } from '../../../../shared/models/power.ts';

const policyWith = (own: Partial<PowerPolicy>): PowerPolicy => ({ ...defaultPowerPolicy, ...own });

describe('who may wake a node', () => {
  const night = { from: 22 * 60, to: 7 * 60 };
  const rows: [Partial<PowerPolicy>, WakeRequester, number, Message | null][] = [
    [{}, 'job', 0, null],
    [{}, 'person', 0, null],
    [{ wakeFor: 'people' }, 'person', 0, null],
    [{ wakeFor: 'people' }, 'job', 0, fact('POLICY_WAKES_FOR_PEOPLE')],
    [{}, 'task', 0, null],
    [{}, 'request', 0, null],
    [{ wakeFor: 'people' }, 'task', 0, fact('POLICY_WAKES_FOR_PEOPLE')],
    [{ wakeFor: 'people' }, 'request', 0, fact('POLICY_WAKES_FOR_PEOPLE')],
    [{ quietHours: night }, 'task', 23 * 60, fact('POLICY_QUIET_HOURS', night)],
    [{ quietHours: night }, 'request', 23 * 60, fact('POLICY_QUIET_HOURS', night)],
    [{ wakeFor: 'never' }, 'person', 0, fact('POLICY_WAKES_NEVER')],
    [{ wakeFor: 'never' }, 'job', 0, fact('POLICY_WAKES_NEVER')],
    [{ quietHours: night }, 'job', 23 * 60, fact('POLICY_QUIET_HOURS', night)],
    [{ quietHours: night }, 'job', 6 * 60, fact('POLICY_QUIET_HOURS', night)],
    [{ quietHours: night }, 'job', 7 * 60, null],
    [{ quietHours: night }, 'person', 23 * 60, null],
  ];
  test.each(rows)('%o, a %s at minute %i: %s', (own, by, minute, refusal) => {
    expect(wakeRefusal(policyWith(own), by, minute)).toEqual(refusal);
  });
});

describe('the policy for an agent', () => {
  test.each([
    ['never', { finishAlone: false, onlyIfWoken: true }],
    ['when-woken', { finishAlone: true, onlyIfWoken: true }],
    ['always', { finishAlone: true, onlyIfWoken: false }],
  ] as const)('%s', (powerOff, expected) => {
    const sent = agentPolicyOf(policyWith({ powerOff, idleMinutes: 7, action: 'sleep' }), null);
    expect(sent).toEqual({
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
  ] as const)('%o: %s', (facts, shutdownBy) => {
    expect(chooseShutdownBy(facts)).toBe(shutdownBy);
  });
  test.each([
    ['server', 'shutdown', true],
    ['server', 'sleep', false],
    ['simulator', 'hibernate', true],
    ['simulator', 'restart', false],
    ['agent', 'restart', true],
    ['none', 'shutdown', false],
  ] as const)('%s does %s: %s', (shutdownBy, action, can) => {
    expect(canDo(shutdownBy, action)).toBe(can);
  });
});

const idle: IdleFacts = {
  policy: defaultPowerPolicy,
  shutdownBy: 'server',
  wokenByUs: true,
  keptOn: false,
  blockedBy: null,
  reasons: [],
  idleMs: 15 * 60_000,
};

describe('whether the core powers it off', () => {
  const rows: [string, Partial<IdleFacts>, unknown][] = [
    ['it was woken and idle long enough', {}, { do: 'shut-down', action: 'shutdown', countdownSeconds: 60 }],
    ['not yet', { idleMs: 14 * 60_000 }, { do: 'wait', remainingMs: 60_000 }],
    ['in use', { reasons: ['x'] }, { do: 'stay', why: 'in-use' }],
    ['its agent cannot be asked', { blockedBy: 'agent-silent' }, { do: 'stay', why: 'agent-silent' }],
    ['kept on', { keptOn: true }, { do: 'stay', why: 'kept-on' }],
    ['not woken', { wokenByUs: false }, { do: 'stay', why: 'not-woken' }],
    ['wake attribution unknown', { wokenByUs: null }, { do: 'stay', why: 'woken-unknown' }],
    [
      'always, woken or not',
      { wokenByUs: null, policy: policyWith({ powerOff: 'always' }) },
      { do: 'shut-down', action: 'shutdown', countdownSeconds: 60 },
    ],
    ['never', { policy: policyWith({ powerOff: 'never' }) }, { do: 'stay', why: 'not-allowed' }],
    ['it cannot sleep', { policy: policyWith({ action: 'sleep' }) }, { do: 'stay', why: 'cannot' }],
    ['no means', { shutdownBy: 'none' }, { do: 'stay', why: 'no-means' }],
  ];
  test.each(rows)('%s', (_, own, decision) => {
    expect(decideIdleShutdown({ ...idle, ...own })).toEqual(decision);
  });
});

describe('why it is on', () => {
  const base = {
    on: true,
    leases: [],
    reasons: [],
    leaving: false,
    countdown: false,
    stayReason: null,
    shutdownBy: 'agent',
  } as const;
  const lease = { holder: 'Ann', purpose: 'a game' };
  test('the holders first, each once, though the agent names them too', () => {
    const reasons = [fact('LEASE_HELD', lease), fact('GPU_BUSY', { percent: 40 })];
    expect(whyOn({ ...base, leases: [lease], reasons })).toEqual(reasons);
  });
  test('nothing while it is off', () => expect(whyOn({ ...base, on: false, leases: [lease] })).toEqual([]));
  test.each([
    ['not-woken', 'IDLE_NOT_WOKEN'],
    ['kept-on', 'IDLE_KEPT_ON'],
    ['not-allowed', 'IDLE_NOT_ALLOWED'],
    ['no-means', 'IDLE_NO_MEANS'],
  ] as const)('%s', (stayReason, code) => {
    expect(whyOn({ ...base, stayReason })).toEqual([fact(code)]);
  });
  test('about to go', () => {
    expect(whyOn({ ...base, countdown: true })).toEqual([fact('IDLE_ABOUT_TO_GO')]);
    expect(whyOn({ ...base, leaving: true })).toEqual([fact('GOING_OFF')]);
    expect(whyOn(base)).toEqual([fact('IDLE_GOES_OFF')]);
  });
});
