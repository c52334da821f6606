import { describe, expect, test } from 'vitest';
import type { AgentAccess } from '../../../../electron/core/agents/agent-access.ts';
import type { AgentOutcome, AgentPower } from '../../../../electron/core/ports/agents.ts';
import { outcomeTrouble, whyNotDone } from '../../../../electron/core/shutdown/agent-outcome.ts';
import { createAgentPowerWatch } from '../../../../electron/core/shutdown/agent-power-watch.ts';
import { errorCatalogue } from '../../../../shared/contract/errors.ts';
import { fact, plainText } from '../../../../shared/models/message.ts';
import { textOf } from '../../../../shared/text/index.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

const outcome = (changed: Partial<AgentOutcome>): AgentOutcome => ({
  action: 'shutdown',
  outcome: 'cancelled',
  at: 1,
  reason: null,
  ...changed,
});

describe('how an agent’s action ended', () => {
  test.each([
    ['cancelled', 'by a person at the machine', fact('CANCELLED_BY', { by: 'a person at the machine' })],
    ['cancelled', 'the agent was stopped', plainText('the agent was stopped.')],
    ['refused', 'Ann needs it: a game.', plainText('Ann needs it: a game.')],
    ['refused', 'by a lock', plainText('by a lock.')],
    ['refused', 'Is it used?', plainText('Is it used?')],
    ['refused', 'Version 1.2 of it  is\tbusy\n', plainText('Version 1.2 of it is busy.')],
    ['cancelled', null, fact('AGENT_DID_NOT_ACT')],
    ['interrupted', null, fact('AGENT_DID_NOT_ACT')],
  ] as const)('%s, %s: it stays on', (kind, reason, why) => {
    expect(outcomeTrouble(outcome({ outcome: kind, reason }))).toBeNull();
    expect(whyNotDone(outcome({ outcome: kind, reason }))).toEqual(why);
  });

  test('what failed carries the agent’s reason and the next step', () => {
    expect(outcomeTrouble(outcome({ outcome: 'failed', reason: 'Access denied' }))).toMatchObject({
      code: 'AGENT_ERROR',
      message: 'Its agent says: Access denied.',
      next: errorCatalogue.AGENT_ERROR.next,
    });
    const denied = { reason: 'Access denied', code: 'NOT_PERMITTED', next: 'Install the agent again.' };
    expect(outcomeTrouble(outcome({ outcome: 'failed', ...denied }))).toMatchObject({
      code: 'NOT_PERMITTED',
      next: 'Install the agent again.',
    });
    expect(outcomeTrouble(outcome({ outcome: 'failed', reason: 'Command failed: x\n' }))?.message).toBe(
      'Its agent says: Command failed: x.',
    );
    expect(outcomeTrouble(outcome({ outcome: 'dry-run' }))).toEqual({
      code: 'AGENT_ERROR',
      message: textOf(fact('AGENT_DRY_RUN')),
      next: textOf(fact('START_WITHOUT_DRY_RUN')),
    });
  });

  test('a failure without a reason has the text of its code', () => {
    expect(outcomeTrouble(outcome({ outcome: 'failed' }))).toEqual({
      code: 'AGENT_ERROR',
      message: errorCatalogue.AGENT_ERROR.message,
      next: errorCatalogue.AGENT_ERROR.next,
    });
  });
});

test('an outcome is reported once, and not one from before the agent was first read', () => {
  let tell = (_: string) => {};
  let power: AgentPower | null = null;
  const reported: number[] = [];
  const agents = {
    power: () => power,
    policyView: () => null,
    view: () => ({ state: 'ok' }),
    onChange: (listener: typeof tell) => {
      tell = listener;
      return () => {};
    },
  } as unknown as AgentAccess;
  const watch = createAgentPowerWatch({
    clock: createFakeClock(),
    agents,
    onShutdown() {},
    onCountdown() {},
    onOutcome: (_, { at }) => reported.push(at),
  });
  const says = (last: AgentOutcome | null) => {
    power = { phase: 'idle', current: null, actions: [], mayRestartOllama: false, last };
    tell('tower');
  };
  says(outcome({ at: 1 }));
  says(outcome({ at: 1 }));
  says(outcome({ at: 2 }));
  says(outcome({ at: 2 }));
  // The agent was started again: it has none, then one.
  says(null);
  says(outcome({ at: 3 }));
  expect(reported).toEqual([2, 3]);
  watch.stop();
});
