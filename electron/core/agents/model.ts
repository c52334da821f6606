/** The interface of the agents service. */
import type { AgentView } from '../../../shared/models/power.ts';
import type { GpuReading, HostReading } from '../../../shared/models/telemetry.ts';
import type { ToolReport } from '../fleet/gpu-state.ts';
import type { ServerReport } from '../fleet/server-process.ts';
import type {
  AgentLease,
  AgentLink,
  AgentMachine,
  AgentPolicyView,
  AgentPower,
  AgentSample,
  AgentTraffic,
} from '../ports/agents.ts';

export interface AgentContact {
  bootId: string;
  /** Whether this is another boot than the last one seen, or the first. */
  fresh: boolean;
}

/** One sample of an agent in the shape of the views. */
export interface AgentReading {
  /** null if its tools have not reported yet, or failed. */
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
  /** Calls through it also update what this service knows. null without an address or a token. */
  link(nodeId: string): AgentLink | null;
  /** The machine as last reported; kept while it is asleep. */
  machine(nodeId: string): AgentMachine | null;
  /** Whether Ollama found a GPU in this boot, as reported in this contact; null if not reported. */
  gpuFound(nodeId: string): boolean | null;
  /** The process that started a runner of Ollama, from the newest sample; null if it is not reported. */
  runnerParent(nodeId: string, pid: number): { pid: number; name: string | null } | null;
  /** What its tools report about GPUs, from the newest sample. */
  gpuTools(nodeId: string): ToolReport;
  /** The server process on its machine, as reported in this contact; null if not reported. */
  serverReport(nodeId: string): ServerReport | null;
  mayRestartOllama(nodeId: string): boolean;
  /** Readings made after this call; null if none arrive in time. */
  freshReading(nodeId: string, signal: AbortSignal): Promise<AgentReading | null>;
  /** The newest sample, which the next one overwrites in place; null if none arrived in the last seconds. */
  sample(nodeId: string): AgentSample | null;
  /** The newest sample as readings; the same object until the next sample. */
  reading(nodeId: string): AgentReading | null;
  policyView(nodeId: string): AgentPolicyView | null;
  power(nodeId: string): AgentPower | null;
  /** Leases at the agent that this run of the core did not put there. */
  foreignLeases(nodeId: string): AgentLease[];
  /** Which models each panel uses there, this one included; null if it is not known. */
  traffic(nodeId: string): readonly AgentTraffic[] | null;
  /** Reads policy, power and leases now. Rejects as the agent's calls do, and with NO_AGENT. */
  refresh(nodeId: string): Promise<void>;
  /** Resolves if the agent answers now; the fleet probes nodes without a server with it. Rejects as `health` does. */
  probe(nodeId: string, signal: AbortSignal): Promise<void>;
  /** Anything but samples changed: view, machine, policy, power or leases. */
  onChange(listener: (nodeId: string) => void): () => void;
  /** The first contact after the agent was unreachable, or in another boot. */
  onReached(listener: (nodeId: string, contact: AgentContact) => void): () => void;
  /** A lease of this core was ended at the agent by something else, such as another panel or a script. */
  onLeaseEnded(listener: (nodeId: string, leaseId: string) => void): () => void;
  /**
   * Gets an agent's token with its pairing line, or its address and code. Saves it for the nodes that have that agent,
   * else keeps it for ten minutes for a node that is added with it. Rejects with BAD_PAIRING, BAD_URL,
   * PAIRING_CLOSED, NOT_AN_AGENT, HOST_UNREACHABLE, HOST_TIMEOUT.
   */
  pair(request: PairingRequest, signal: AbortSignal): Promise<Paired>;
  /** Takes the token of an agent that was paired in the last ten minutes and belongs to no node yet. */
  takePaired(url: string): string | null;
  /** Reads that token without taking it. */
  pairedToken(url: string): string | null;
  /** The token of a node's agent was replaced. */
  tokenChanged(nodeId: string): void;
  start(): void;
  /** Suspends all contacts until `resume`, and keeps what is known. */
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
}
