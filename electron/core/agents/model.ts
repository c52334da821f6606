/** What core knows of the agents, and who may ask it. */
import type { AgentView } from '../../../shared/models/power.ts';
import type { GpuReading, HostReading } from '../../../shared/models/telemetry.ts';
import type {
  AgentLease,
  AgentLink,
  AgentMachine,
  AgentPolicyView,
  AgentPower,
  AgentSample,
} from '../ports/agents.ts';

export interface AgentContact {
  bootId: string;
  /** Another run of the machine than the one seen last, or the first one seen. */
  fresh: boolean;
}

/** What one moment of an agent says about a node, in the shape of the views. */
export interface AgentReading {
  /** null while its tools have not reported yet, or could not. */
  gpus: GpuReading[] | null;
  host: HostReading;
}

export interface PairingRequest {
  line?: string | undefined;
  url?: string | undefined;
  code?: string | undefined;
}

export interface Paired {
  url: string;
  version: string | null;
  roles: string[];
}

export interface AgentsService {
  /** null for a node without an agent. */
  view(nodeId: string): AgentView | null;
  /** The agent's id as last reported; null before the first contact, and for an older agent. */
  agentId(nodeId: string): string | null;
  /** What its calls read is remembered here; null without an address or a token. */
  link(nodeId: string): AgentLink | null;
  /** What was last said of the machine; kept while it sleeps. */
  machine(nodeId: string): AgentMachine | null;
  /** Whether Ollama found a GPU in this run of the machine, as far as the agent has said in this contact. */
  gpuFound(nodeId: string): boolean | null;
  /** Readings that were made after this call; null where none come in time. */
  freshReading(nodeId: string, signal: AbortSignal): Promise<AgentReading | null>;
  /** The newest sample, to be read at once: the next one changes it. null when none came in the last seconds. */
  sample(nodeId: string): AgentSample | null;
  /** The newest sample as readings of the node; the same object until the next sample. */
  reading(nodeId: string): AgentReading | null;
  policyView(nodeId: string): AgentPolicyView | null;
  power(nodeId: string): AgentPower | null;
  /** Leases there that were not put by this run of the core. */
  foreignLeases(nodeId: string): AgentLease[];
  /** Reads policy, power and leases now. Rejects as the agent's calls do, and with NO_AGENT. */
  refresh(nodeId: string): Promise<void>;
  /** Whether its agent answers now, for the fleet's look at a node without a server. Rejects as `health` does. */
  probe(nodeId: string, signal: AbortSignal): Promise<void>;
  /** Anything but samples changed: view, machine, policy, power or leases. */
  onChange(listener: (nodeId: string) => void): () => void;
  /** The first contact after it was away, or with another run of the machine. */
  onReached(listener: (nodeId: string, contact: AgentContact) => void): () => void;
  /** A lease of ours stands there no longer, though nobody here has ended it: another panel or a script did. */
  onLeaseGone(listener: (nodeId: string, leaseId: string) => void): () => void;
  /**
   * Takes the token of an agent by its line, or by address and code, and keeps it: at the nodes that have that
   * agent, else for ten minutes for the one that is added with it. Rejects with BAD_PAIRING, BAD_URL,
   * PAIRING_CLOSED, NOT_AN_AGENT, HOST_UNREACHABLE, HOST_TIMEOUT.
   */
  pair(request: PairingRequest, signal: AbortSignal): Promise<Paired>;
  /** The token of an agent that was paired in the last ten minutes and belongs to no node; taken once. */
  takePaired(url: string): string | null;
  /** The same token, to ask that agent once more before its node is added; it is not taken by that. */
  pairedToken(url: string): string | null;
  /** The token of a node's agent was written anew. */
  tokenChanged(nodeId: string): void;
  start(): void;
  /** No contact until `resume`; what is known stays. */
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
}
