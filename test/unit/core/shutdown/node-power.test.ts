import { describe, expect, test } from 'vitest';
import { nodePowerOf, type PowerFacts } from '../../../../electron/core/shutdown/node-power.ts';
import { noShutdown } from '../../../../electron/core/shutdown/shutdown-progress.ts';
import { fact, plainText } from '../../../../shared/models/message.ts';
import {
  type AgentView,
  defaultPowerPolicy,
  type Lease,
  type LeaseRecord,
  type PowerPolicy,
} from '../../../../shared/models/power.ts';
import { aNode } from '../../../fakes/records.ts';

const at = Date.UTC(2026, 10, 21, 9);
const agent: AgentView = {
  url: 'http://a:8765',
  state: 'ok',
  version: '1',
  roles: ['power'],
  trouble: null,
  mayRestartOllama: false,
  actions: [],
  missing: [],
};
const base: PowerFacts = {
  node: aNode(),
  policy: defaultPowerPolicy,
  shutdownBy: 'server',
  agent: null,
  leases: [],
  isMirrored: () => false,
  elsewhere: [],
  agentPolicy: null,
  agentPower: null,
  use: { use: [], idle: { since: at, ms: 60_000 } },
  wokenByUs: true,
  progress: noShutdown,
  gpuLost: null,
};
const policyView = {
  bootId: 'b',
  wokenInThisBoot: true,
  keptOn: false,
  reasons: [],
  idleSeconds: 60,
  remainingMs: 840_000,
};
const byAgent: PowerFacts = {
  ...base,
  shutdownBy: 'agent',
  agent,
  agentPolicy: { value: policyView, at },
};
const of = (own: Partial<PowerFacts>, from = base) => nodePowerOf({ ...from, ...own });

describe('a node without an agent', () => {
  test('goes off its idle time after the last need', () => {
    expect(of({})).toMatchObject({ idleSince: at, offAt: at + 15 * 60_000, wokenByUs: true });
  });
  test('has no time to go while it is used', () => {
    const use = { use: [fact('MODEL_WAS_USED', { model: 'a' })], idle: null };
    expect(of({ use })).toMatchObject({ idleSince: null, offAt: null, whyOn: use.use });
  });
  test('goes when its countdown ends', () => {
    const countdown = { action: 'shutdown', by: 'x', endsAt: at + 5000 } as const;
    expect(of({ progress: { ...noShutdown, countdown } })).toMatchObject({
      offAt: at + 5000,
      whyOn: [fact('IDLE_ABOUT_TO_GO')],
    });
  });
  test('in trouble is on', () => {
    expect(of({ node: aNode({ state: 'trouble' }) }).whyOn).not.toEqual([]);
  });
});

