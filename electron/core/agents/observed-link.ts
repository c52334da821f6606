import { isPilotlightError } from '../../../shared/contract/errors.ts';
import type { AgentLease, AgentLink, AgentPolicyView, AgentPower } from '../ports/agents.ts';

export interface LinkObserver {
  policy(view: AgentPolicyView): void;
  power(power: AgentPower): void;
  leases(leases: AgentLease[]): void;
  leaseHeld(id: string): void;
  leaseTaken(id: string): void;
  leaseEnded(id: string): void;
  /** The agent did not take the token. */
  refused(error: unknown): void;
}

/** The same link; whatever anybody learns by it, the observer hears as well. */
export function observeLink(link: AgentLink, observer: LinkObserver): AgentLink {
  async function heard<Result>(asked: Promise<Result>, note: (result: Result) => void): Promise<Result> {
    try {
      const result = await asked;
      note(result);
      return result;
    } catch (error) {
      if (isPilotlightError(error) && error.code === 'AGENT_REFUSED') observer.refused(error);
      throw error;
    }
  }

  return {
    ...link,
    leases: (signal) => heard(link.leases(signal), observer.leases),
    putLease(lease, signal) {
      // Before the answer: a list that is read meanwhile may hold it already.
      observer.leaseHeld(lease.id);
      return heard(link.putLease(lease, signal), () => observer.leaseTaken(lease.id));
    },
    endLease: (id, signal) => heard(link.endLease(id, signal), () => observer.leaseEnded(id)),
    putPolicy: (panelId, policy, signal) => heard(link.putPolicy(panelId, policy, signal), observer.policy),
    removePolicy: (panelId, signal) => heard(link.removePolicy(panelId, signal), () => {}),
    policy: (signal) => heard(link.policy(signal), observer.policy),
    woken: (bootId, by, signal) => heard(link.woken(bootId, by, signal), observer.policy),
    power: (signal) => heard(link.power(signal), observer.power),
    powerOff: (request, signal) => heard(link.powerOff(request, signal), observer.power),
    cancelPowerOff: (by, signal) => heard(link.cancelPowerOff(by, signal), observer.power),
    restartOllama: (signal) => heard(link.restartOllama(signal), () => {}),
  };
}
