/** The policies and leases that this panel puts on its nodes' agents, and withdraws when a node loses its agent. */
import type { NodePower } from '../../../shared/models/power.ts';
import type { AgentAccess } from '../agents/agent-access.ts';
import type { FleetService } from '../fleet/service.ts';
import { agentPolicyOf, strictestPolicy } from '../policies/policy.ts';
import type { NetworkInterface } from '../ports/network.ts';
import type { PowerStore } from '../ports/power-state.ts';
import { createTurns } from '../runtime/turns.ts';
import { announceUrl } from './announce-url.ts';
import { createLeaseMirror, type LeaseMirror, type LeaseMirrorDependencies } from './lease-mirror.ts';
import { leaveAgent, nodesOfAgent } from './leave-agent.ts';
import { createWithdrawals, type Withdrawals, type WithdrawalsDependencies } from './withdrawals.ts';

export interface AgentRecords {
  mirror: LeaseMirror;
  withdrawals: Withdrawals;
  /** Called before the node loses its agent. Throws DISK_FULL. */
  leave(nodeId: string): void;
}

export interface AgentRecordsDependencies
  extends Pick<
      LeaseMirrorDependencies,
      'clock' | 'random' | 'log' | 'ledger' | 'policies' | 'attribution' | 'holder'
    >,
    Pick<WithdrawalsDependencies, 'ids' | 'secrets' | 'connectAgent' | 'activity' | 'notices'> {
  store: PowerStore;
  fleet: Pick<FleetService, 'record' | 'records' | 'agentToken'>;
  agents: AgentAccess;
  shutdownBy(nodeId: string): NodePower['means'];
  interfaces(): NetworkInterface[];
  helloPort(): number | null;
}

export function createAgentRecords(dependencies: AgentRecordsDependencies): AgentRecords {
  const { store, fleet, agents, ledger, policies, shutdownBy, interfaces, helloPort } = dependencies;
  const turns = createTurns();
  const panelId = store.panelId();
  /** Other nodes with the same agent, where this panel has only one policy. */
  function othersWithAgent(nodeId: string, url: string | null): string[] {
    const token = fleet.agentToken(nodeId);
    if (url === null || token === null) return [];
    const same = nodesOfAgent({ fleet, agents }, { url, agentId: agents.agentId(nodeId), token });
    return same.filter((other) => other !== nodeId);
  }

  const agentUrl = (nodeId: string) => fleet.record(nodeId)?.agentUrl ?? null;
  const mirror = createLeaseMirror({
    ...dependencies,
    turns,
    panelId,
    agentUrl,
    hasPowerRole: (nodeId) => shutdownBy(nodeId) === 'agent',
    policyFor(nodeId) {
      const url = agentUrl(nodeId);
      const hello = url === null ? null : announceUrl(url, interfaces(), helloPort());
      return agentPolicyOf(
        strictestPolicy(policies.get(nodeId), othersWithAgent(nodeId, url).map(policies.get)),
        hello,
      );
    },
  });
  const withdrawals = createWithdrawals({
    ...dependencies,
    turns,
    panelId,
    governed: (agent) => nodesOfAgent({ fleet, agents }, agent),
    isHeld: (leaseId) => ledger.get(leaseId) !== null,
    renew: mirror.renew,
  });
  const stopListening = agents.onReached((nodeId) => {
    const url = agentUrl(nodeId);
    if (url !== null) withdrawals.reached(url);
  });
  return {
    mirror,
    withdrawals: {
      ...withdrawals,
      stop() {
        stopListening();
        return withdrawals.stop();
      },
    },
    leave: (nodeId) => leaveAgent({ fleet, agents, mirror, withdrawals, shutdownBy }, nodeId),
  };
}
