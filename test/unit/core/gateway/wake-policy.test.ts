import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decideWake,
  type HoldRule,
  ruleFor,
  type WakeChoice,
} from '../../../../electron/core/gateway/wake-policy.ts';

const rule = (own: Partial<HoldRule>): HoldRule => ({
  model: null,
  credentialId: null,
  wake: 'wait',
  cpuAfterMs: 0,
  priority: null,
  ...own,
});

describe('the rule that counts', () => {
  const rules = [
    rule({ wake: 'never' }),
    rule({ model: 'llama*', wake: 'cpu-meanwhile' }),
    rule({ model: 'llama3.2', wake: 'cpu-after' }),
    rule({ model: 'llama3.2:3b', wake: 'wait' }),
    rule({ credentialId: 'key', wake: 'if-needed' }),
    rule({ credentialId: 'key', model: 'llama3.2', wake: 'never', priority: 'batch' }),
  ];
  const wakeOf = (model: string, credentialId: string | null = null) =>
    ruleFor(rules, { model, credentialId }).wake;

  it('is the most specific one', () => {
    expect(wakeOf('qwen3')).toBe('never');
    expect(wakeOf('llama3.1')).toBe('cpu-meanwhile');
    expect(wakeOf('llama3.2:1b')).toBe('cpu-after');
    expect(wakeOf('Llama3.2:3B')).toBe('wait');
    expect(wakeOf('qwen3', 'key')).toBe('if-needed');
    expect(wakeOf('llama3.2:1b', 'key')).toBe('never');
    expect(wakeOf('qwen3', 'other')).toBe('never');
  });

  it('is the first of two that are equally specific, and is explained', () => {
    const twice = [rule({ model: 'a', wake: 'never' }), rule({ model: 'a', wake: 'wait' })];
    const found = ruleFor(twice, { model: 'a', credentialId: null });
    expect(found.wake).toBe('never');
    expect(found.reason).toEqual({ code: 'WAKE_RULE', params: { model: 'a', ofKey: false, wake: 'never' } });
    expect(ruleFor([], { model: 'a', credentialId: null })).toMatchObject({
      wake: 'if-needed',
      priority: null,
      reason: { code: 'WAKE_RULE_NONE' },
    });
  });
});

const gpu = { id: 'gpu', isCpu: false, gpuLost: false };
const cpu = { id: 'cpu', isCpu: true, gpuLost: false };
const lost = { id: 'gpu', isCpu: true, gpuLost: true };
const sleeper = { id: 'sleeper', isCpu: false, canWake: true };
const cpuSleeper = { id: 'nas', isCpu: true, canWake: true };
const decide = (wake: WakeChoice, more: Partial<Parameters<typeof decideWake>[0]> = {}) =>
  decideWake({
    rule: { wake, cpuAfterMs: 20_000 },
    mayWake: true,
    awake: [],
    asleep: [sleeper],
    ...more,
  });

describe('what a request does', () => {
  const choices: WakeChoice[] = ['if-needed', 'wait', 'cpu-meanwhile', 'cpu-after', 'never'];

  it.each(choices)('%s: it is served by a GPU that is awake, and wakes nothing', (wake) => {
    expect(decide(wake, { awake: [cpu, gpu] })).toEqual({ kind: 'serve', wake: [] });
  });

  it('it holds while no machine is awake, for one with a GPU if there is one', () => {
    for (const wake of choices.filter((one) => one !== 'never')) {
      expect(decide(wake, { asleep: [cpuSleeper, sleeper] })).toEqual({
        kind: 'hold',
        wake: ['sleeper'],
        cpuAfterMs: null,
      });
    }
    expect(decide('wait', { asleep: [cpuSleeper] })).toMatchObject({ wake: ['nas'] });
    expect(decide('never')).toEqual({ kind: 'refuse', why: 'rule' });
  });

  it('it is refused if its call may not wake, or nothing can be woken', () => {
    expect(decide('wait', { mayWake: false })).toEqual({ kind: 'refuse', why: 'call' });
    expect(decide('wait', { asleep: [{ ...sleeper, canWake: false }] })).toEqual({
      kind: 'refuse',
      why: 'no-way',
    });
  });

  it('with only a CPU awake, the rule decides', () => {
    const awake = [cpu];
    expect(decide('if-needed', { awake })).toEqual({ kind: 'serve', wake: [] });
    expect(decide('never', { awake })).toEqual({ kind: 'serve', wake: [] });
    expect(decide('cpu-meanwhile', { awake })).toEqual({ kind: 'serve', wake: ['sleeper'] });
    expect(decide('wait', { awake })).toEqual({ kind: 'hold', wake: ['sleeper'], cpuAfterMs: null });
    expect(decide('cpu-after', { awake })).toEqual({ kind: 'hold', wake: ['sleeper'], cpuAfterMs: 20_000 });
    expect(decide('wait', { awake, asleep: [] })).toEqual({ kind: 'serve', wake: [] });
  });

  it('a machine that woke without its GPU serves, unless the rule waits for one', () => {
    expect(decide('if-needed', { awake: [lost], asleep: [] })).toEqual({ kind: 'serve', wake: [] });
    expect(decide('wait', { awake: [lost], asleep: [] })).toEqual({ kind: 'refuse', why: 'gpu-lost' });
    expect(decide('wait', { awake: [lost] })).toMatchObject({ kind: 'hold', wake: ['sleeper'] });
  });

  it('never wakes what cannot be woken, or anything that its call or rule forbids', () => {
    const flags = fc.record({ isCpu: fc.boolean(), canWake: fc.boolean() });
    fc.assert(
      fc.property(
        fc.constantFrom(...choices),
        fc.boolean(),
        fc.array(fc.constantFrom(gpu, cpu, lost), { maxLength: 2 }),
        fc.array(flags, { maxLength: 4 }),
        (wake, mayWake, awake, found) => {
          const asleep = found.map((one, index) => ({ ...one, id: String(index) }));
          const decision = decide(wake, { mayWake, awake, asleep });
          const woken = decision.kind === 'refuse' ? [] : decision.wake;
          if (!mayWake || wake === 'never') expect(woken).toEqual([]);
          expect(asleep.filter(({ id, canWake }) => woken.includes(id) && !canWake)).toEqual([]);
          if (decision.kind === 'hold') expect(woken.length).toBeGreaterThan(0);
          if (decision.kind === 'serve') expect(awake.length).toBeGreaterThan(0);
        },
      ),
    );
  });
});
