/** Whether a machine is in use, as far as this core knows, through its node or other nodes on the same machine. */

import { isServing } from '../../../shared/models/fleet.ts';
import { distinct, fact, type Message } from '../../../shared/models/message.ts';
import type { NodePower } from '../../../shared/models/power.ts';
import type { AgentAccess } from '../agents/agent-access.ts';
import type { SameMachine } from '../fleet/same-machine.ts';
import type { FleetService } from '../fleet/service.ts';
import type { LeaseLedger } from '../leases/lease-ledger.ts';
import type { Policies } from '../policies/policies.ts';
import type { BlockedBy } from './idle-decision.ts';
import type { UseState, UseWatch } from './use-watch.ts';
import { leaseHeld } from './why-on.ts';

export interface InUse {
  state(nodeId: string): UseState;
  /** Reasons not to power it off. */
  reasons(nodeId: string): Message[];
  /** Checks whether it is in use, for `reasons`. Resolves with why that is unknown, or null. */
  check(nodeId: string): Promise<Message | null>;
  blockedBy(nodeId: string): BlockedBy | null;
}

export interface InUseDependencies {
  fleet: Pick<FleetService, 'get' | 'require' | 'probe' | 'answered'>;
  agents: Pick<AgentAccess, 'link' | 'view' | 'foreignLeases'>;
  ledger: Pick<LeaseLedger, 'list'>;
  policies: Pick<Policies, 'get' | 'isSet'>;
  /** What can power it off. */
  shutdownBy(nodeId: string): NodePower['means'];
  watch: UseWatch;
  sameMachine: SameMachine;
}

export function createInUse(dependencies: InUseDependencies): InUse {
  const { fleet, agents, ledger, policies, shutdownBy, watch, sameMachine } = dependencies;

  const leases = (nodeId: string) => [...ledger.list(nodeId), ...agents.foreignLeases(nodeId)].map(leaseHeld);

  function othersInUse(nodeId: string): Message[] {
    return sameMachine.others(nodeId).flatMap((other) => {
      const name = fleet.get(other)?.name ?? other;
      return [...leases(other), ...watch.state(other).use].map((reason) =>
        fact('SAME_MACHINE_AS', { node: name, reason }),
      );
    });
  }

  function state(nodeId: string): UseState {
    const own = watch.state(nodeId);
    const others = sameMachine.others(nodeId);
    if (others.length === 0) return own;
    const use = othersInUse(nodeId);
    if (use.length > 0) return { use: [...own.use, ...use], idle: null };
    const serving = others.filter((other) => isServing(fleet.get(other)?.state ?? 'unknown'));
    let { idle } = own;
    for (const other of serving) {
      const seen = watch.state(other).idle;
      if (idle !== null && (seen === null || seen.ms < idle.ms)) idle = seen;
    }
    return { use: own.use, idle };
  }

  async function checkOne(nodeId: string): Promise<boolean> {
    await fleet.probe(nodeId);
    const node = fleet.get(nodeId);
    if (node !== null) watch.observe(node);
    return fleet.answered(nodeId);
  }

  /** Its agent knows whether it is in use, but cannot be asked without its token. */
  function hasSilentAgent(nodeId: string): boolean {
    const agent = agents.view(nodeId);
    if (agent === null || agents.link(nodeId) !== null) return false;
    return agent.roles.length === 0 || agent.roles.includes('power');
  }

  return {
    state,
    reasons(nodeId) {
      const seen = shutdownBy(nodeId) === 'agent' ? othersInUse(nodeId) : state(nodeId).use;
      return distinct([...leases(nodeId), ...seen]);
    },
    async check(nodeId) {
      const others = sameMachine
        .others(nodeId)
        .filter((other) => isServing(fleet.get(other)?.state ?? 'unknown'));
      const [answered] = await Promise.all([
        checkOne(nodeId),
        ...others.map((other) => checkOne(other).catch(() => false)),
      ]);
      fleet.require(nodeId);
      return answered ? null : fact('NO_ANSWER_USE_UNKNOWN');
    },
    blockedBy(nodeId) {
      if (hasSilentAgent(nodeId)) return 'agent-silent';
      const governed = sameMachine
        .others(nodeId)
        .some(
          (other) =>
            shutdownBy(other) === 'agent' ||
            hasSilentAgent(other) ||
            (policies.isSet(other) && policies.get(other).powerOff === 'never'),
        );
      return governed ? 'other-node' : null;
    },
  };
}
