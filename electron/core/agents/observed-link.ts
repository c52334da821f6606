import { isPilotlightError } from '../../../shared/contract/errors.ts';
import type { AgentLease, AgentLink, AgentPolicyView, AgentPower } from '../ports/agents.ts';

export interface LinkObserver {
  policy(view: AgentPolicyView): void;
  power(power: AgentPower): void;
  leases(leases: AgentLease[]): void;
  leaseHeld(id: string): void;
  leaseTaken(id: string): void;
  leaseEnded(id: string): void;
  /** The agent refused the token. */
  refused(error: unknown): void;
}

/** The same link, with every result also passed to the observer. */
export function observeLink(link: AgentLink, observer: LinkObserver): AgentLink {
  async function observed<Result>(call: Promise<Result>, note: (result: Result) => void): Promise<Result> {
    try {
      const result = await call;
      note(result);
      return result;
    } catch (error) {
      if (isPilotlightError(error) && error.code === 'AGENT_REFUSED') observer.refused(error);
      throw error;
    }
  }

  return {
    ...link,
    leases: (signal) => observed(link.leases(signal), observer.leases),
    putLease(lease, signal) {
      // Before the answer, because a list read meanwhile may already contain it.
      observer.leaseHeld(lease.id);
      return observed(link.putLease(lease, signal), () => observer.leaseTaken(lease.id));
    },
    endLease: (id, signal) => observed(link.endLease(id, signal), () => observer.leaseEnded(id)),
    traffic: (signal) => observed(link.traffic(signal), () => {}),
    putTraffic: (panelId, traffic, signal) => observed(link.putTraffic(panelId, traffic, signal), () => {}),
    putPolicy: (panelId, policy, signal) =>
      observed(link.putPolicy(panelId, policy, signal), observer.policy),
    removePolicy: (panelId, signal) => observed(link.removePolicy(panelId, signal), () => {}),
    policy: (signal) => observed(link.policy(signal), observer.policy),
    woken: (bootId, by, signal) => observed(link.woken(bootId, by, signal), observer.policy),
    power: (signal) => observed(link.power(signal), observer.power),
    powerOff: (request, signal) => observed(link.powerOff(request, signal), observer.power),
    cancelPowerOff: (by, signal) => observed(link.cancelPowerOff(by, signal), observer.power),
    restartOllama: (signal) => observed(link.restartOllama(signal), () => {}),
    update: (signal) => observed(link.update(signal), () => {}),
    offerUpdate: (release, signal) => observed(link.offerUpdate(release, signal), () => {}),
    putUpdatePart: (from, bytes, signal) => observed(link.putUpdatePart(from, bytes, signal), () => {}),
    startUpdate: (version, by, signal) => observed(link.startUpdate(version, by, signal), () => {}),
    dropUpdate: (signal) => observed(link.dropUpdate(signal), () => {}),
  };
}
