/** What a policy allows: who may wake a node, and what its agent is told. Pure. */
import type { NodePower, PowerPolicy } from '../../../shared/models/power.ts';
import type { AgentPolicy } from '../ports/agents.ts';
import { isWithin } from '../runtime/local-time.ts';

/** Whoever wants a node awake. */
export type WakeAsker = 'person' | 'job' | 'task' | 'request';

/**
 * Why a node may not be woken now, one sentence; null where it may. `minute` is the minute of the day. A person is
 * refused by `never` alone; tasks and requests count as jobs, for no person waits at the machine for them.
 */
export function wakeRefusal(
  policy: Pick<PowerPolicy, 'wakeFor' | 'quietHours'>,
  by: WakeAsker,
  minute: number,
): string | null {
  if (policy.wakeFor === 'never') return 'Its policy is that nobody wakes it from here.';
  if (by === 'person') return null;
  if (policy.wakeFor === 'people') return 'Its policy is that only people wake it, not jobs.';
  if (policy.quietHours !== null && isWithin(minute, policy.quietHours)) {
    const { from, to } = policy.quietHours;
    return `These are its quiet hours: jobs do not wake it from ${clockTime(from)} to ${clockTime(to)}.`;
  }
  return null;
}

/** `07:05` */
export function clockTime(minute: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

const fromStrictest = {
  powerOff: ['never', 'when-woken', 'always'],
  action: ['sleep', 'hibernate', 'shutdown'],
} as const;

/** As the first, but in each respect of going off the one that keeps the machine on longer. */
export function strictestPolicy(first: PowerPolicy, others: readonly PowerPolicy[]): PowerPolicy {
  const all = [first, ...others];
  return {
    ...first,
    powerOff: fromStrictest.powerOff.find((word) => all.some((one) => one.powerOff === word)) ?? 'never',
    action: fromStrictest.action.find((word) => all.some((one) => one.action === word)) ?? 'sleep',
    idleMinutes: Math.max(...all.map((one) => one.idleMinutes)),
    respectUsers: all.some((one) => one.respectUsers),
    countdownSeconds: Math.max(...all.map((one) => one.countdownSeconds)),
  };
}

/** What the node's agent is told, so that it finishes alone. `helloUrl` only where something listens there. */
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

export interface MeansFacts {
  /** An agent that can be called, and its roles where they are known. */
  agent: { roles: readonly string[] } | null;
  shutdownUrl: string | null;
  simulated: boolean;
}

/** Who can power the node off. An agent that does not say its roles is believed to have the power role. */
export function meansOf({ agent, shutdownUrl, simulated }: MeansFacts): NodePower['means'] {
  if (agent !== null && (agent.roles.length === 0 || agent.roles.includes('power'))) return 'agent';
  if (shutdownUrl !== null) return 'server';
  return simulated ? 'simulator' : 'none';
}

/** Whether those means can do that at all; an agent says itself what it can. */
export function canDo(means: NodePower['means'], action: PowerPolicy['action'] | 'restart'): boolean {
  switch (means) {
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