describe('a node with an agent', () => {
  test('goes when the agent says, by whole seconds', () => {
    expect(of({}, byAgent)).toMatchObject({ idleSince: at - 60_000, offAt: at + 840_000 });
    const reported = { value: { ...policyView, remainingMs: 839_700 }, at: at + 290 };
    expect(of({ agentPolicy: reported }, byAgent).offAt).toBe(at + 840_000);
  });
  test('that cannot be asked promises nothing', () => {
    const silent = of({ agentPolicy: null, agent: { ...agent, state: 'unreachable' } }, byAgent);
    expect(silent).toMatchObject({ idleSince: null, offAt: null });
    expect(silent.whyOn).toEqual([fact('AGENT_SILENT')]);
  });
  test('counts down as the agent says', () => {
    const current = { action: 'sleep', by: 'the agent itself', remainingSeconds: 42.4 } as const;
    const value = { phase: 'countdown', current, actions: [], mayRestartOllama: false } as const;
    expect(of({ agentPower: { value: { ...value, actions: [] }, at } }, byAgent).countdown).toEqual({
      action: 'sleep',
      by: 'the agent itself',
      endsAt: at + 42_000,
    });
  });
  test.each([
    [{ wokenInThisBoot: false }, 'IDLE_NOT_WOKEN'],
    [{ keptOn: true }, 'IDLE_KEPT_ON'],
    [{}, 'IDLE_OTHER_PANEL'],
  ])('stays on: %o', (own, code) => {
    const value = { ...policyView, remainingMs: null, ...own };
    expect(of({ agentPolicy: { value, at } }, byAgent)).toMatchObject({
      offAt: null,
      whyOn: [{ code }],
    });
  });
  test('says why a lease does not keep it from sleeping, while it is on', () => {
    const sleepTrouble = { code: 'SLEEP_NOT_BLOCKED', message: 'Access denied.', next: 'Install it again.' };
    const value = {
      phase: 'idle',
      current: null,
      actions: [],
      missing: [],
      mayRestartOllama: false,
      sleepTrouble,
    } as const;
    const agentPower = { value: { ...value, actions: [] }, at };
    expect(of({ agentPower }, byAgent).sleepTrouble).toEqual(sleepTrouble);
    expect(of({}, byAgent).sleepTrouble).toBeNull();
    const asleep = { node: aNode({ state: 'off' }), agent: { ...agent, state: 'asleep' as const } };
    expect(of({ ...asleep, agentPower }, byAgent).sleepTrouble).toBeNull();
  });
  test('says whether Pilotlight woke it, better than this core knows', () => {
    const value = { ...policyView, wokenInThisBoot: false };
    expect(of({ agentPolicy: { value, at } }, byAgent).wokenByUs).toBe(false);
  });
});

const lease = (own: Partial<LeaseRecord> = {}): LeaseRecord => ({
  id: 'lease_1',
  nodeId: 'n',
  kind: 'person',
  holder: 'Ann',
  purpose: 'a game',
  createdAt: at,
  until: null,
  endedAt: null,
  ...own,
});

describe('leases', () => {
  const idle = { use: [], idle: { since: at, ms: 3_600_000 } };

  test('are listed with their origin, and whether the agent has them', () => {
    const other: Lease = { ...lease({ id: 'lease_3' }), origin: 'elsewhere', mirrored: true };
    const power = of({
      leases: [lease(), lease({ id: 'lease_2', endedAt: at + 1 })],
      elsewhere: [other],
      isMirrored: (id) => id === 'lease_2',
    });
    expect(power.leases.map(({ id, origin, mirrored }) => [id, origin, mirrored])).toEqual([
      ['lease_1', 'here', false],
      ['lease_2', 'here', true],
      ['lease_3', 'elsewhere', true],
    ]);
    expect(power.leases[0]).not.toHaveProperty('endedAt');
  });

  test('keep an idle node on', () => {
    expect(of({ leases: [lease()], use: idle })).toMatchObject({
      idleSince: null,
      offAt: null,
      whyOn: [fact('LEASE_HELD', { holder: 'Ann', purpose: 'a game' })],
    });
  });

  test('keep this computer on for them, not for Pilotlight', () => {
    const node = aNode({ kind: 'this-computer' });
    expect(of({ node, leases: [lease()] }).whyOn).toEqual([
      fact('LEASE_HELD', { holder: 'Ann', purpose: 'a game' }),
    ]);
    const use = { use: [fact('MODEL_WAS_USED', { model: 'a' })], idle: null };
    expect(of({ node, use }).whyOn).toEqual(use.use);
  });

  test('are not repeated from the reasons of the agent', () => {
    const value = {
      ...policyView,
      remainingMs: null,
      reasons: ['Ann needs it: a game.', 'Bob is logged in.'],
    };
    expect(of({ agentPolicy: { value, at }, leases: [lease()] }, byAgent).whyOn).toEqual([
      fact('LEASE_HELD', { holder: 'Ann', purpose: 'a game' }),
      plainText('Bob is logged in.'),
    ]);
  });
});

