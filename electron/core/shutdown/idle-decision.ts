/** Whether the core powers a node off that has no agent to do it by itself. Pure. */
import type { NodePower, PowerPolicy } from '../../../shared/models/power.ts';
import { canDo } from '../policies/policy.ts';

/** Why the core leaves a machine on whatever it sees of its use. */
export type Held = 'agent-silent' | 'other-node';

export interface FinishFacts {
  policy: PowerPolicy;
  means: NodePower['means'];
  /** null where that is not known: this core was not there all the time since. */
  wokenByUs: boolean | null;
  /** A person cancelled the last countdown, and nobody has needed the node since. */
  keptOn: boolean;
  /** Somebody else decides on this machine. */
  held: Held | null;
  /** What speaks against it. */
  reasons: readonly unknown[];
  /** How long there were none, milliseconds. */
  idleMs: number;
}

export type FinishDecision =
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
        /** It has an agent that decides, and that cannot be asked now. */
        | 'agent-silent'
        /** Its agent says no, by the policy of another panel. */
        | 'other-panel'
        /** It is the same machine as another node, whose policy or agent decides. */
        | 'other-node';
    }
  | { do: 'wait'; remainingMs: number }
  | { do: 'go'; action: PowerPolicy['action']; countdownSeconds: number };

export function decideFinish(facts: FinishFacts): FinishDecision {
  const { policy, means, wokenByUs, keptOn, held, reasons, idleMs } = facts;
  if (means === 'none') return { do: 'stay', why: 'no-means' };
  if (policy.powerOff === 'never') return { do: 'stay', why: 'not-allowed' };
  if (held !== null) return { do: 'stay', why: held };
  if (!canDo(means, policy.action)) return { do: 'stay', why: 'cannot' };
  if (policy.powerOff === 'when-woken' && wokenByUs !== true) {
    return { do: 'stay', why: wokenByUs === null ? 'woken-unknown' : 'not-woken' };
  }
  if (keptOn) return { do: 'stay', why: 'kept-on' };
  if (reasons.length > 0) return { do: 'stay', why: 'in-use' };
  const remainingMs = policy.idleMinutes * 60_000 - idleMs;
  if (remainingMs > 0) return { do: 'wait', remainingMs };
  return { do: 'go', action: policy.action, countdownSeconds: policy.countdownSeconds };
}
