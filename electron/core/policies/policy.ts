/** What a policy allows: who may wake a node, and the policy for its agent. Pure. */
import { fact, type Message } from '../../../shared/models/message.ts';
import type { NodePower, PowerPolicy } from '../../../shared/models/power.ts';
import { isWithin } from '../../../shared/quiet-hours.ts';
import type { AgentPolicy } from '../ports/agents.ts';

/** What wants a node awake. */
export type WakeRequester = 'person' | 'job' | 'task' | 'request';

/**
 * Why a node may not be woken now; null if it may. `minute` is the minute of the day. Only `never` refuses a
 * person; tasks and requests count as jobs, because no person is waiting at the panel for them.
 */
export function wakeRefusal(
  policy: Pick<PowerPolicy, 'wakeFor' | 'quietHours'>,
  by: WakeRequester,
  minute: number,
): Message | null {
  if (policy.wakeFor === 'never') return fact('POLICY_WAKES_NEVER');
  if (by === 'person') return null;
  if (policy.wakeFor === 'people') return fact('POLICY_WAKES_FOR_PEOPLE');
  if (policy.quietHours !== null && isWithin(minute, policy.quietHours)) {
    return fact('POLICY_QUIET_HOURS', policy.quietHours);
  }
  return null;
}

const fromStrictest = {
  powerOff: ['never', 'when-woken', 'always'],
  action: ['sleep', 'hibernate', 'shutdown'],
} as const;

/** The first policy, with each shutdown setting replaced by the one of all that keeps the machine on longest. */
export function strictestPolicy(first: PowerPolicy, others: readonly PowerPolicy[]): PowerPolicy {
  const all = [first, ...others];
  return {
    ...first,
    powerOff: fromStrictest.powerOff.find((value) => all.some((one) => one.powerOff === value)) ?? 'never',
    action: fromStrictest.action.find((value) => all.some((one) => one.action === value)) ?? 'sleep',
    idleMinutes: Math.max(...all.map((one) => one.idleMinutes)),
    respectUsers: all.some((one) => one.respectUsers),
    countdownSeconds: Math.max(...all.map((one) => one.countdownSeconds)),
  };
}

/** The policy for the node's agent, so that it can shut down by itself. `helloUrl` only if something listens there. */
export function agentPolicyOf(policy: PowerPolicy, helloUrl: string | null): AgentPolicy {
  return {
    finishAlone: policy.powerOff !== 'never',
    onlyIfWoken: policy.powerOff !== 'always',
    idleMinutes: policy.idleMinutes,
    action: policy.action,
    respectUsers: policy.respectUsers,
    countdownSeconds: policy.countdownSeconds,
    ...(helloUrl === null ? {} : { helloUrl }),
  };
}

export interface ShutdownByFacts {
  /** An agent that can be called, with its roles if known. */
  agent: { roles: readonly string[] } | null;
  shutdownUrl: string | null;
  simulated: boolean;
}

/** What can power the node off. An agent that reports no roles is assumed to have the power role. */
export function chooseShutdownBy({ agent, shutdownUrl, simulated }: ShutdownByFacts): NodePower['means'] {
  if (agent !== null && (agent.roles.length === 0 || agent.roles.includes('power'))) return 'agent';
  if (shutdownUrl !== null) return 'server';
  return simulated ? 'simulator' : 'none';
}

/** Whether it can perform the action at all; an agent checks that itself. */
export function canDo(shutdownBy: NodePower['means'], action: PowerPolicy['action'] | 'restart'): boolean {
  switch (shutdownBy) {
    case 'agent':
      return true;
    case 'server':
      return action === 'shutdown';
    case 'simulator':
      return action !== 'restart';
    case 'none':
      return false;
  }
}
