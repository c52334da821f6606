/** What the panels want of an idle machine, and whether it may power off now. Pure. */

import { leaseReason } from '../../../shared/contract/agent/lease-reason.ts';
import type { FinishPolicy } from '../../../shared/contract/agent/requests.ts';
import type { PowerAction } from '../../../shared/models/power-actions.ts';

export type { FinishPolicy, PowerAction };

/** From the mildest to the hardest, by what is lost and how long it takes to come back. */
const bySeverity: readonly FinishPolicy['action'][] = ['sleep', 'hibernate', 'shutdown'];

/**
 * The strictest combination: each field keeps the value that leaves the machine on longer. null without policies.
 */
export function strictest(policies: readonly FinishPolicy[]): FinishPolicy | null {
  const [first, ...others] = policies;
  if (first === undefined) return null;
  return others.reduce<FinishPolicy>(
    (one, other) => ({
      finishAlone: one.finishAlone && other.finishAlone,
      onlyIfWoken: one.onlyIfWoken || other.onlyIfWoken,
      idleMinutes: Math.max(one.idleMinutes, other.idleMinutes),
      action: bySeverity.find((action) => action === one.action || action === other.action) ?? one.action,
      respectUsers: one.respectUsers || other.respectUsers,
      countdownSeconds: Math.max(one.countdownSeconds, other.countdownSeconds),
    }),
    first,
  );
}

export type Reason =
  | { code: 'LEASE'; message: string; id: string; holder: string; purpose: string }
  | { code: 'GPU_BUSY'; message: string; percent: number }
  | { code: 'GPU_UNKNOWN'; message: string; problem: string }
  | { code: 'USERS'; message: string; users: string[] }
  | { code: 'USERS_UNKNOWN'; message: string; problem: string }
  | { code: 'INHIBITED'; message: string; who: string; why: string }
  | { code: 'INHIBITORS_UNKNOWN'; message: string }
  | { code: 'RECORDS_DAMAGED'; message: string }
  | { code: 'WORKING'; message: string };

export interface Use {
  leases: readonly { id: string; holder: string; purpose: string }[];
  /** `problem`: why a GPU may be busier than reported. */
  gpu: { percent: number | null; problem: string | null };
  /** `problem`: why there may be more users than reported. */
  users: { names: readonly string[]; problem: string | null };
  /** Other programs that block this action; null with a `problem` if the system could not tell. */
  blockers: { programs: readonly { who: string; why: string }[] | null; problem: string | null };
}

export interface UseRules {
  busyPercent: number;
  respectUsers: boolean;
  /** Users whose sessions do not keep the machine on. */
  ignoredUsers: readonly string[];
  /** Whether unknown users and GPUs count as in use: nobody supervises an automatic decision. */
  unknownCounts: boolean;
}

export function leaseReasons(leases: Use['leases']): Reason[] {
  return leases.map(({ id, holder, purpose }) => ({
    code: 'LEASE',
    message: leaseReason({ holder, purpose }),
    id,
    holder,
    purpose,
  }));
}

/** A power action that a restart would interrupt. */
export const powerReasons = ({ phase }: { phase: 'idle' | 'countdown' | 'acting' }) =>
  phase === 'idle' ? [] : [{ code: 'POWER_ACTION_RUNNING', message: 'The machine is about to power off.' }];

/** Every reason not to power off now; empty if there is none. */
export function reasonsAgainst(use: Use, rules: UseRules): Reason[] {
  const reasons = leaseReasons(use.leases);
  for (const { who, why } of use.blockers.programs ?? []) {
    const message = why === '' ? `${who} blocks it.` : `${who} blocks it: ${why.replace(/\.$/, '')}.`;
    reasons.push({ code: 'INHIBITED', message, who, why });
  }
  if (use.blockers.programs === null) {
    const why = use.blockers.problem ?? 'the system did not answer';
    reasons.push({
      code: 'INHIBITORS_UNKNOWN',
      message: `Cannot tell whether another program blocks it: ${why.replace(/\.$/, '')}.`,
    });
  }
  const { percent, problem } = use.gpu;
  if (percent !== null && percent >= rules.busyPercent) {
    reasons.push({ code: 'GPU_BUSY', message: `A GPU is busy (${Math.round(percent)} %).`, percent });
  }
  if (problem !== null && rules.unknownCounts) {
    const message = `Cannot tell whether a GPU is busy: ${problem}`;
    reasons.push({ code: 'GPU_UNKNOWN', message, problem });
  }
  if (rules.respectUsers) {
    const users = use.users.names.filter((name) => !rules.ignoredUsers.includes(name));
    if (users.length > 0) {
      reasons.push({ code: 'USERS', message: `Logged in: ${users.join(', ')}.`, users });
    }
    if (use.users.problem !== null && rules.unknownCounts) {
      const message = `Cannot tell who is logged in: ${use.users.problem}`;
      reasons.push({ code: 'USERS_UNKNOWN', message, problem: use.users.problem });
    }
  }
  return reasons;
}

export interface IdleFacts {
  policy: FinishPolicy | null;
  wokenInThisBoot: boolean;
  /** A person cancelled the last countdown, and no lease has begun since. */
  keptOn: boolean;
  reasons: readonly Reason[];
  /** How long there have been no reasons, in milliseconds. */
  idleMs: number;
}

export type IdleDecision =
  | { do: 'stay'; why: 'no-policy' | 'not-allowed' | 'not-woken' | 'kept-on' | 'in-use' }
  | { do: 'wait'; remainingMs: number }
  | { do: 'go'; action: FinishPolicy['action']; countdownSeconds: number };

/** Whether the machine powers itself off. */
export function decideIdleShutdown({
  policy,
  wokenInThisBoot,
  keptOn,
  reasons,
  idleMs,
}: IdleFacts): IdleDecision {
  if (policy === null) return { do: 'stay', why: 'no-policy' };
  if (!policy.finishAlone) return { do: 'stay', why: 'not-allowed' };
  if (policy.onlyIfWoken && !wokenInThisBoot) return { do: 'stay', why: 'not-woken' };
  if (keptOn) return { do: 'stay', why: 'kept-on' };
  if (reasons.length > 0) return { do: 'stay', why: 'in-use' };
  const remainingMs = policy.idleMinutes * 60_000 - idleMs;
  if (remainingMs > 0) return { do: 'wait', remainingMs };
  return { do: 'go', action: policy.action, countdownSeconds: policy.countdownSeconds };
}

const stayMessages: Record<Extract<IdleDecision, { do: 'stay' }>['why'], string> = {
  'no-policy': 'No policy powers this machine off any more.',
  'not-allowed': 'Its policy now keeps it on.',
  'not-woken': 'Pilotlight did not wake it this time.',
  'kept-on': 'Someone chose to keep it on.',
  'in-use': 'It is in use.',
};

/** Why an automatic power-off is no longer wanted, by the current decision; null while it is. */
export function unwantedBecause(
  wanted: { action: PowerAction; countdownSeconds: number },
  now: IdleDecision,
  leases: number,
): { code: string; message: string } | null {
  const because = (message: string) => ({ code: 'NO_LONGER_WANTED', message });
  if (leases > 0) return { code: 'LEASE', message: 'A lease needs this machine.' };
  switch (now.do) {
    case 'stay':
      return because(stayMessages[now.why]);
    case 'wait':
      return because('It has not been idle for as long as its policy requires.');
    case 'go':
      return now.action === wanted.action && now.countdownSeconds <= wanted.countdownSeconds
        ? null
        : because('Its policy now calls for a different action or a longer countdown.');
  }
}