describe('what an agent reports', () => {
  const noTime = { ...policyView, remainingMs: null };
  const reported = (own: Partial<typeof policyView>, policy: Partial<PowerPolicy> = {}) =>
    of(
      {
        agentPolicy: { value: { ...noTime, ...own }, at },
        policy: { ...defaultPowerPolicy, ...policy },
      },
      byAgent,
    );

  test.each([
    ['never', { wokenInThisBoot: false, keptOn: true }, 'IDLE_NOT_ALLOWED'],
    ['when-woken', { wokenInThisBoot: false, keptOn: true }, 'IDLE_NOT_WOKEN'],
    ['always', { wokenInThisBoot: false, keptOn: true }, 'IDLE_KEPT_ON'],
    ['always', { wokenInThisBoot: false, keptOn: false }, 'IDLE_OTHER_PANEL'],
  ] as const)('under the policy %s, %o', (powerOff, own, code) => {
    expect(reported(own, { powerOff }).whyOn).toEqual([fact(code)]);
  });

  test('counts only where the agent powers it off', () => {
    const value = { ...noTime, wokenInThisBoot: false, reasons: ['Bob is logged in.'] };
    expect(of({ agentPolicy: { value, at } })).toMatchObject({
      wokenByUs: true,
      whyOn: [fact('IDLE_GOES_OFF')],
      offAt: at + 15 * 60_000,
    });
    const current = { action: 'sleep', by: 'x', remainingSeconds: 5 } as const;
    const power = { phase: 'countdown', current, mayRestartOllama: false } as const;
    const sleepTrouble = { code: 'SLEEP_NOT_BLOCKED', message: 'Access denied.', next: 'Install it again.' };
    const agentPower = { value: { ...power, actions: [], sleepTrouble }, at };
    expect(of({ agentPower })).toMatchObject({ countdown: null, sleepTrouble: null });
  });

  test('is no promise while the agent has not reported its policy', () => {
    expect(of({ agentPolicy: null, use: { use: [], idle: null } }, byAgent)).toMatchObject({
      idleSince: null,
      offAt: null,
    });
  });

  test('has no countdown in another phase', () => {
    const current = { action: 'sleep', by: 'x', remainingSeconds: 5 } as const;
    const value = { phase: 'running', current, actions: [], mayRestartOllama: false } as const;
    const agentPower = { value: { ...value, actions: [] }, at } as unknown as PowerFacts['agentPower'];
    expect(of({ agentPower }, byAgent).countdown).toBeNull();
  });
});

describe('a node that is off', () => {
  const off = aNode({ state: 'off' });
  test('has no reason to be on, and no times', () => {
    const countdown = { action: 'shutdown', by: 'x', endsAt: at + 5000 } as const;
    const gpuLost = { code: 'GPU_LOST', message: 'It is gone.', next: 'Restart it.' } as never;
    expect(
      of({ node: off, leases: [lease()], gpuLost, progress: { ...noShutdown, countdown } }),
    ).toMatchObject({ whyOn: [], idleSince: null, offAt: null, wokenByUs: null, gpuLost: null });
  });
});

describe('a node that is going off', () => {
  test('says so after its reasons', () => {
    const leaving = { action: 'shutdown', since: at, until: at + 60_000 } as never;
    expect(of({ leases: [lease()], progress: { ...noShutdown, leaving } }).whyOn).toEqual([
      fact('LEASE_HELD', { holder: 'Ann', purpose: 'a game' }),
      fact('GOING_OFF'),
    ]);
  });
});

describe('the time to go', () => {
  test('is unknown before the first check of its use', () => {
    const value = { use: [], idle: null };
    expect(of({ use: value })).toMatchObject({
      idleSince: null,
      offAt: null,
      whyOn: [fact('IDLE_GOES_OFF')],
    });
  });
  test('is none where nothing can power it off', () => {
    expect(of({ shutdownBy: 'none' })).toMatchObject({ offAt: null, whyOn: [fact('IDLE_NO_MEANS')] });
  });
});

test('this computer is on because Pilotlight runs on it', () => {
  expect(of({ shutdownBy: 'none', node: aNode({ kind: 'this-computer' }) }).whyOn).toEqual([
    fact('RUNS_PILOTLIGHT'),
  ]);
});
