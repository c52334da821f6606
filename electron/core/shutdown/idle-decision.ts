/** Whether the core powers an idle node off that has no agent to do so. Pure. */
import type { NodePower, PowerPolicy } from '../../../shared/models/power.ts';
import { canDo } from '../policies/policy.ts';

/** Why the core leaves a machine on even if it appears idle. */
export type BlockedBy = 'agent-silent' | 'other-node';

export interface IdleFacts {
  policy: PowerPolicy;
  shutdownBy: NodePower['means'];
  /** null if unknown, because this core did not observe the whole boot. */
  wokenByUs: boolean | null;
  /** A person cancelled the last countdown, and the node has not been needed since. */
  keptOn: boolean;
  /** Something else decides when this machine shuts down. */
  blockedBy: BlockedBy | null;
  /** Reasons not to power it off. */
  reasons: readonly unknown[];
  /** How long there have been none, milliseconds. */
  idleMs: number;
}

export type IdleDecision =
  | {
      do: 'stay';
      why:
        | 'not-allowed'
        | 'not-woken'
        | 'woken-unknown'
        | 'kept-on'
        | 'in-use'
        | 'no-means'
        | 'cannot'
        /** Its agent decides, and cannot be reached now. */
        | 'agent-silent'
        /** Its agent keeps it on because of another panel's policy. */
        | 'other-panel'
        /** Another node is the same machine, and that node's policy or agent decides. */
        | 'other-node';
    }
  | { do: 'wait'; remainingMs: number }
  | { do: 'shut-down'; action: PowerPolicy['action']; countdownSeconds: number };

export function decideIdleShutdown(facts: IdleFacts): IdleDecision {
  const { policy, shutdownBy, wokenByUs, keptOn, blockedBy, reasons, idleMs } = facts;
  if (shutdownBy === 'none') return { do: 'stay', why: 'no-means' };
  if (policy.powerOff === 'never') return { do: 'stay', why: 'not-allowed' };
  if (blockedBy !== null) return { do: 'stay', why: blockedBy };
  if (!canDo(shutdownBy, policy.action)) return { do: 'stay', why: 'cannot' };
  if (policy.powerOff === 'when-woken' && wokenByUs !== true) {
    return { do: 'stay', why: wokenByUs === null ? 'woken-unknown' : 'not-woken' };
  }
  if (keptOn) return { do: 'stay', why: 'kept-on' };
  if (reasons.length > 0) return { do: 'stay', why: 'in-use' };
  const remainingMs = policy.idleMinutes * 60_000 - idleMs;
  if (remainingMs > 0) return { do: 'wait', remainingMs };
  return { do: 'shut-down', action: policy.action, countdownSeconds: policy.countdownSeconds };
}
