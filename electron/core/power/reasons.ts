/** What speaks against powering a node off, as far as is known here. */
import { isServing } from '../../../shared/models/fleet.ts';
import type { NodePower } from '../../../shared/models/power.ts';
import type { FleetService } from '../fleet/service.ts';
import type { PowerAgents } from './agents.ts';
import type { Ledger } from './ledger.ts';
import type { UseWatch } from './use-watch.ts';
import { leaseWords } from './why-on.ts';

export interface ReasonsDependencies {
  fleet: Pick<FleetService, 'look' | 'require'>;
  agents: Pick<PowerAgents, 'foreignLeases'>;
  ledger: Pick<Ledger, 'list'>;
  use: Pick<UseWatch, 'look' | 'state'>;
  means(nodeId: string): NodePower['means'];
}

export interface ReasonsOptions {
  /** Reads the node again first. */
  lookFirst: boolean;
  /** No person asked for it: what cannot be known counts. */
  automatic: boolean;
}

export function createReasons({ fleet, agents, ledger, use, means }: ReasonsDependencies) {
  /** A sentence each. */
  return async (nodeId: string, { lookFirst, automatic }: ReasonsOptions): Promise<string[]> => {
    let doubts: string[] = [];
    if (lookFirst) {
      await fleet.look(nodeId);
      const node = fleet.require(nodeId);
      use.look(node);
      // A server that is too busy to answer may be at work.
      if (automatic && !isServing(node.state))
        doubts = ['Whether it is in use cannot be seen: it does not answer.'];
    }
    const held = [...ledger.list(nodeId), ...agents.foreignLeases(nodeId)].map(leaseWords);
    const seen = means(nodeId) === 'agent' ? [] : use.state(nodeId).use;
    return [...new Set([...held, ...seen, ...doubts])];
  };
}
