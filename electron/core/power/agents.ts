/** What power needs of the agents; the agents' own service has it all. */
import type { AgentView } from '../../../shared/models/power.ts';
import type {
  AgentLease,
  AgentLink,
  AgentMachine,
  AgentPolicyView,
  AgentPower,
  AgentSample,
} from '../ports.ts';

export interface PowerAgents {
  /** null for a node without an agent. */
  view(nodeId: string): AgentView | null;
  /** null without an address or a token. */
  link(nodeId: string): AgentLink | null;
  /** What was last said of the machine. */
  machine(nodeId: string): AgentMachine | null;
  /** The newest sample; null while the machine is not on. */
  sample(nodeId: string): AgentSample | null;
  policyView(nodeId: string): AgentPolicyView | null;
  power(nodeId: string): AgentPower | null;
  /** Leases there that are not ours. */
  foreignLeases(nodeId: string): AgentLease[];
  /** Reads policy, power and leases now; rejects as the agent's calls do. */
  refresh(nodeId: string): Promise<void>;
  onChange(listener: (nodeId: string) => void): () => void;
  /** The first contact after it was away, or with another run of the machine. */
  onReached(listener: (nodeId: string, contact: { bootId: string; fresh: boolean }) => void): () => void;
}

/** Of a fleet in which no node has an agent. */
export const noAgents: PowerAgents = {
  view: () => null,
  link: () => null,
  machine: () => null,
  sample: () => null,
  policyView: () => null,
  power: () => null,
  foreignLeases: () => [],
  refresh: async () => {},
  onChange: () => () => {},
  onReached: () => () => {},
};
