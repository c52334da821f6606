/** Whether a machine may be powered off now, and can be woken again. Pure. */
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import { fact } from '../../../shared/models/message.ts';
import type { NodePower } from '../../../shared/models/power.ts';
import { wakeRefusal } from '../policies/policy.ts';
import { fail, failWith, pass, type Verdict } from './verdict.ts';

export interface ReadyFacts {
  onThisComputer: boolean;
  node: NodeView;
  power: NodePower;
}

export function judgeReady({ onThisComputer, node, power }: ReadyFacts): Verdict {
  if (onThisComputer) return fail(fact('ON_THIS_COMPUTER'), fact('REHEARSE_OTHERS'));
  if (!node.canWake) return fail(fact('CANNOT_WAKE_AGAIN'), fact('ADD_MAC_AND_METHOD'));
  // Quiet hours do not apply to people.
  const refusal = wakeRefusal(power.policy, 'person', 0);
  if (refusal !== null) return fail(refusal, fact('LET_PEOPLE_WAKE_IT'));
  if (node.state === 'off') return pass(fact('ONLY_WAKE_REHEARSED'));
  if (node.state === 'waking' || node.state === 'booting')
    return fail(fact('BEING_WOKEN'), fact('REHEARSE_WHEN_SERVING'));
  if (!isServing(node.state)) {
    return node.trouble === null
      ? fail(fact('NOT_REHEARSED_YET'), fact('REHEARSE_SOON'))
      : failWith(node.trouble);
  }
  if (power.means === 'none') return fail(fact('CANNOT_POWER_OFF_HERE'), fact('ADD_POWER_ROLE'));
  if (power.countdown || power.leaving) return fail(fact('GOING_OFF'), fact('REHEARSE_WHEN_OFF'));
  if (power.leases.length > 0 || node.uses.length > 0) {
    const reasons = power.leases.length > 0 ? power.whyOn : node.uses.map((use) => fact('USED_FOR', { use }));
    return fail(fact('IN_USE_BECAUSE', { reasons, unknown: null }), fact('RELEASE_OR_WAIT'));
  }
  return pass(fact('READY_TO_REHEARSE'));
}
